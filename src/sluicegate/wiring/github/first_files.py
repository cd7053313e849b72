"""The workflows of a repository, out of its pipeline files: planned, and written.

Nothing that is there is ever overwritten: whoever changed a workflow meant it.
"""

import enum
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import sluicegate
from sluicegate.adapters.folder import Folder, write_whole
from sluicegate.adapters.git_protected import GitProtectedBranch
from sluicegate.config.file import PIPELINE_FILE, ReadPipeline, read_pipeline
from sluicegate.detect.github.files import GithubFile, Mode, Plan, build_github_files
from sluicegate.detect.github.setup import (
    Setup,
    check_safe,
    default_ref,
    read_setup,
)
from sluicegate.detect.naming import slug
from sluicegate.detect.render import render
from sluicegate.detect.tree import is_aside
from sluicegate.errors import PermanentError, UsageError
from sluicegate.model.policy import ACCOUNT
from sluicegate.wiring.detection import detect_services
from sluicegate.wiring.github.pin import find_commit
from sluicegate.wiring.initial import FirstFile, write_file
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.templates import templates

_REMOTE = re.compile(
    r"(?:https://|ssh://git@|git@)[\w.-]+[:/]([\w.-]+/[\w.-]+?)(?:\.git)?/?"
)


@enum.unique
class Standing(enum.Enum):
    """What is at a file's place."""

    NEW = "new"
    SAME = "same"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Beginning:
    """What is to be written, and for what.

    Attributes:
        root: the repository's folder.
        repository: ``owner/name`` on the code host, None where no remote says so.
        plan: for whom.
        pipelines: pipeline files that are not there yet.
        files: workflows and what belongs to them.
    """

    root: Path
    repository: str | None
    plan: Plan
    pipelines: Sequence[FirstFile]
    files: Sequence[GithubFile]

    def standing(self, file: GithubFile) -> Standing:
        """What is at the place of *file*.

        Raises:
            PermanentError: it cannot be read.
        """
        path = self.root / file.path
        try:
            present = path.read_bytes()
        except FileNotFoundError:
            return Standing.DIFFERENT if path.is_symlink() else Standing.NEW
        except OSError as error:
            raise PermanentError(f"cannot read {path}: {error.strerror}") from error
        same = present == file.text.encode()
        return Standing.SAME if same else Standing.DIFFERENT

    def write(self) -> None:
        """Write what is new.

        Raises:
            PermanentError: something cannot be written.
        """
        for pipeline in self.pipelines:
            write_file(pipeline)
        for file in self.files:
            if self.standing(file) is Standing.NEW:
                path = self.root / file.path
                try:
                    path.parent.mkdir(parents=True, exist_ok=True)
                except OSError as error:
                    raise PermanentError(
                        f"cannot make {path.parent}: {error.strerror}"
                    ) from error
                write_whole(path, file.text.encode())


def plan_beginning(machine: Machine, folder: Path, mode: Mode) -> Beginning:
    """What the repository around *folder*, an absolute path, gets.

    Raises:
        UsageError: it is no repository, a pipeline file is wrong, or *mode* does not
            fit what is there.
        PermanentError: something cannot be read.
    """
    place = Folder(folder, machine.process)
    root = place.repository()
    if root is None:
        raise UsageError(
            f"{folder} is in no Git repository, and workflows belong to one",
            hint="`git init` begins one",
        )
    root, folder = root.resolve(), folder.resolve()
    inside = PurePosixPath(folder.relative_to(root).as_posix())
    present = [inside / each for each in _pipeline_files(place)]
    detected = () if present else tuple(_detect(machine, folder, inside, mode))
    # One step finds one service by itself.
    pipelines = () if mode is Mode.STEP and len(detected) == 1 else detected
    texts = {path: (root / path).read_bytes() for path in present}
    texts |= {inside / each.service.folder / PIPELINE_FILE: each.text.encode()
              for each in detected}  # fmt: skip
    read = {path: read_pipeline(data, str(path)) for path, data in texts.items()}
    _check_mode(mode, list(read))
    setups = tuple(_setups(read))
    if mode is not Mode.STEP:
        _check_secrets(setups)
    branch = _branch(machine, root)
    check_safe(branch, "the name of the protected branch")
    plan = Plan(
        mode=mode,
        setups=setups,
        has_files=bool(present or pipelines),
        branch=branch,
        commit=find_commit(),
        version=sluicegate.__version__,
        owners=tuple(_owners(list(read.values()))),
    )
    found = _REMOTE.fullmatch(place.remote().strip())
    return Beginning(
        root=root,
        repository=found[1] if found else None,
        plan=plan,
        pipelines=pipelines,
        files=build_github_files(plan, _read_templates()),
    )


