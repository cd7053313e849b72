"""What the workflows of a repository must know of each pipeline. Pure.

Stages are told apart by what runs in them: somebody's code, the scanner, or nothing but
what Sluicegate does itself.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from sluicegate.detect.github.secret_needs import NO_SECRETS, SecretNeeds, secret_needs
from sluicegate.errors import UsageError
from sluicegate.model.address import Address
from sluicegate.stages.docker_target import DockerTarget
from sluicegate.stages.environment import TargetKind
from sluicegate.stages.pipeline import NamedStage, Pipeline
from sluicegate.stages.stage import CommandStage

DEFAULT_REF = "refs/heads/sluicegate-audit"
"""Where a log in a Git branch is unless somebody says otherwise."""


def default_ref(service: str) -> str:
    """Where the log of *service* is, which is "" if it is the only one."""
    return f"{DEFAULT_REF}-{service}" if service else DEFAULT_REF


_RECORDER = frozenset({"publish", "canary"})
_SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]*")


@dataclass(frozen=True, slots=True)
class Destination:
    """An environment, and from where it is rolled out.

    Attributes:
        name: what it is called.
        is_here: whether whoever runs a rollout there serves it.
        in_cluster: whether it is in a cluster of Kubernetes.
        context: where a kubeconfig has that cluster; None if it is the runner's own.
    """

    name: str
    is_here: bool
    in_cluster: bool = False
    context: str | None = None

    @property
    def is_reached(self) -> bool:
        """Whether a job has to log in to its cluster first."""
        return self.in_cluster and self.context is not None


@dataclass(frozen=True, slots=True)
class Setup:
    """A pipeline, and where its stages run.

    Attributes:
        service: tells it from others of the repository; "" if it is the only one.
        config: its file, from the repository's root.
        test: the stages that run code of the repository before there is an image.
        build: those that make the image, and those that run code with it.
        scan: the scanner's.
        image: the repository that it is published to, with its registry.
        destinations: its environments, in the order of the file.
        log: the ref that holds its log, None if it is not in this repository.
        keeps_log: whether the log outlives a runner.
        paths: globs of what belongs to it, for a repository with several.
        needs: what its stages need to get their secrets.
        rollout_needs: the same of those that roll out.
        without_secrets: the stages that get none and come after none that does.
    """

    service: str
    config: str
    test: tuple[str, ...]
    build: tuple[str, ...]
    scan: tuple[str, ...]
    image: str | None
    destinations: tuple[Destination, ...]
    log: str | None
    keeps_log: bool
    paths: tuple[str, ...] = ()
    needs: SecretNeeds = NO_SECRETS
    rollout_needs: SecretNeeds = NO_SECRETS
    without_secrets: tuple[str, ...] = ()

    @property
    def registry(self) -> str:
        """The host of the registry; "" without a published image."""
        return (self.image or "").partition("/")[0]

    @property
    def secret(self) -> str:
        """The name of the secret with the log's key."""
        word = re.sub(r"[^A-Z0-9]", "_", self.service.upper())
        return f"SLUICE_LOG_KEY_{word}" if word else "SLUICE_LOG_KEY"

    @property
    def key_environment(self) -> str:
        """The environment on GitHub that holds that secret."""
        return f"sluicegate-{self.service}" if self.service else "sluicegate"


def read_setup(pipeline: Pipeline, config: str, service: str = "") -> Setup:
    """What the workflows must know of *pipeline*.

    Args:
        pipeline: what the file says.
        config: its path from the repository's root.
        service: its name among several, "" if it is the only one.

    Raises:
        UsageError: a stage runs code of the repository after the image was scanned,
            where no job without secrets is left; or a path cannot stand in a workflow.
    """
    check_safe(config, "the path of the pipeline file")
    test, build, scan = _split(pipeline.stages, config)
    store = Address.parse(pipeline.audit.store)
    rollouts = {each.name for each in pipeline.stages if each.stage.kind == "canary"}
    return Setup(
        service=service,
        config=config,
        test=test,
        build=build,
        scan=scan,
        image=_published(pipeline.stages),
        destinations=tuple(
            _destination(name, each.target)
            for name, each in pipeline.environments.items()
        ),
        log=_log_ref(store) if store.scheme == "git" else None,
        keeps_log=store.scheme != "dir",
        paths=tuple(_globs(config, pipeline.paths)) if service else (),
        needs=secret_needs(pipeline.secrets),
        rollout_needs=secret_needs(pipeline.secrets, rollouts),
        without_secrets=_without_secrets(pipeline),
    )


