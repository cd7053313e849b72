"""The publish stage: its settings, and the names an image gets. Pure.

`engine.publish_runner` pushes. A tag with ``{version}`` names one image and is not
given to another. Any other goes from image to image: ``latest`` is meant to, and a
commit that is built again, or is tagged after it was built, makes another image.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Literal

from pydantic import Field
from typing_extensions import override

from sluicegate.errors import UsageError
from sluicegate.model.image import REPOSITORY_PATTERN, TAG
from sluicegate.stages.stage import Duration, FieldSpec, Stage

PLACEHOLDERS = ("version", "commit")
"""What may stand in braces in a tag: the Git tag of the commit, and the commit."""

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class PublishStage(Stage):
    """Pushes the image that was scanned, and reads back what the registry serves."""

    kind: ClassVar[str] = "publish"
    summary: ClassVar[str] = "Push of the scanned image to its registry"

    uses: Literal["publish"]
    image: str | None = Field(
        None,
        pattern=REPOSITORY_PATTERN,
        description="Repository to push to, with its registry; default: the name that"
        " the image was built with.",
    )
    tags: tuple[str, ...] = Field(
        ("{version}", "{commit}"),
        min_length=1,
        max_length=20,
        description="Tags to give. {version} is the Git tag, {commit} the commit; a tag"
        " with {version} is left out where the commit has no Git tag.",
    )
    overwrite: bool = Field(
        default=False,
        description="Let a tag with {version} go from another image to this one.",
    )
    attempts: int = Field(
        4, ge=1, le=20, description="How often what may pass by itself is tried."
    )
    backoff: Duration = Field(
        timedelta(seconds=2),
        description="Wait before the next try; doubles each time, up to 1m.",
    )

    @override
    def fields(self) -> tuple[FieldSpec, ...]:
        return (
            FieldSpec(
                "published",
                "boolean",
                "The registry serves what was scanned, under every tag.",
            ),
            FieldSpec(
                "already_published",
                "boolean",
                "It did before: nothing had to be pushed.",
            ),
            FieldSpec("references", "text", "The names of the image in the registry."),
            FieldSpec("left_out", "text", "Tags that were asked for and not given."),
            FieldSpec("digest", "text", "Digest of the image's manifest."),
            FieldSpec("media_type", "text", "Media type of the manifest."),
            FieldSpec("image_id", "text", "The engine's ID of the image."),
            FieldSpec(
                "size_bytes",
                "integer",
                "Size of the image in the registry, compressed.",
                "bytes",
            ),
        )

    @override
    def default_gate(self, name: str) -> tuple[str, ...]:
        return (f"{name}.published == true",)

    @override
    def gate_always(self, name: str) -> tuple[str, ...]:
        return self.default_gate(name)


@dataclass(frozen=True, slots=True)
class Naming:
    """The references an image is to get, in the order of the file.

    ``fixed`` are those of them that name one image for ever. ``left_out`` are the tags,
    as written, that the commit has no Git tag for.
    """

    references: tuple[str, ...]
    fixed: frozenset[str]
    left_out: tuple[str, ...]


def placeholders(tag: str) -> tuple[str, ...]:
    """The names in braces in *tag*, as written."""
    return tuple(_PLACEHOLDER.findall(tag))


def is_tag(tag: str) -> bool:
    """Whether *tag* is one once something stands for what is in braces."""
    return TAG.fullmatch(_PLACEHOLDER.sub("x", tag)) is not None


def name_image(
    tags: Sequence[str], repository: str, *, version: str | None, commit: str
) -> Naming:
    """Fill in *tags*. *version* is the Git tag of *commit*, None where it has none.

    Raises:
        UsageError: no tag is left, or the Git tag cannot be the tag of an image.
    """
    values = {"version": version, "commit": commit}
    references: dict[str, None] = {}
    fixed: set[str] = set()
    left_out: list[str] = []
    for tag in tags:
        wanted = placeholders(tag)
        if any(values.get(name) is None for name in wanted):
            left_out.append(tag)
            continue
        filled = _PLACEHOLDER.sub(lambda found: str(values[found[1]]), tag)
        if TAG.fullmatch(filled) is None:
            raise UsageError(
                f"{filled!r} cannot be the tag of an image",
                hint="letters, digits, '.', '_' and '-', 128 at most: give the commit"
                " another Git tag, or leave {version} out of `tags:`",
            )
        reference = f"{repository}:{filled}"
        references[reference] = None
        if "version" in wanted:
            fixed.add(reference)
    if not references:
        raise UsageError(
            f"no tag to publish under: the commit has no Git tag for"
            f" {', '.join(left_out)}",
            hint="`git tag` the commit, or add '{commit}' to `tags:`",
        )
    return Naming(tuple(references), frozenset(fixed), tuple(left_out))
