"""What the Docker CLI says of an image: its description, its layers."""

import json
import re
from collections.abc import Mapping

from pydantic import BaseModel, Field, ValidationError

from sluicegate.errors import PermanentError, UsageError
from sluicegate.model.digest import Digest

_MAX_INSTRUCTION = 200  # characters
# The values of build arguments stand before the shell that ran the instruction.
_ARGUMENTS = re.compile(r"(RUN )?\|[0-9]+ .*?(/\S+ (?:-o \S+ |-\S+ )*-c )", re.DOTALL)
_NOP = re.compile(r"/bin/sh -c #\(nop\)\s*")
_VALUES = re.compile(r"(ENV|ARG|LABEL)\b", re.IGNORECASE)


class _Layers(BaseModel):
    Layers: tuple[str, ...] = ()


class _Config(BaseModel):
    User: str | None = None
    Entrypoint: tuple[str, ...] | None = None
    Cmd: tuple[str, ...] | None = None
    WorkingDir: str | None = None
    ExposedPorts: Mapping[str, object] | None = None
    Labels: Mapping[str, str] | None = None


class _Descriptor(BaseModel):
    digest: str


class Image(BaseModel):
    """What ``docker image inspect`` says.

    Environment variables are left out: secrets do end up there, and evidence is kept
    for years.
    """

    Id: str
    Created: str | None = None
    Architecture: str
    Os: str
    Size: int = Field(ge=0, lt=2**53)
    RepoDigests: tuple[str, ...] | None = None
    RootFS: _Layers
    Config: _Config | None = None
    Descriptor: _Descriptor | None = None


class _Metadata(BaseModel):
    config: str | None = Field(None, alias="containerimage.config.digest")


class Layer(BaseModel):
    """An instruction of the image, newest first, and how much it added, in bytes."""

    size_bytes: int = Field(ge=0, lt=2**53)
    instruction: str
    created: str | None = None


class _Said(BaseModel):
    Size: str
    CreatedBy: str
    CreatedAt: str | None = None


def parse_image(document: bytes) -> Image:
    """Read the one image that ``docker image inspect`` described.

    Raises:
        PermanentError: *document* is something else.
    """
    try:
        (image,) = json.loads(document)
        return Image.model_validate(image)
    except (ValueError, TypeError, RecursionError) as error:
        raise PermanentError(f"docker image inspect said: {error}") from error


def describe_image(image: Image) -> bytes:
    """*image* as a file of evidence."""
    return image.model_dump_json(indent=1, exclude_none=True).encode()


def parse_history(lines: bytes) -> tuple[Layer, ...]:
    """Read ``docker image history --human=false --format={{json .}}``.

    Raises:
        PermanentError: *lines* are something else.
    """
    try:
        said = [_Said.model_validate_json(line) for line in lines.splitlines() if line]
        return tuple(
            Layer(
                size_bytes=int(each.Size),
                instruction=_shorten(each.CreatedBy),
                created=each.CreatedAt,
            )
            for each in said
        )
    except ValueError as error:
        raise PermanentError(f"docker image history said: {error}") from error


def _shorten(instruction: str) -> str:
    """An instruction without the values of arguments and variables.

    They are no secrets here, but those of a base image may be.
    """
    text = _NOP.sub("", instruction)
    text = _ARGUMENTS.sub(lambda found: f"RUN {found[2]}", text, count=1)
    if text.startswith(("|", "RUN |")):
        text = "RUN"  # with arguments, and by a shell that is not known
    found = _VALUES.match(text)
    if found is not None:
        names = re.findall(r"(?:^|\s)([A-Za-z_][\w.-]*)=", text[found.end() :])
        text = " ".join((found[1].upper(), *names))
    return text.removesuffix(" # buildkit")[:_MAX_INSTRUCTION]


def config_digest(image: Image, metadata: bytes | None) -> Digest | None:
    """The digest of the image's configuration, None where nobody says it.

    With the classic image store that is the image's ID. With containerd's the ID is
    the manifest's digest, and only the builder's metadata names the configuration.
    """
    if metadata is not None:
        try:
            config = _Metadata.model_validate_json(metadata).config
        except ValidationError as error:
            raise PermanentError(f"not metadata of a build: {error}") from error
        if config is not None:
            return read_digest(config)
    if image.Descriptor is not None:
        return None
    return read_digest(image.Id)


def read_digest(text: str) -> Digest:
    """Read a digest as Docker writes it.

    Raises:
        PermanentError: *text* is none.
    """
    try:
        return Digest.parse(text)
    except UsageError as error:
        raise PermanentError(f"docker names an image oddly: {error}") from error
