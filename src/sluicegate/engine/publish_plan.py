"""What is to be published, whether it may be, and what is left to push. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sluicegate.errors import PermanentError, UsageError
from sluicegate.model.decision import Outcome
from sluicegate.model.digest import Digest
from sluicegate.model.event import StageFinished
from sluicegate.model.source import Source
from sluicegate.stages.docker_build import DockerBuildStage
from sluicegate.stages.manifest import Manifest
from sluicegate.stages.pipeline import NamedStage, Pipeline
from sluicegate.stages.publish import Naming, PublishStage, name_image
from sluicegate.stages.trivy import TrivyStage


@dataclass(frozen=True, slots=True)
class PublishPlan:
    """An image that was scanned, and the names it is to get.

    ``image`` is its ID on the engine that built it, ``config`` the digest of its
    configuration where the build says it. ``scans`` are the stages that scanned it.
    """

    repository: str
    naming: Naming
    image: Digest
    config: Digest | None
    scans: tuple[StageFinished, ...]

    def is_image(self, manifest: Manifest) -> bool:
        """Whether *manifest* is that of the image, by digests alone.

        The ID of an image is the digest of its configuration, or with containerd's
        store that of the manifest itself.
        """
        if manifest.digest == self.image:
            return True
        return manifest.config is not None and manifest.config in {
            self.image,
            self.config,
        }


def plan_publish(
    pipeline: Pipeline,
    stage: PublishStage,
    upstream: Iterable[StageFinished],
    source: Source,
) -> PublishPlan:
    """Say what *stage* is to publish, from how the stages before it ended.

    Raises:
        PermanentError: nothing before it built one image and scanned that very image.
        UsageError: as for `name_image`.
    """
    ended = list(upstream)
    builds = [
        (each, settings)
        for each in ended
        if isinstance(settings := pipeline.stage(each.stage).stage, DockerBuildStage)
    ]
    if len(builds) != 1 or len(builds[0][0].subjects) != 1:
        raise PermanentError(
            "need one built image to publish, the stages before have built"
            f" {sum(len(each.subjects) for each, _ in builds)}",
            hint="put one docker-build stage before it",
        )
    (build, settings), *_ = builds
    (_, image), *_ = build.subjects
    config = _digest_in(build.evidence.fields.get("config_digest"))
    ids = {digest for digest in (image, config) if digest is not None}
    scans = tuple(
        each
        for each in ended
        if isinstance(pipeline.stage(each.stage).stage, TrivyStage)
        and each.outcome is Outcome.OPEN
        and _digest_in(each.evidence.fields.get("image_id")) in ids
    )
    if not scans:
        raise PermanentError(
            f"no open gate before it is about a scan of {image}: only what was scanned"
            " is published",
            hint="put a trivy stage between the build and it; an old result of one is"
            " made anew with `--force`",
        )
    repository = stage.image or settings.image
    naming = name_image(
        stage.tags, repository, version=source.tag, commit=source.commit
    )
    return PublishPlan(repository, naming, image, config, scans)


def check_publishable(stages: Iterable[NamedStage], source: Source) -> None:
    """See to it, before anything runs, that what is built may be published.

    Args:
        stages: those that will run.
        source: what is checked out.

    Raises:
        UsageError: the tree is dirty, or no name is left for the image.
    """
    for named in stages:
        stage = named.stage
        if not isinstance(stage, PublishStage):
            continue
        if source.dirty:
            before = named.needs[-1] if named.needs else named.name
            raise UsageError(
                f"stage {named.name} publishes, and the work tree has changes that no"
                " commit holds",
                hint="commit or stash them; to try them out without publishing:"
                f" `sluice run --allow-dirty --until {before}`",
            )
        name_image(
            stage.tags, stage.image or "", version=source.tag, commit=source.commit
        )


def find_conflicts(
    plan: PublishPlan, served: Mapping[str, Manifest | None]
) -> dict[str, Manifest]:
    """The references that name one image for ever, and that are another's."""
    return {
        reference: manifest
        for reference, manifest in served.items()
        if manifest is not None
        and reference in plan.naming.fixed
        and not plan.is_image(manifest)
    }


def find_due(
    plan: PublishPlan, served: Mapping[str, Manifest | None]
) -> tuple[str, ...]:
    """The references under which the registry does not serve the image yet."""
    return tuple(
        reference
        for reference in plan.naming.references
        if (manifest := served[reference]) is None or not plan.is_image(manifest)
    )


def _digest_in(value: object) -> Digest | None:
    try:
        return Digest.parse(value) if isinstance(value, str) else None
    except UsageError:
        return None
