"""What is in a folder, found and turned into a pipeline: for a run without a file."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

from sluicegate.adapters.folder import Folder
from sluicegate.config.file import PIPELINE_FILE
from sluicegate.detect.python import is_project
from sluicegate.detect.render import render
from sluicegate.detect.repository import Repository, detect
from sluicegate.detect.service import Service
from sluicegate.detect.tree import MAX_TEXT, Tree, is_aside, worth_reading
from sluicegate.errors import UsageError
from sluicegate.wiring.machine import Machine

_SHOWN = 5
_MISNAMED = re.compile(r"\.?sluice[-_]?(?:gate)?\.ya?ml", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Detected:
    """The pipeline of a folder that has no file: *text* is what `init` would write."""

    service: Service
    text: str


def detect_services(machine: Machine, folder: Path) -> Repository:
    """The services in *folder*, an absolute path.

    One of several in a repository is the same, looked at from here or from the root:
    where it is built and what it shares shows only there.

    Raises:
        UsageError: there is nothing in it.
        PermanentError: it cannot be listed.
    """
    own = _own_of_several(machine, folder)
    return Repository((own,)) if own else detect(_read_tree(machine, folder))


def _own_of_several(machine: Machine, folder: Path) -> Service | None:
    """The service in *folder* as one of several in the repository around it."""
    root = Folder(folder, machine.process).repository()
    if root is None or root == folder:
        return None
    inside = folder.relative_to(root).as_posix()
    for service in detect(_read_tree(machine, root)).services:
        if service.folder == inside:
            return replace(service, folder=".")
    return None


def detect_pipeline(machine: Machine, folder: Path) -> Detected:
    """The pipeline of what is in *folder*, an absolute path without a pipeline file.

    Raises:
        UsageError: the folder is not the place for a run, or holds several services.
        PermanentError: it cannot be listed.
    """
    _check_no_misnamed(folder)
    _check_no_file_above(folder)
    if own := _own_of_several(machine, folder):
        return Detected(own, render(own))
    tree = _read_tree(machine, folder)
    found = detect(tree)
    service = found.services[0]
    if not found.is_single:
        _check_no_files_below(tree)
        folders = [each.folder for each in found.services]
        raise UsageError(
            f"there is no {PIPELINE_FILE} in {folder}, and a run is about one service:"
            f" here {'are' if folders[1:] else 'is'} {_listed(folders)}",
            hint="`sluice init` writes a pipeline file for each; or go into one, like"
            f" `cd {folders[0]} && sluice run`",
        )
    root = Folder(folder, machine.process).repository()
    if (
        root is not None
        and root != folder
        and service.image is None
        and not is_project(tree, ".")
    ):
        raise UsageError(
            f"there is no {PIPELINE_FILE} in {folder}, which is a part of the"
            f" repository {root} and no project of its own",
            hint=f"`cd {root} && sluice run`, or `sluice init` to give this folder a"
            " pipeline of its own",
        )
    return Detected(service, render(service))


def _read_tree(machine: Machine, path: Path) -> Tree:
    folder = Folder(path, machine.process)
    sizes = folder.sizes()
    if not sizes:
        raise UsageError(
            f"there is nothing in {path} that a pipeline could be about",
            hint="go to the folder of your project; what Git ignores does not count",
        )
    return Tree(
        name=path.name,
        sizes=sizes,
        texts=folder.texts(worth_reading(sizes), MAX_TEXT),
        remote=folder.remote(),
    )


def _check_no_misnamed(folder: Path) -> None:
    """A file that is only spelt differently is meant, not what is here."""
    for name in sorted(path.name for path in folder.iterdir()):
        if _MISNAMED.fullmatch(name):
            raise UsageError(
                f"there is no {PIPELINE_FILE} in {folder}, but there is {name}",
                hint=f"rename it: `git mv {name} {PIPELINE_FILE}`; or name it:"
                f" `sluice run -f {name}`",
            )


def _check_no_file_above(folder: Path) -> None:
    """In a folder below the pipeline file, the file is meant, not what is here."""
    above = folder
    while not (above / ".git").exists() and above != above.parent:
        above = above.parent
        if (above / PIPELINE_FILE).is_file():
            way = "/".join([".."] * (len(folder.parts) - len(above.parts)))
            raise UsageError(
                f"there is no {PIPELINE_FILE} in {folder}, but there is one above it,"
                f" in {above}",
                hint=f"`sluice run -f {way}/{PIPELINE_FILE}`, or `sluice init` to give"
                " this folder a pipeline of its own",
            )


def _check_no_files_below(tree: Tree) -> None:
    """Where services below have pipeline files, one of them is meant."""
    below = [
        path
        for path in tree.files
        if path.endswith(f"/{PIPELINE_FILE}") and not is_aside(path)
    ]
    if below:
        raise UsageError(
            f"there is no {PIPELINE_FILE} in this folder, but there"
            f" {'are' if below[1:] else 'is'} {_listed(below)}",
            hint=f"name the one that is meant: `sluice run -f {below[0]}`",
        )


def _listed(names: list[str]) -> str:
    hidden = len(names) - _SHOWN
    more = f" and {hidden} more" if hidden > 0 else ""
    return ", ".join(names[:_SHOWN]) + more
