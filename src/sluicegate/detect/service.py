"""What one service is made of: its Python, its image, its port, its models. Pure."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from sluicegate.detect.dockerfile import read_dockerfile
from sluicegate.detect.learned import Learned, read_learned
from sluicegate.detect.model_paths import Reading, plan_reading
from sluicegate.detect.naming import image_name, pipeline_project
from sluicegate.detect.python import Python, read_python
from sluicegate.detect.tree import Tree, is_aside, is_model, is_under

_ROUTE = re.compile(
    r"[\"'](/(?:[\w-]+/){0,3}(?:healthz|health|readyz|ready|livez|liveness|readiness|ping)/?)[\"']",
    re.ASCII,
)
_PREFERRED = ("healthz", "health", "readyz", "ready", "readiness", "livez", "liveness")
_PATTERN = re.compile(r"[*?\[\\]")  # in `paths:` it would be no name
_POINTER = "version https://git-lfs.github.com/spec/v1"


@dataclass(frozen=True, slots=True)
class Image:
    """How the image is built. Paths are relative to the service's folder.

    ``reason`` says why the context is what it is, if it is not the folder itself.
    ``others`` are Dockerfiles that were not chosen.
    """

    name: str
    dockerfile: str
    context: str = "."
    reason: str = ""
    port: int | None = None
    port_reason: str = ""
    health: str | None = None
    health_reason: str = ""
    others: tuple[str, ...] = ()

    @property
    def has_registry(self) -> bool:
        """Whether the name begins with a registry's, so that it can be pushed."""
        return "." in self.name.partition("/")[0] and "/" in self.name


@dataclass(frozen=True, slots=True)
class Model:
    """A file with a trained model. ``size`` is in bytes, None if it was not fetched."""

    path: str
    size: int | None

    @property
    def runs_code(self) -> bool:
        """Whether reading it may run what its author put there: it is a pickle."""
        return PurePosixPath(self.path).suffix.lower() in {
            *(".pkl", ".pickle", ".joblib", ".dill", ".pt", ".pth", ".ckpt")
        }


@dataclass(frozen=True, slots=True)
class Service:
    """One service. ``folder`` is relative to the tree, "." for the tree itself.

    ``paths`` are folders with code beside it, relative to its own: it may use them.
    ``reading`` says how its models' files could be scanned, None if there are none, or
    if it cannot be written down.
    """

    folder: str
    project: str
    python: Python | None
    image: Image | None
    models: tuple[Model, ...] = ()
    paths: tuple[str, ...] = ()
    learned: Learned = field(default_factory=Learned)
    reading: Reading | None = None

    @property
    def name(self) -> str:
        """The name of its pipeline."""
        purpose = "release" if self.image else "check"
        return f"{self.project}_{purpose}_v1.0"


def read_service(
    tree: Tree,
    folder: str,
    dockerfiles: Iterable[str],
    name: str = "",
    shared: Iterable[str] = (),
) -> Service:
    """What is in *folder*, with its *dockerfiles*, the likeliest first.

    Args:
        tree: the folder that was looked at.
        folder: where the service is.
        dockerfiles: the paths of its Dockerfiles below the tree.
        name: what it is called; "" if it is all the tree holds.
        shared: folders with code that belong to no service.
    """
    models = _models(tree, folder)
    return Service(
        folder=folder,
        project=pipeline_project(tree, folder, name),
        python=read_python(tree, folder),
        image=_image(tree, folder, tuple(dockerfiles), name),
        models=models,
        paths=tuple(
            _relative(each, folder) for each in shared if not _PATTERN.search(each)
        ),
        learned=read_learned(tree, folder),
        reading=plan_reading(
            [model.path for model in models],
            [_relative(path, folder) for path in tree.under(folder)],
        )
        if models
        else None,
    )


def _image(
    tree: Tree, folder: str, dockerfiles: tuple[str, ...], name: str
) -> Image | None:
    if not dockerfiles:
        return None
    path, *others = dockerfiles
    said = read_dockerfile(tree.text(path))
    context, reason = _context(tree, folder, path, said.copied)
    health, why = said.health, "from HEALTHCHECK in the Dockerfile"
    if health is None:
        health, why = _health(tree, folder)
    return Image(
        name=image_name(tree, folder, name),
        dockerfile=_relative(path, folder),
        context=context,
        reason=reason,
        port=said.port,
        port_reason=said.port_reason,
        health=health,
        health_reason=why,
        others=tuple(_relative(other, folder) for other in others),
    )


def _context(
    tree: Tree, folder: str, dockerfile: str, copied: tuple[str, ...]
) -> tuple[str, str]:
    """The folder that the Dockerfile's COPY lines are meant for.

    The one in which most of what they copy exists; the service's own where it is even.
    """
    beside = str(PurePosixPath(dockerfile).parent)
    wanted = [path for path in copied if path and path != "."]

    def found(place: str) -> int:
        return sum(_exists(tree, place, path) for path in wanted)

    best = folder
    for place in (beside, "."):
        if found(place) > found(best):
            best = place
    if best == folder:
        return ".", ""
    return (
        _relative(best, folder),
        f"{dockerfile} copies what lies in {'the root' if best == '.' else best}",
    )


def _exists(tree: Tree, place: str, path: str) -> bool:
    full = path if place == "." else f"{place}/{path}"
    if any(sign in full for sign in "*?["):
        return any(PurePosixPath(file).match(full) for file in tree.files)
    return any(is_under(file, full) for file in tree.files)


def _health(tree: Tree, folder: str) -> tuple[str | None, str]:
    """The route that answers for the service's health; a guess from its source."""
    places: dict[str, str] = {}
    for path in tree.under(folder):
        if path.endswith(".py") and not is_aside(path):
            for route in _ROUTE.findall(tree.text(path)):
                places.setdefault(route, path)
    if not places:
        return None, ""

    def rank(route: str) -> tuple[int, int, str]:
        last = route.strip("/").rpartition("/")[2]
        order = _PREFERRED.index(last) if last in _PREFERRED else len(_PREFERRED)
        return order, len(route), route

    route = min(places, key=rank)
    return route, f"a guess: {places[route]} names it"


def _models(tree: Tree, folder: str) -> tuple[Model, ...]:
    return tuple(
        Model(
            _relative(path, folder),
            None if tree.text(path).startswith(_POINTER) else tree.sizes[path],
        )
        for path in tree.under(folder)
        if is_model(path) and not is_aside(path)
    )


def _relative(path: str, folder: str) -> str:
    """*path* as it is called from *folder*; both are below the tree."""
    here, there = PurePosixPath(folder).parts, PurePosixPath(path).parts
    shared = 0
    while shared < min(len(here), len(there)) and here[shared] == there[shared]:
        shared += 1
    return str(PurePosixPath(*[".."] * (len(here) - shared), *there[shared:]))


def count_kinds(models: Iterable[Model]) -> str:
    """Models by the ends of their names, for people: "2 .pkl, 1 .onnx"."""
    tally = Counter(PurePosixPath(model.path).suffix.lower() for model in models)
    return ", ".join(f"{number} {end}" for end, number in sorted(tally.items()))