def _pipeline_files(folder: Folder) -> list[str]:
    """The pipeline file of the folder itself, else those below it."""
    found = [
        path
        for path in folder.sizes()
        if PurePosixPath(path).name == PIPELINE_FILE and not is_aside(path)
    ]
    return [PIPELINE_FILE] if PIPELINE_FILE in found else sorted(found)


def _detect(
    machine: Machine, folder: Path, inside: PurePosixPath, mode: Mode
) -> Iterator[FirstFile]:
    """Pipeline files for what is there, with a log that outlives a runner."""
    services = detect_services(machine, folder).services
    names = _names([inside / each.folder / PIPELINE_FILE for each in services])
    for service, name in zip(services, names.values(), strict=True):
        text = render(service)
        if mode is not Mode.STEP or name:
            text += (
                "\n# The log is a branch of this repository: a runner's folder goes"
                "\n# away with it.\n"
                f'audit: {{store: "git:{default_ref(name)}"}}\n'
            )
        yield FirstFile(service, folder / service.folder / PIPELINE_FILE, text, None)


def _check_mode(mode: Mode, paths: Sequence[PurePosixPath]) -> None:
    if mode is Mode.FULL and len(paths) > 1:
        raise UsageError(
            f"there are {len(paths)} pipelines here: {', '.join(map(str, paths))}",
            hint="`sluice init --github=monorepo`; or name the folder of one of them",
        )
    if mode is Mode.MONOREPO and len(paths) == 1:
        raise UsageError(
            f"there is one pipeline here, {paths[0]}",
            hint="`sluice init --github=full`",
        )


def _check_secrets(setups: Sequence[Setup]) -> None:
    """See to it that only rollouts get secrets.

    Raises:
        UsageError: another stage does, whose job has neither a secret nor an identity.
    """
    for setup in setups:
        others = set(setup.needs.stages) - set(setup.rollout_needs.stages)
        names = [name for name in setup.needs.stages if name in others]
        if names:
            raise UsageError(
                f"{setup.config}: {', '.join(names)} get secrets, and these workflows"
                " run the code of stages in jobs that have none and may not log in to"
                " anybody",
                hint="use the one-step workflow, `sluice init --github`; its job for"
                " pull requests gets no secret either",
            )


def _setups(read: Mapping[PurePosixPath, ReadPipeline]) -> Iterator[Setup]:
    names = _names(list(read))
    for path, each in read.items():
        yield read_setup(each.pipeline, str(path), names[path])


def _names(paths: Sequence[PurePosixPath]) -> dict[PurePosixPath, str]:
    """What the services with pipeline files at *paths* are called; "" the only one."""
    if len(paths) == 1:
        return {paths[0]: ""}
    last = {path: slug(path.parent.name) for path in paths}
    known = list(last.values())
    return {
        path: name if name and known.count(name) == 1 else slug(str(path.parent))
        for path, name in last.items()
    }


def _owners(pipelines: Sequence[ReadPipeline]) -> Iterator[str]:
    """The accounts of the people whom the pipeline files name."""
    known = (
        identity.removeprefix(ACCOUNT)
        for each in pipelines
        for identities in each.document.people.values()
        for identity in identities
        if identity.startswith(ACCOUNT)
    )
    yield from sorted({f"@{login}" for login in known})


def _branch(machine: Machine, root: Path) -> str:
    try:
        ref = GitProtectedBranch(str(root), machine.process).tip().branch
    except UsageError:  # no commit yet
        return "main"
    return ref.removeprefix("refs/heads/").removeprefix("refs/remotes/origin/")


def _read_templates() -> dict[str, str]:
    folder = templates() / "github"
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
