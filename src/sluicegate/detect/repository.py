"""Which services a folder holds, and what they share. Pure."""

from collections import Counter
from dataclasses import dataclass
from pathlib import PurePosixPath

from sluicegate.detect.naming import slug
from sluicegate.detect.python import is_project
from sluicegate.detect.service import Service, read_service
from sluicegate.detect.tree import PYTHON, Tree, is_aside, is_dockerfile, is_under


@dataclass(frozen=True, slots=True)
class Repository:
    """The services of a folder, in the order of their paths; never none.

    ``shared`` are folders with code that belong to none of several services, ``parts``
    projects inside a single one that could have a pipeline of their own.
    """

    services: tuple[Service, ...]
    shared: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()

    @property
    def is_single(self) -> bool:
        """Whether the folder itself is the service."""
        return [service.folder for service in self.services] == ["."]


def detect(tree: Tree) -> Repository:
    """Find the services in *tree*."""
    dockerfiles = [
        path
        for path in tree.files
        if is_dockerfile(PurePosixPath(path).name) and not is_aside(path)
    ]
    projects = _projects(tree)
    folders = _service_folders(tree, projects, dockerfiles)
    if folders == ["."]:
        return Repository(
            services=(read_service(tree, ".", _by_likelihood(dockerfiles, ".")),),
            parts=tuple(folder for folder in projects if folder != "."),
        )
    names = _names(folders)
    shared = _shared(tree, folders)
    return Repository(
        services=tuple(
            read_service(
                tree,
                folder,
                _by_likelihood(
                    [path for path in dockerfiles if is_under(path, folder)], folder
                ),
                names[folder],
                shared,
            )
            for folder in folders
        ),
        shared=shared,
    )


def _service_folders(
    tree: Tree, projects: list[str], dockerfiles: list[str]
) -> list[str]:
    """Where the services are: the folder itself, or several below it.

    A Dockerfile in the folder itself makes it the service. Folders below it are, if
    they build images of their own code; libraries beside them are not. Where nothing
    builds an image, every project below is one, unless the folder itself is a project.
    """
    places = {str(PurePosixPath(path).parent) for path in dockerfiles}
    below = sorted(
        folder
        for folder in places - {"."}
        if _holds_code(tree, folder) or folder in projects
    )
    below = _outermost(below)
    if "." in places:
        return ["."]
    if len(below) > 1 or (below and not is_project(tree, ".")):
        return below
    if is_project(tree, ".") or below:
        return ["."]
    return _outermost([each for each in projects if each != "."]) or ["."]


def _projects(tree: Tree) -> list[str]:
    folders = {
        str(PurePosixPath(path).parent) for path in tree.files if not is_aside(path)
    }
    return sorted(folder for folder in folders if is_project(tree, folder))


def _holds_code(tree: Tree, folder: str) -> bool:
    return any(PurePosixPath(path).suffix in PYTHON for path in tree.under(folder))


def _outermost(folders: list[str]) -> list[str]:
    return [
        folder
        for folder in folders
        if not any(other != folder and is_under(folder, other) for other in folders)
    ]


def _by_likelihood(dockerfiles: list[str], folder: str) -> list[str]:
    """The Dockerfile that is meant, first: the nearest, plainly named."""

    def rank(path: str) -> tuple[int, bool, bool, str]:
        name = PurePosixPath(path).name.lower()
        depth = len(PurePosixPath(path).parts) - len(PurePosixPath(folder).parts)
        return depth, name != "dockerfile", "dev" in name or "test" in name, path

    return sorted(dockerfiles, key=rank)


def _names(folders: list[str]) -> dict[str, str]:
    """Name each service after its folder, or its path where others have the same."""
    last = {folder: slug(PurePosixPath(folder).name) for folder in folders}
    tally = Counter(last.values())
    return {
        folder: name if name and tally[name] == 1 else slug(folder)
        for folder, name in last.items()
    }


def _shared(tree: Tree, folders: list[str]) -> tuple[str, ...]:
    """Folders with code beside the services, the shortest paths that say which."""
    found = set()
    for path in tree.files:
        if PurePosixPath(path).suffix not in PYTHON or is_aside(path):
            continue
        if any(is_under(path, folder) for folder in folders):
            continue
        parts = PurePosixPath(path).parts[:-1]
        for length in range(1, len(parts) + 1):
            place = "/".join(parts[:length])
            if not any(is_under(folder, place) for folder in folders):
                found.add(place)
                break
    return tuple(sorted(found))
