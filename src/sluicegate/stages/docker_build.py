"""Build: a container image with BuildKit, through the Docker CLI."""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import PurePosixPath
from typing import ClassVar, Literal

from pydantic import Field
from typing_extensions import override

from sluicegate.errors import PermanentError
from sluicegate.model.command import Command, Step, StepResult
from sluicegate.model.digest import Digest
from sluicegate.model.tool import DOCKER_CLASSIC
from sluicegate.stages.docker_build_result import (
    BASE,
    BUILD,
    FIELDS,
    HISTORY,
    IMAGE_ID,
    INSPECT,
    METADATA,
    Built,
    report,
)
from sluicegate.stages.docker_build_secret import (
    CA_SECRET,
    SecretId,
    Source,
    check_present,
    check_steps,
    secret_option,
)
from sluicegate.stages.dockerfile import Dockerfile, parse_dockerfile
from sluicegate.stages.output import find_step, has_step
from sluicegate.stages.stage import CommandStage, FieldSpec, Report, StageContext

_FIRST_WITH_METADATA = 23  # the client in which `docker build` is buildx
_EPOCH = "SOURCE_DATE_EPOCH"
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
# What an image is that may move: the engine's, else the registry's. Where neither says,
# the answer is another each time, and so no earlier build is used again.
_WHICH_IMAGE = (
    '"$@" image inspect --format "{{.Id}}" "$0" || "$@" manifest inspect "$0"'
    " || date +%s%N"
)
_IS_IMAGE = 'id=$1; shift; test "$("$@" image inspect --format "{{.Id}}" "$0")" = "$id"'


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
    target: str | None = Field(
        None, min_length=1, description="Build stage to stop at."
    )
    args: Mapping[str, str] = Field(
        default_factory=dict,
        description="Build arguments. Never credentials: those are secrets.",
    )
    secrets: dict[SecretId, Source] = Field(
        default_factory=dict,
        description="Build secrets for RUN --mount=type=secret, by id: where each is.",
    )
    network: Literal["default", "host", "none"] = Field(
        "default", description="Network of RUN instructions."
    )
    source_date_epoch: Literal["commit", "none"] = Field(
        "commit",
        description="The build argument SOURCE_DATE_EPOCH: the commit's time, or none.",
    )

    @override
    def fields(self) -> tuple[FieldSpec, ...]:
        return FIELDS

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
    def reads(self) -> tuple[str, ...]:
        return (self.dockerfile or str(PurePosixPath(self.context, "Dockerfile")),)

    @override
    def reads_commit(self) -> bool:
        return True

    @override
    def probes(self, context: StageContext) -> tuple[Command, ...]:
        """Which images the Dockerfile starts from: a tag can move."""
        docker = context.tools["docker"].argv
        return tuple(
            self._command(context, ("sh", "-c", _WHICH_IMAGE, image, *docker))
            for image in self._dockerfile(context).images()
            if "@" not in image
        )

    @override
    def confirm(
        self, context: StageContext, subjects: tuple[tuple[str, Digest], ...]
    ) -> tuple[Command, ...]:
        """Whether the engine still has the image, under its name."""
        docker = context.tools["docker"].argv
        name = self._reference(context)
        return tuple(
            self._command(context, ("sh", "-c", _IS_IMAGE, name, str(image), *docker))
            for _, image in subjects
        )

    @override
    def plan(self, context: StageContext) -> tuple[Step, ...]:
        docker = context.tools["docker"]
        is_classic = docker.name == DOCKER_CLASSIC
        if is_classic:
            self._check_classic(context)
        # Absolute: docker would fetch a context like github.com/... from the network.
        folder = str(PurePosixPath(context.project, self.context))
        options = self._options(context, is_classic=is_classic)
        name = self._reference(context)
        command = partial(self._command, context)
        asked = ("--no-trunc", "--human=false", "--format={{json .}}")
        image = (*docker.argv, "image")
        return (
            *check_steps(self.secrets, context, command(())),
            Step(
                BUILD,
                command((*docker.argv, "build", *options, "--", folder)),
                outputs=(IMAGE_ID, METADATA),
                optional=bool(self.secrets),
            ),
            Step(
                INSPECT, command((*image, "inspect", name)), optional=True, quiet=True
            ),
            Step(
                HISTORY,
                command((*image, "history", *asked, name)),
                optional=True,
                quiet=True,
            ),
            *(
                Step(f"{BASE}{base}", command((*image, "inspect", base)), quiet=True)
                for base in self._dockerfile(context).images()
                if base
            ),
        )

    def _command(self, context: StageContext, argv: tuple[str, ...]) -> Command:
        is_classic = context.tools["docker"].name == DOCKER_CLASSIC
        builder = {
            "DOCKER_BUILDKIT": "0" if is_classic else "1",
            "BUILDKIT_PROGRESS": "plain",
        }
        return Command(argv, context.project, self.timeout, {**self.env, **builder})

    def _dockerfile(self, context: StageContext) -> Dockerfile:
        """What the Dockerfile says; nothing where there is none, as docker will say."""
        (path,) = self.reads()
        return parse_dockerfile(context.files.get(path, b""), self.args)

    def _check_classic(self, context: StageContext) -> None:
        """See to it that the classic builder builds what BuildKit would.

        Raises:
            PermanentError: it would not.
        """
        needs = [*self._dockerfile(context).buildkit]
        if self.secrets:
            needs.append("secrets:")
        if needs:
            docker = context.tools["docker"]
            raise PermanentError(
                f"this build needs BuildKit ({', '.join(needs)}), and no Docker client"
                f" has it ({docker.origin})",
                hint="install the buildx plugin of Docker: docker-buildx-plugin, on"
                " Debian and Ubuntu docker-buildx",
            )

    def _options(self, context: StageContext, *, is_classic: bool) -> tuple[str, ...]:
        out = context.output
        labels = {
            "org.opencontainers.image.revision": context.commit,
            "org.opencontainers.image.version": context.release,
            "dev.sluicegate.pipeline": context.pipeline,
        }
        options = [
            f"--tag={self._reference(context)}",
            f"--iidfile={out}/{IMAGE_ID}",
            f"--network={self.network}",
            *(f"--label={name}={value}" for name, value in sorted(labels.items())),
            *self._arguments(context, is_classic=is_classic),
        ]
        if self.dockerfile is not None:
            path = PurePosixPath(context.project, self.dockerfile)
            options.append(f"--file={path}")
        if self.target is not None:
            options.append(f"--target={self.target}")
        if is_classic:
            return (*options, "--force-rm")  # no container of a failed instruction
        options.append("--progress=plain")
        if context.ca_bundle is not None:
            options.append(secret_option(CA_SECRET, f"src={context.ca_bundle}"))
        options += [
            secret.option(name, context)
            for name, secret in sorted(self.secrets.items())
        ]
        if _major(context.tools["docker"].version) >= _FIRST_WITH_METADATA:
            options.append(f"--metadata-file={out}/{METADATA}")
        return tuple(options)

    def _arguments(self, context: StageContext, *, is_classic: bool) -> list[str]:
        args = dict(self.args)
        (path,) = self.reads()
        # The classic builder complains of an argument that no ARG names.
        is_wanted = not is_classic or _EPOCH.encode() in context.files.get(path, b"")
        if self.source_date_epoch == "commit" and context.commit_time and is_wanted:
            args.setdefault(_EPOCH, str(int(context.commit_time.timestamp())))
        return [
            *(f"--build-arg={name}={value}" for name, value in sorted(args.items())),
            # Without a value: taken from the environment, left out where unset.
            *(f"--build-arg={name}" for name in _PROXY if name not in args),
        ]

    def _reference(self, context: StageContext) -> str:
        tag = _NOT_IN_A_TAG.sub("-", context.release).lstrip(".-")[:_MAX_TAG]
        return f"{self.image}:{tag or 'release'}"

    @override
    def interpret(self, context: StageContext, results: Sequence[StepResult]) -> Report:
        check_present(self.secrets, context, results)
        dockerfile = self._dockerfile(context)
        docker = context.tools["docker"]
        return report(
            Built(
                repository=self.image,
                reference=self._reference(context),
                docker_version=docker.version,
                is_classic=docker.name == DOCKER_CLASSIC,
                base=dockerfile.base_of(self.target),
                bases={
                    base: find_step(results, f"{BASE}{base}")
                    for base in dockerfile.images()
                    if has_step(results, f"{BASE}{base}")
                },
            ),
            results,
        )


def _major(version: str) -> int:
    found = re.match(r"\d+", version)
    return int(found[0]) if found else 0
