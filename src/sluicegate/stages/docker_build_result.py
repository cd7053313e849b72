"""What came out of a build: the image, its layers, the images it stands on."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter

from sluicegate.errors import PermanentError
from sluicegate.model.command import StepResult
from sluicegate.model.evidence import Value
from sluicegate.stages.docker_build_failure import why_not_built
from sluicegate.stages.docker_image import (
    Image,
    Layer,
    config_digest,
    describe_image,
    parse_history,
    parse_image,
    read_digest,
)
from sluicegate.stages.output import failed, find_step
from sluicegate.stages.stage import FieldSpec, OutputFile, Report

BUILD, INSPECT, HISTORY = "docker build", "docker image inspect", "docker image history"
BASE = "base image "
IMAGE_ID, METADATA = "image-id.txt", "build-metadata.json"

FIELDS = (
    FieldSpec("built", "boolean", "The image was built."),
    FieldSpec(
        "exit_code", "integer", "How docker build ended; 0 is good.", "exit code"
    ),
    FieldSpec("image", "text", "Name and tag of the image."),
    FieldSpec("image_id", "text", "The engine's ID of the image."),
    FieldSpec("config_digest", "text", "Digest of the image's configuration."),
    FieldSpec("size_bytes", "integer", "Size of the image.", "bytes"),
    FieldSpec("layers", "integer", "Number of its layers."),
    FieldSpec("largest_layer_bytes", "integer", "Size of its largest layer.", "bytes"),
    FieldSpec("base_image", "text", "The image it was built upon, as FROM names it."),
    FieldSpec("base_id", "text", "The engine's ID of that image, if it has it."),
    FieldSpec("base_digest", "text", "That image's digest in its registry, if known."),
    FieldSpec("builder", "text", "What built it: buildkit, or classic where none was."),
    FieldSpec("docker_version", "text", "The version of the Docker client."),
)

_RESOLVED = re.compile(
    r"^#\d+ \[[^\]\n]*\] FROM (\S+?)@(sha256:[0-9a-f]{64})(?:$|\s)", re.MULTILINE
)
_LAYERS = TypeAdapter(tuple[Layer, ...])


@dataclass(frozen=True, slots=True)
class Built:
    """What was asked for. ``bases`` holds what the engine said of each base image."""

    repository: str
    reference: str
    docker_version: str
    is_classic: bool
    base: str | None
    bases: Mapping[str, StepResult]


@dataclass(frozen=True, slots=True)
class _Base:
    """An image that was built upon; None of what nobody said."""

    reference: str
    image_id: str | None
    digest: str | None


def report(built: Built, results: Sequence[StepResult]) -> Report:
    """Read what the steps of a build have said.

    Raises:
        PermanentError: the engine failed, or says nothing of sense.
    """
    build = find_step(results, BUILD)
    said = build.result.stdout + build.result.stderr
    log = OutputFile("build.log", "text/plain", said)
    bases = _read_bases(built, said.decode(errors="replace"))
    fields: dict[str, Value] = {
        "built": False,
        "exit_code": build.result.exit_code,
        "image": built.reference,
        "docker_version": built.docker_version,
        "builder": "classic" if built.is_classic else "buildkit",
        **_base_fields(built.base, bases),
    }
    if build.result.exit_code != 0:
        return Report(why_not_built(build.result), fields, files=(log,))
    image = _image(built, build, results)
    history = find_step(results, HISTORY)
    if history.result.exit_code != 0:
        raise failed(HISTORY, history.result)
    layers = parse_history(history.result.stdout)
    image_id = read_digest(image.Id)
    config = config_digest(image, build.files.get(METADATA))
    if config is not None:
        fields["config_digest"] = str(config)
    fields |= {
        "built": True,
        "image_id": str(image_id),
        "size_bytes": image.Size,
        "layers": len(image.RootFS.Layers),
        "largest_layer_bytes": max((each.size_bytes for each in layers), default=0),
    }
    summary = f"{built.reference} is {image_id.short}, {image.Size / 1e6:.0f} MB"
    if built.is_classic:
        summary += ", by the classic builder: no Docker client has BuildKit"
    return Report(
        summary,
        fields,
        files=(
            log,
            OutputFile("image.json", "application/json", describe_image(image)),
            OutputFile("layers.json", "application/json", _describe_layers(layers)),
            OutputFile("bases.json", "application/json", _describe_bases(bases)),
        ),
        subjects=((built.repository, image_id),),
    )


def _image(built: Built, build: StepResult, results: Sequence[StepResult]) -> Image:
    """The image, if it is the one that was just built."""
    inspect = find_step(results, INSPECT)
    if inspect.result.exit_code != 0:
        raise failed(INSPECT, inspect.result)
    image = parse_image(inspect.result.stdout)
    if build.files.get(IMAGE_ID, b"").strip().decode(errors="replace") != image.Id:
        raise PermanentError(
            f"{built.reference} is not the image that was just built",
            hint="another build took the tag meanwhile; run again",
        )
    return image


def _read_bases(built: Built, said: str) -> tuple[_Base, ...]:
    """What each base image was, by the builder's word and the engine's.

    BuildKit keeps what it pulls to itself: then only its own words tell the digest.
    """
    resolved = {whole_name(name): digest for name, digest in _RESOLVED.findall(said)}
    found = []
    for reference, step in built.bases.items():
        digest = reference.partition("@")[2] or resolved.get(whole_name(reference))
        image_id = None
        if step.result.exit_code == 0:
            image = parse_image(step.result.stdout)
            image_id = str(read_digest(image.Id))
            if digest is None and image.RepoDigests:
                digest = image.RepoDigests[0].partition("@")[2]
        found.append(_Base(reference, image_id, digest))
    return tuple(found)


def whole_name(reference: str) -> str:
    """*reference* with the registry and the tag that Docker takes by default."""
    name, at, digest = reference.partition("@")
    host, slash, _ = name.partition("/")
    if not slash:
        name = f"docker.io/library/{name}"
    elif not ("." in host or ":" in host or host == "localhost"):
        name = f"docker.io/{name}"
    if not at and ":" not in name.rpartition("/")[2]:
        name += ":latest"
    return f"{name}{at}{digest}"


def _base_fields(name: str | None, bases: tuple[_Base, ...]) -> dict[str, Value]:
    if not name:
        return {}
    fields: dict[str, Value] = {"base_image": name}
    for base in bases:
        if base.reference == name:
            if base.image_id is not None:
                fields["base_id"] = base.image_id
            if base.digest is not None:
                fields["base_digest"] = base.digest
    return fields


def _describe_layers(layers: tuple[Layer, ...]) -> bytes:
    """The layers that add anything, the largest first."""
    largest = sorted(layers, key=lambda each: -each.size_bytes)
    return _LAYERS.dump_json(
        tuple(each for each in largest if each.size_bytes), indent=1, exclude_none=True
    )


def _describe_bases(bases: tuple[_Base, ...]) -> bytes:
    described = [
        {"reference": each.reference, "id": each.image_id, "digest": each.digest}
        for each in bases
    ]
    return json.dumps(described, indent=1).encode()
