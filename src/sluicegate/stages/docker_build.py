"""Build: a container image with BuildKit, through the Docker CLI."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import ClassVar, Literal

from pydantic import BaseModel, Field, ValidationError
from typing_extensions import override

from sluicegate.errors import PermanentError, UsageError
from sluicegate.model.command import Command, CommandResult, Step, StepResult
from sluicegate.model.digest import Digest
from sluicegate.model.evidence import Value
from sluicegate.stages.output import describe_exit, failed, find_step
from sluicegate.stages.stage import (
    CommandStage,
    FieldSpec,
    OutputFile,
    Report,
    StageContext,
)

CA_SECRET = "sluicegate-ca"  # noqa: S105 - the name under which a Dockerfile mounts it

_BUILD, _INSPECT = "docker build", "docker image inspect"
_IMAGE_ID, _METADATA = "image-id.txt", "build-metadata.json"
_FIRST_WITH_METADATA = 23  # the client in which `docker build` is buildx
_PROXY = (
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
)
_NOT_IN_A_TAG = re.compile(r"[^A-Za-z0-9_.-]")
_MAX_TAG = 128
_MAX_WORDS = 300

# The builder's last words when an instruction ran and failed; they quote it.
_COMMAND_FAILED = ("executor failed running", "did not complete successfully")
# What a builder says before it says what is wrong.
_PREAMBLE = re.compile(
    r"(?:ERROR: |failed to solve(?: with frontend \S+)?: |rpc error: code = \w+ desc = "
    r"|failed to create LLB definition: )+"
)
_BASE_IMAGE = re.compile(
    r"^ > \[(?:\w+ )?internal\] load metadata for (\S+?):?$", re.MULTILINE
)
# The builder's last words when not the Dockerfile but something around it failed.
_NOT_A_JUDGEMENT = re.compile(
    r"cannot connect to the docker daemon|error during connect|permission denied while"
    r"|no space left on device|dial tcp|no such host|i/o timeout|tls handshake"
    r"|connection re(?:fused|set)|toomanyrequests|server misbehaving"
    r"|unexpected status.*5\d\d|context deadline exceeded|code = Unavailable",
    re.IGNORECASE,
)


class DockerBuildStage(CommandStage):
    """Builds an image from a Dockerfile and says which image that is."""

    kind: ClassVar[str] = "docker-build"
    summary: ClassVar[str] = "Container image with BuildKit"

    uses: Literal["docker-build"]
    image: str = Field(
        pattern=(
            r"^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?"
            r"(?:/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*$"
        ),
        description="Name of the image's repository, without tag.",
    )
    context: str = Field(".", min_length=1, description="Folder given to the build.")
    dockerfile: str | None = Field(
        None, description="The Dockerfile; default: the one in the context."
    )
    target: str | None = Field(None, description="Build stage to stop at.")
    args: Mapping[str, str] = Field(
        default_factory=dict, description="Build arguments. Never secrets."
    )
    network: Literal["default", "host", "none"] = Field(
        "default", description="Network of RUN instructions."
    )

    @override
    def fields(self) -> tuple[FieldSpec, ...]:
        return (
            FieldSpec("built", "boolean", "The image was built."),
            FieldSpec("exit_code", "integer", "How docker build ended; 0 is good."),
            FieldSpec("image", "text", "Name and tag of the image."),
            FieldSpec("image_id", "text", "The engine's ID of the image."),
            FieldSpec("config_digest", "text", "Digest of the image's configuration."),
            FieldSpec("size_bytes", "integer", "Size of the image."),
            FieldSpec("layers", "integer", "Number of its layers."),
            FieldSpec("docker_version", "text", "The version of the Docker client."),
        )

    @override
    def default_gate(self, name: str) -> tuple[str, ...]:
        return (f"{name}.built == true",)

    @override
    def gate_always(self, name: str) -> tuple[str, ...]:
        return self.default_gate(name)

    @override
    def tools(self) -> tuple[str, ...]:
        return ("docker",)

    @override
    def plan(self, context: StageContext) -> tuple[Step, ...]:
        docker = context.tools["docker"]
        env = {**self.env, "DOCKER_BUILDKIT": "1", "BUILDKIT_PROGRESS": "plain"}
        # Absolute: docker would fetch a context like github.com/... from the network.
        folder = str(PurePosixPath(context.project, self.context))
        build = (*docker.argv, "build", *self._options(context), "--", folder)
        inspect = (*docker.argv, "image", "inspect", self._reference(context))

        def command(argv: tuple[str, ...]) -> Command:
            return Command(argv, context.project, self.timeout, env)

        return (
            Step(_BUILD, command(build), outputs=(_IMAGE_ID, _METADATA)),
            Step(_INSPECT, command(inspect), optional=True, quiet=True),
        )

    def _options(self, context: StageContext) -> tuple[str, ...]:
        out = context.output
        labels = {
            "org.opencontainers.image.revision": context.commit,
            "org.opencontainers.image.version": context.release,
            "dev.sluicegate.pipeline": f"{context.pipeline}@{context.definition}",
        }
        options = [
            f"--tag={self._reference(context)}",
            f"--iidfile={out}/{_IMAGE_ID}",
            "--progress=plain",
            f"--network={self.network}",
            *(f"--label={name}={value}" for name, value in sorted(labels.items())),
            *(
                f"--build-arg={name}={value}"
                for name, value in sorted(self.args.items())
            ),
            # Without a value: taken from the environment, left out where unset.
            *(f"--build-arg={name}" for name in _PROXY if name not in self.args),
        ]
        if self.dockerfile is not None:
            path = PurePosixPath(context.project, self.dockerfile)
            options.append(f"--file={path}")
        if self.target is not None:
            options.append(f"--target={self.target}")
        if context.ca_bundle is not None:
            options.append(f"--secret=id={CA_SECRET},src={context.ca_bundle}")
        if _major(context.tools["docker"].version) >= _FIRST_WITH_METADATA:
            options.append(f"--metadata-file={out}/{_METADATA}")
        return tuple(options)

    def _reference(self, context: StageContext) -> str:
        tag = _NOT_IN_A_TAG.sub("-", context.release).lstrip(".-")[:_MAX_TAG]
        return f"{self.image}:{tag or 'release'}"

    @override
    def interpret(self, context: StageContext, results: Sequence[StepResult]) -> Report:
        build = find_step(results, _BUILD)
        log = OutputFile("build.log", "text/plain", build.result.stderr)
        fields: dict[str, Value] = {
            "built": False,
            "exit_code": build.result.exit_code,
            "image": self._reference(context),
            "docker_version": context.tools["docker"].version,
        }
        if build.result.exit_code != 0:
            return Report(_why_not_built(build.result), fields, files=(log,))
        inspect = find_step(results, _INSPECT)
        if inspect.result.exit_code != 0:
            raise failed(_INSPECT, inspect.result)
        image = parse_image(inspect.result.stdout)
        if build.files.get(_IMAGE_ID, b"").strip().decode(errors="replace") != image.Id:
            raise PermanentError(
                f"{self._reference(context)} is not the image that was just built",
                hint="another build took the tag meanwhile; run again",
            )
        image_id = _digest(image.Id)
        config = _config_digest(image, build.files.get(_METADATA))
        if config is not None:
            fields["config_digest"] = str(config)
        fields |= {
            "built": True,
            "image_id": str(image_id),
            "size_bytes": image.Size,
            "layers": len(image.RootFS.Layers),
        }
        megabytes = f"{image.Size / 1e6:.0f} MB"
        return Report(
            f"{self._reference(context)} is {image_id.short}, {megabytes}",
            fields,
            files=(log, OutputFile("image.json", "application/json", _describe(image))),
            subjects=((self.image, image_id),),
        )


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
    RootFS: _Layers
    Config: _Config | None = None
    Descriptor: _Descriptor | None = None


class _Metadata(BaseModel):
    config: str | None = Field(None, alias="containerimage.config.digest")


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


def _config_digest(image: Image, metadata: bytes | None) -> Digest | None:
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
            return _digest(config)
    if image.Descriptor is not None:
        return None
    return _digest(image.Id)


def _digest(text: str) -> Digest:
    try:
        return Digest.parse(text)
    except UsageError as error:
        raise PermanentError(f"docker names an image oddly: {error}") from error


def _describe(image: Image) -> bytes:
    return image.model_dump_json(indent=1, exclude_none=True).encode()


def _why_not_built(result: CommandResult) -> str:
    """The builder's last words.

    Raises:
        PermanentError: they say that the engine, the disk or the network failed, which
            is no judgement on what was to be built.
    """
    text = result.stderr.decode(errors="replace")
    verdict = text.rpartition("------\n")[2].strip()  # after the repeated step's output
    is_command = any(words in verdict for words in _COMMAND_FAILED)
    words = _last_line(verdict) or _last_line(text) or "it said nothing"
    if result.exit_code < 0 or (not is_command and _NOT_A_JUDGEMENT.search(verdict)):
        raise PermanentError(
            f"docker build failed ({describe_exit(result)}): {words}",
            hint=_advise(text),
        )
    return f"not built ({describe_exit(result)}): {words}"


def _last_line(text: str) -> str:
    """The last line with anything in it, without what every such line begins with."""
    lines = (line.strip() for line in reversed(text.splitlines()))
    line = next((line for line in lines if line), "")
    return _PREAMBLE.sub("", line, count=1)[:_MAX_WORDS]


def _advise(text: str) -> str:
    """What to do when it was not the Dockerfile's fault."""
    bases = _BASE_IMAGE.findall(text)
    if not bases:
        return "this is not the Dockerfile's fault; is the Docker engine well?"
    return (
        f"the registry of the base image {bases[-1]} does not answer; name an image"
        " that the engine has: with `args:`, where the Dockerfile says ARG and"
        " FROM ${...}"
    )


def _major(version: str) -> int:
    found = re.match(r"\d+", version)
    return int(found[0]) if found else 0
