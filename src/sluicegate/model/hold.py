"""Legal holds: what must not be pruned, whatever its age."""

import re
from dataclasses import dataclass
from typing import Self

from typing_extensions import override

from sluicegate.errors import UsageError

_RANGE = re.compile(r"(0|[1-9][0-9]{0,14})-(0|[1-9][0-9]{0,14})", re.ASCII)
_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")

MAX_REASON = 1000
"""Characters of a reason: enough to say why, too few to paste a report."""


@dataclass(frozen=True, slots=True)
class HoldScope:
    """What a hold covers: the whole log, one run, or entries by their indices.

    The whole log is that of the day after tomorrow, too; a run is all that is and will
    be recorded of it. ``last`` belongs to the range.
    """

    run_id: str | None = None
    first: int = 0
    last: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``all``, ``run:ID`` or ``entries:A-B``.

        Raises:
            UsageError: *text* has another form.
        """
        kind, _, rest = text.partition(":")
        if text == "all":
            return cls()
        if kind == "run" and _RUN.fullmatch(rest):
            return cls(run_id=rest)
        found = _RANGE.fullmatch(rest)
        if kind != "entries" or found is None or int(found[1]) > int(found[2]):
            raise UsageError(
                f"not what a hold can cover: {text!r}",
                hint="all, run:ID, or entries:A-B with A not above B",
            )
        return cls(first=int(found[1]), last=int(found[2]))

    @override
    def __str__(self) -> str:
        """As `parse` reads it."""
        if self.run_id is not None:
            return f"run:{self.run_id}"
        return "all" if self.last is None else f"entries:{self.first}-{self.last}"

    def covers(self, index: int, run_id: str | None) -> bool:
        """Whether the entry *index*, which is of the run *run_id* if any, is held."""
        if self.run_id is not None:
            return run_id == self.run_id
        return self.first <= index and (self.last is None or index <= self.last)
