"""What a look at a repository's settings and workflows has found."""

import enum
from dataclasses import dataclass


@enum.unique
class Standing(enum.Enum):
    """How it stands with one thing.

    `NOTE` is worth knowing and nothing to mend. `UNKNOWN` is never taken for fine.
    """

    FINE = "fine"
    NOTE = "note"
    WARNING = "warning"
    UNKNOWN = "unknown"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A line of a file; lines count from 1, 0 is the file as a whole."""

    path: str
    line: int
    what: str = ""


@dataclass(frozen=True, slots=True)
class HostCheck:
    """One thing that was looked at.

    ``what`` is what is so, ``why`` what follows from it, ``fix`` what to do: a command,
    a path of clicks or a piece of a workflow, on one line or on several.
    """

    topic: str
    standing: Standing
    what: str
    why: str = ""
    fix: str = ""
    places: tuple[Place, ...] = ()
