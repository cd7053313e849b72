"""The fence on an object: which lease of the log may change it.

It stands in an annotation and is written in the same conditional write as what it
guards. So a rollout that lost its lease while it slept finds a higher number when it
looks, or another resourceVersion when it writes: it changes nothing any more.

Source:
    Kleppmann, "How to do distributed locking", 2016 (fencing tokens).
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from sluicegate.adapters.kubernetes.objects import Obj
from sluicegate.adapters.kubernetes.words import show
from sluicegate.errors import PermanentError
from sluicegate.ports.fence import FencedOffError

FENCE = "sluicegate.dev/fence"
_FORM = re.compile(r"(?P<log>[0-9a-f]{16})/(?P<number>0|[1-9][0-9]{0,17})")


@dataclass(frozen=True, slots=True)
class Fence:
    """Entry ``number`` of the log gave the lease; ``log`` tells logs apart."""

    log: str
    number: int

    @classmethod
    def of(cls, log: str, number: int) -> Self:
        """The fence of entry *number* of the log with the origin *log*.

        The origin may be a path of somebody's machine: its hash stands for it.
        """
        return cls(hashlib.sha256(log.encode()).hexdigest()[:16], number)

    @property
    def annotation(self) -> Mapping[str, str]:
        """What is written with every change."""
        return {FENCE: f"{self.log}/{self.number}"}

    def check(self, obj: Obj, *, is_new: bool = False) -> None:
        """See to it that *obj* may be changed by this lease.

        Args:
            obj: the object as it was looked at; the write carries its resourceVersion.
            is_new: this lease is raised now. Numbers of different logs say nothing of
                each other: the later one has it.

        Raises:
            FencedOffError: a later lease is there already.
            PermanentError: what is there is no fence.
        """
        found = _read(obj)
        if found is None or (is_new and found.log != self.log):
            return
        if found.log != self.log or found.number > self.number:
            raise FencedOffError(
                f"annotation {FENCE} of {obj.kind.name} {show(obj.name)}",
                found.number,
                self.number,
                _removal(obj),
                is_of_this_log=found.log == self.log,
            )


def _read(obj: Obj) -> Fence | None:
    text = obj.annotations.get(FENCE)
    if text is None:
        return None
    match = _FORM.fullmatch(text)
    if match is None:
        raise PermanentError(
            f"{obj.where}annotation {FENCE} is no fence: {show(text, 80)}",
            hint=f"remove it if no rollout is under way: {_removal(obj)}",
        )
    return Fence(match["log"], int(match["number"]))


def _removal(obj: Obj) -> str:
    """The command that takes the fence away."""
    on = f"{obj.kind.resource} {obj.name}"
    return f"kubectl -n {obj.namespace} annotate {on} {FENCE}-"
