"""What publishing found, as a stage's report. Pure."""

from collections.abc import Collection, Mapping, Sequence

from sluicegate.engine.publish_plan import PublishPlan
from sluicegate.model.evidence import Value
from sluicegate.model.image import by_digest
from sluicegate.model.publication import PublishedImage, ServedManifest
from sluicegate.stages.manifest import Manifest, parse_manifest
from sluicegate.stages.stage import OutputFile, Report


def serving(
    plan: PublishPlan,
    published: Sequence[PublishedImage],
    manifest: ServedManifest,
    pushed: Collection[str],
) -> Report:
    """The registry serves the image under all of *published*.

    *manifest* is that of the first. The tags in *pushed* are those that had to be
    pushed; a tag that was there before may have another manifest of the same image.
    """
    first, parsed = published[0], parse_manifest(manifest)
    fields: dict[str, Value] = {
        **_fields(plan, published=True),
        "already_published": not pushed,
        "digest": str(first.digest),
        "media_type": first.media_type,
    }
    if parsed.content_bytes is not None:
        fields["size_bytes"] = parsed.content_bytes
    tags = ", ".join(each.reference.rpartition(":")[2] for each in published)
    how = f"as {tags}" if pushed else f"already published as {tags}"
    left_out = plan.naming.left_out
    if left_out:
        how += f"; without {', '.join(left_out)}, for the commit has no Git tag"
    return Report(
        f"{by_digest(plan.repository, first.digest)}, {how}",
        fields,
        files=(OutputFile("manifest.json", first.media_type, manifest.data),),
        subjects=((plan.repository, first.digest),),
    )


def conflicting(plan: PublishPlan, conflicts: Mapping[str, Manifest]) -> Report:
    """Nothing was pushed: each of *conflicts* names another image for good."""
    taken = ", ".join(
        f"{reference} ({manifest.digest})" for reference, manifest in conflicts.items()
    )
    return Report(
        f"not pushed: another image is published as {taken}; a tag with a version"
        " names one image for ever. Release under a new Git tag, remove it from"
        " the registry, or set `overwrite: true`",
        {**_fields(plan, published=False), "already_published": False},
    )


def moved(plan: PublishPlan, lost: Collection[str]) -> Report:
    """The image was pushed, and then somebody gave the tags in *lost* to another."""
    verb = "is" if len(lost) == 1 else "are"
    return Report(
        f"pushed, but {', '.join(lost)} {verb} another image now: somebody else pushed"
        " at the same time",
        {**_fields(plan, published=False), "already_published": False},
    )


def _fields(plan: PublishPlan, *, published: bool) -> dict[str, Value]:
    return {
        "published": published,
        "references": ", ".join(plan.naming.references),
        "left_out": ", ".join(plan.naming.left_out),
        "image_id": str(plan.image),
    }