def _without_secrets(pipeline: Pipeline) -> tuple[str, ...]:
    """The stages that a job can run which gets no secret, and releases nothing."""
    left = set(secret_needs(pipeline.secrets).stages)
    for stage in pipeline.stages:  # each comes after all it needs
        if stage.stage.kind in _RECORDER or left.intersection(stage.needs):
            left.add(stage.name)
    return tuple(each.name for each in pipeline.stages if each.name not in left)


def _destination(name: str, target: TargetKind) -> Destination:
    if isinstance(target, DockerTarget):
        return Destination(name, target.is_here)
    return Destination(
        name, is_here=False, in_cluster=True, context=target.cluster.context
    )


def check_safe(text: str, what: str) -> None:
    """See to it that *text* means in a workflow what it says.

    Raises:
        UsageError: it holds what YAML, a glob or an expression would read otherwise.
    """
    if not _SAFE.fullmatch(text):
        raise UsageError(
            f"{what}, {text!r}, cannot stand in a workflow as it is",
            hint="letters, digits and `_ . / -` can",
        )


def _split(
    stages: Sequence[NamedStage], config: str
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """The names of the stages of the three jobs that hand over."""
    kinds = {stage.name: stage.stage.kind for stage in stages}
    above: dict[str, frozenset[str]] = {}
    for stage in stages:  # each comes after all it needs
        needed = frozenset(stage.needs).union(*(above[each] for each in stage.needs))
        above[stage.name] = needed
    beside = _beside_build(stages, above)
    found: dict[str, list[str]] = {"test": [], "build": [], "scan": []}
    for stage in stages:
        needed = above[stage.name]
        before = {kinds[each] for each in needed}
        if stage.stage.kind in _RECORDER:
            continue
        if stage.stage.kind == "trivy":
            found["scan"].append(stage.name)
        elif before & _RECORDER or ("docker-build" in before and "trivy" in before):
            raise UsageError(
                f"{config}: the stage {stage.name} runs code of the repository after"
                " the scan, and there only jobs with secrets are left",
                hint=f"put it above the scan, or give it `needs:` without one; or use"
                f" the one-step workflow, `sluice init --github` ({stage.name} then"
                " runs beside the key of the log)",
            )
        elif (
            stage.stage.kind == "docker-build"
            or "docker-build" in before
            or beside & {stage.name, *needed}
        ):
            found["build"].append(stage.name)
        else:
            found["test"].append(stage.name)
    return tuple(found["test"]), tuple(found["build"]), tuple(found["scan"])


def _beside_build(
    stages: Sequence[NamedStage], above: Mapping[str, frozenset[str]]
) -> frozenset[str]:
    """The stages that train what an image is built of, and what writes their data.

    Their files are in the work tree of the job that runs them, and of no other.
    """
    images = [above[each.name] for each in stages if each.stage.kind == "docker-build"]
    trained = {
        each.name
        for each in stages
        if each.stage.kind == "train" and any(each.name in image for image in images)
    }
    writes = {
        each.name
        for each in stages
        if isinstance(each.stage, CommandStage)
        and (each.stage.outputs or each.stage.may_leave_files())
        and any(each.name in above[name] for name in trained)
    }
    return frozenset(trained | writes)


def _published(stages: Iterable[NamedStage]) -> str | None:
    from sluicegate.stages.docker_build import DockerBuildStage  # noqa: PLC0415
    from sluicegate.stages.publish import PublishStage  # noqa: PLC0415 - not for --help

    built = None
    for stage in stages:
        if isinstance(stage.stage, DockerBuildStage):
            built = stage.stage.image
        if isinstance(stage.stage, PublishStage):
            return stage.stage.image or built
    return None


def _log_ref(store: Address) -> str | None:
    """The ref on the repository itself; None on another one."""
    remote, _, ref = store.place.rpartition("#")
    if not remote and store.place.startswith("refs/"):
        ref = store.place
    elif "#" not in store.place:
        remote, ref = store.place, ""
    return (ref or DEFAULT_REF) if remote in {"", "origin"} else None


def _globs(config: str, paths: Iterable[str]) -> Iterable[str]:
    """What of the repository touches the service, as GitHub's filters write it."""
    folder = PurePosixPath(config).parent
    yield f"{folder}/**" if str(folder) != "." else "**"
    for path in paths:
        parts: list[str] = list(folder.parts)
        for part in PurePosixPath(path).parts:
            if part == "..":
                del parts[-1:]
            else:
                parts.append(part)
        whole = "/".join(parts)
        check_safe(whole.replace("*", "_"), "a path of `paths:`")
        yield whole if "*" in whole else f"{whole}/**"
        if "*" not in whole:
            yield whole
