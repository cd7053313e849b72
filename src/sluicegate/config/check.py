"""Check a part of the tree against its settings, and keep what is wrong with it."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sluicegate.config.tree import (
    MAX_PROBLEMS,
    Found,
    Items,
    Leaf,
    Node,
    Path,
    Problem,
    Table,
    find,
    to_json,
)
from sluicegate.config.wording import MUST_BE, describe

_Model = TypeVar("_Model", bound=BaseModel)
_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s\"']+", re.IGNORECASE)


class EnoughError(Exception):
    """There are more problems than anybody mends in one go."""


class Checker:
    """Collects the problems of one tree."""

    def __init__(self, root: Table) -> None:
        self.root = root
        self._problems: list[Problem] = []
        self._settled: set[Path] = set()

    @property
    def problems(self) -> list[Problem]:
        """Every problem once, in the order of the file."""
        return sorted(dict.fromkeys(self._problems), key=lambda problem: problem.line)

    def report(self, path: Sequence[str | int], message: str) -> None:
        """Note a problem of what stands at *path*.

        Raises:
            EnoughError: there are too many already.
        """
        found = find(self.root, path)
        self.report_at(found.line, found.path, message)

    def settle(self, path: Path, message: str) -> None:
        """Note a problem of what stands at *path*, of which nothing else is said.

        Raises:
            EnoughError: there are too many already.
        """
        self.report(path, message)
        self._settled.add(path)

    def report_at(self, line: int, path: Path, message: str) -> None:
        """Note a problem of what is called *path*, to be mended in *line*.

        Raises:
            EnoughError: there are too many already.
        """
        if any(path[: len(each)] == each for each in self._settled):
            return
        if len(self._problems) >= MAX_PROBLEMS:
            raise EnoughError
        if path[:1] == ("notify",):  # a secret that was put in a wrong place
            message = _ADDRESS.sub("(an address)", message)
        place = ".".join(map(str, path))
        self._problems.append(
            Problem(line, f"{place}: {message}" if place else message)
        )

    def read(self, model: type[_Model], path: Path) -> _Model | None:
        """Turn what stands at *path* into settings, or report why it is none.

        JSON in strict mode takes a list for a tuple, but neither ``"5"`` nor ``true``
        for a number.
        """
        return self._read(model, path, find(self.root, path).node)

    def read_part(self, model: type[_Model], path: Path = ()) -> _Model | None:
        """Turn those keys at *path* that *model* has into settings, or report why not.

        So that a slip in one part of a file hides none in another.
        """
        node = find(self.root, path).node
        if isinstance(node, Table):
            fields = model.model_fields.items()
            known = {field.alias or name for name, field in fields}
            kept = {key: node.entries[key] for key in node.entries if key in known}
            node = Table(node.line, kept)
        return self._read(model, path, node)

    def _read(self, model: type[_Model], path: Path, node: Node) -> _Model | None:
        try:
            return model.model_validate_json(to_json(node), strict=True)
        except ValidationError as error:
            self._report_all(error.errors(include_url=False), path, model)
        return None

    def _report_all(
        self, errors: list[ErrorDetails], path: Path, model: type[BaseModel]
    ) -> None:
        placed = [(error, find(self.root, (*path, *error["loc"]))) for error in errors]
        deepest = [found.path for _, found in placed]
        told: dict[Path, list[str]] = {}
        for error, found in placed:
            if _is_other_reading(error, found, deepest) or _is_echo(error, found):
                continue
            shown = _withheld(found) if path[:1] == ("secrets",) else found
            relative = replace(shown, path=found.path[len(path) :])
            is_key = error["type"] == "extra_forbidden"
            place = found.path[:-1] if is_key else found.path
            if (
                found.strayed
                and isinstance(error["loc"][-1], str)
                and error["type"] in MUST_BE
            ):
                told.setdefault(place, []).append(MUST_BE[error["type"]])
            else:
                self.report_at(found.line, place, describe(error, relative, model))
        for place, texts in told.items():
            others = (
                text.removeprefix("must ").removeprefix("be ") for text in texts[1:]
            )
            self.report(place, " or ".join((texts[0], *others)))


def _withheld(found: Found) -> Found:
    """*found* without its value: a secret that was put in a wrong place."""
    is_leaf = isinstance(found.node, Leaf)
    return replace(found, node=Items(found.line, ())) if is_leaf else found


def _is_other_reading(error: ErrorDetails, found: Found, paths: list[Path]) -> bool:
    """Whether this is how a value fails as something it was not meant to be.

    Where text or a list may stand, a wrong list item fails both as an item and, above
    it, as text; only the first is news.
    """
    depth = len(found.path)
    return (
        found.strayed
        and error["type"] in MUST_BE
        and any(len(path) > depth and path[:depth] == found.path for path in paths)
    )


def _is_echo(error: ErrorDetails, found: Found) -> bool:
    """Whether a list is called too short only because its items are wrong."""
    return (
        error["type"] == "too_short"
        and isinstance(found.node, Items)
        and len(found.node.items) >= error["ctx"]["min_length"]
    )
