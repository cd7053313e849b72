"""The version in a pipeline's name, and which one comes after a change."""

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass

from typing_extensions import override

from sluicegate.errors import UsageError

_NAME = re.compile(r"(?P<stem>.+)_v(?P<major>[0-9]+)\.(?P<minor>[0-9]+)")


@enum.unique
class Bump(enum.Enum):
    """Which part of a version a change asks for."""

    MINOR = "minor"  # a stage's parameters or gates changed
    MAJOR = "major"  # stages, their kinds or their order changed


@dataclass(frozen=True, slots=True)
class PipelineName:
    """``<stem>_v<major>.<minor>``; the stem is ``<project>_<purpose>``."""

    stem: str
    major: int
    minor: int

    @classmethod
    def parse(cls, text: str) -> "PipelineName":
        """Read a name.

        Raises:
            UsageError: it has no version.
        """
        found = _NAME.fullmatch(text)
        if found is None:
            raise UsageError(f"{text!r} is no name like churn-model_release_v1.0")
        return cls(found["stem"], int(found["major"]), int(found["minor"]))

    @override
    def __str__(self) -> str:
        """The name as the pipeline file has it."""
        return f"{self.stem}_v{self.major}.{self.minor}"

    @property
    def version(self) -> tuple[int, int]:
        """What names of one stem are ordered by."""
        return self.major, self.minor

    def after(self, bump: Bump, taken: Iterable["PipelineName"] = ()) -> "PipelineName":
        """The next name, one that none of *taken* has or is beyond."""
        known = [self, *(each for each in taken if each.stem == self.stem)]
        if bump is Bump.MAJOR:
            return PipelineName(self.stem, max(each.major for each in known) + 1, 0)
        minors = [each.minor for each in known if each.major == self.major]
        return PipelineName(self.stem, self.major, max(minors) + 1)


@dataclass(frozen=True, slots=True)
class Change:
    """A difference between two definitions. ``needs`` is the bump it asks for.

    ``details`` say what is different, one phrase each; there is at least one.
    """

    needs: Bump
    details: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a version stands for, and what the pipeline file is now beside that.

    It stands for what ran first on the release branch ``branch``: in the run ``run_id``
    at ``commit``, both None where the log does not hold that entry any more. ``change``
    is None where nothing is different, or where what was written then cannot be found:
    ``is_known`` tells these apart. ``next_name`` is the one that the change needs.
    """

    name: PipelineName
    branch: str
    run_id: str | None
    commit: str | None
    is_known: bool
    change: Change | None = None
    next_name: PipelineName | None = None

    @property
    def is_broken(self) -> bool:
        """Whether the file is not, or may not be, what the version stands for."""
        return not self.is_known or self.change is not None
