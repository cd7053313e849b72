"""What there is of a model besides its files: predictions, a card, programs. Pure."""

import csv
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from sluicegate.detect.tree import Tree, is_aside, is_golden, is_predictions

_CHAMPION = re.compile(r"(?i)champion|baseline")
_CARD = re.compile(r"(?i)model[-_ ]?card\.(?:md|markdown)")
_ROUTE = re.compile(
    r"[\"'](/(?:[\w-]+/){0,3}(?:predict|predictions|classify|score|infer|invocations))[\"']",
    re.ASCII,
)
_EVALUATION = re.compile(r"(?:evaluate|evaluation|eval)(?:_model)?\.py")
_TRAINING = re.compile(r"train(?:ing)?(?:_model)?\.py")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,40}")
_MOST_PATHS = 8


@dataclass(frozen=True, slots=True)
class Predictions:
    """A file with one example a row.

    ``columns`` holds the first row by column, ``rows`` how many there are; both are
    empty where the file was not read, or cannot be.
    """

    path: str
    columns: Mapping[str, object]
    rows: int = 0

    @property
    def has_labels(self) -> bool:
        """Whether each row seems to tell a label and the right one, not a measure."""
        return all(
            isinstance(self.columns.get(name), str | int)
            for name in ("id", "y", "yhat")
        )


@dataclass(frozen=True, slots=True)
class Learned:
    """Paths are relative to the service's folder, None where there is no such file.

    Attributes:
        candidate: predictions of the model that is there.
        champion: predictions of the model to beat.
        card: the model card.
        golden: requests with the answers that are right.
        inexact: paths to numbers with a fraction in the first of those answers.
        route: where a service seems to answer such requests.
        evaluation: a program that seems to judge the model.
        training: a program that seems to train it.
    """

    candidate: Predictions | None = None
    champion: Predictions | None = None
    card: str | None = None
    golden: str | None = None
    inexact: tuple[str, ...] = ()
    route: str | None = None
    evaluation: str | None = None
    training: str | None = None


def read_learned(tree: Tree, folder: str) -> Learned:
    """What there is of a model in *folder*."""
    paths = [path for path in tree.under(folder) if not is_aside(path)]
    found = [path for path in paths if is_predictions(path)]
    champions = [path for path in found if _CHAMPION.search(PurePosixPath(path).name)]
    candidates = [path for path in found if path not in champions]

    def nearest(pattern: re.Pattern[str]) -> str | None:
        named = [path for path in paths if pattern.fullmatch(PurePosixPath(path).name)]
        return _nearest(named, folder)

    golden = _golden(tree, folder)
    return Learned(
        candidate=_read_only_one(tree, folder, candidates),
        champion=_read_only_one(tree, folder, champions),
        card=nearest(_CARD),
        golden=golden,
        inexact=() if golden is None else _inexact(tree, folder, golden),
        route=_route(tree, paths),
        evaluation=nearest(_EVALUATION),
        training=nearest(_TRAINING),
    )


def _nearest(paths: Iterable[str], folder: str) -> str | None:
    path = min(paths, key=lambda path: (path.count("/"), path), default=None)
    return None if path is None else _below(path, folder)


def _golden(tree: Tree, folder: str) -> str | None:
    """The nearest golden file of the form that is read, the tests' own included."""
    found = [path for path in tree.under(folder) if is_golden(path)]
    first = {path: _object(tree.text(path).partition("\n")[0]) for path in found}
    return _nearest(
        [path for path in found if {"id", "request"} <= first[path].keys()], folder
    )


def _inexact(tree: Tree, folder: str, golden: str) -> tuple[str, ...]:
    """Where the last digits of an answer may differ from machine to machine."""
    path = golden if folder == "." else f"{folder}/{golden}"
    expected = _object(tree.text(path).partition("\n")[0]).get("expected")
    if not isinstance(expected, dict):
        return ()
    paths = []
    for name, value in expected.items():
        inner = [*value.values()] if isinstance(value, dict) else value
        if not _NAME.fullmatch(name):
            continue
        if isinstance(value, float):
            paths.append(f"$.{name}")
        elif isinstance(inner, list) and any(isinstance(e, float) for e in inner):
            paths.append(f"$.{name}.*")
    return tuple(paths[:_MOST_PATHS])


def _route(tree: Tree, paths: Iterable[str]) -> str | None:
    """The route of predictions that the sources name, if it is but one."""
    sources = (tree.text(path) for path in paths if path.endswith(".py"))
    routes = {route for text in sources for route in _ROUTE.findall(text)}
    return routes.pop() if len(routes) == 1 else None


def _below(path: str, folder: str) -> str:
    return path if folder == "." else path.removeprefix(f"{folder}/")


def _read_only_one(tree: Tree, folder: str, paths: list[str]) -> Predictions | None:
    """What is in the only one of *paths*; of several nobody knows which is meant."""
    if len(paths) != 1:
        return None
    (path,) = paths
    name = _below(path, folder)
    lines = [line for line in tree.text(path).splitlines() if line.strip()]
    if not lines:
        return Predictions(name, {})
    if path.lower().endswith(".csv"):
        return Predictions(name, _first_of_table(lines), len(lines) - 1)
    return Predictions(name, _object(lines[0]), len(lines))


def _object(line: str) -> Mapping[str, object]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _first_of_table(lines: list[str]) -> Mapping[str, object]:
    try:
        row = next(csv.DictReader(lines[:2]), {})
    except csv.Error:
        return {}
    return {
        name: value
        for name, value in row.items()
        if isinstance(value, str) and not re.fullmatch(r"-?\d*\.\d*", value)
    }
