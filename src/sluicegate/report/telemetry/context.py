"""The trace that a run belongs to, and the ids of its spans.

Ids are made of what is traced, and of no chance: a process that goes on with a run
names the same spans as the one that began it, and what is sent twice is the same.

Source:
    W3C Trace Context level 1 (Recommendation, 23 November 2021), sections 3.2 and 3.3.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from sluicegate.model.task import write_labels
from sluicegate.model.ulid import FORM, parse_ulid

_PARENT = re.compile(
    r"(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})"
    r"-(?P<flags>[0-9a-f]{2})(?P<more>-.*)?"
)
_MEMBER = re.compile(
    r"[a-z0-9][a-z0-9_*/@-]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}"
    r"[\x21-\x2b\x2d-\x3c\x3e-\x7e]"
)
_MAX_MEMBERS = 32
_MAX_STATE = 512
_SAMPLED = 1
_SPAN_BYTES = 8


@dataclass(frozen=True, slots=True)
class TraceContext:
    """A span of a trace, for whoever is to go on with it.

    ``trace_id`` are 32, ``span_id`` 16 lower-case hexadecimal digits, neither all zero.
    ``state`` is what others have put beside it, "" if nothing.
    """

    trace_id: str
    span_id: str
    sampled: bool = True
    state: str = ""

    def to_header(self) -> str:
        """As ``traceparent`` of version 00."""
        return f"00-{self.trace_id}-{self.span_id}-{self.sampled:02x}"


def parse_context(parent: str, state: str = "") -> TraceContext | None:
    """Read a ``traceparent``, and the ``tracestate`` beside it.

    A later version is read as far as this one goes. A state that cannot be read is
    left out, the parent is good without it.

    Returns:
        None if *parent* is none.
    """
    found = _PARENT.fullmatch(parent.strip(" \t"))
    if found is None or found["version"] == "ff":
        return None
    if found["more"] and found["version"] == "00":
        return None
    if not int(found["trace"], 16) or not int(found["span"], 16):
        return None
    sampled = bool(int(found["flags"], 16) & _SAMPLED)
    return TraceContext(found["trace"], found["span"], sampled, _read_state(state))


def _read_state(text: str) -> str:
    members = [part.strip(" \t") for part in text.split(",")]
    members = [member for member in members if member]
    names = {member.partition("=")[0] for member in members}
    fits = len(text) <= _MAX_STATE and len(members) <= _MAX_MEMBERS
    if not fits or len(names) < len(members):
        return ""
    return ",".join(members) if all(map(_MEMBER.fullmatch, members)) else ""


@dataclass(frozen=True, slots=True)
class SpanIds:
    """Names the spans of the run *run_id*.

    ``labels`` are those of the run: the jobs of a matrix may share its id.
    """

    run_id: str
    labels: Mapping[str, str]

    @property
    def trace_id(self) -> str:
        """The 16 bytes of the run's ULID."""
        if FORM.fullmatch(self.run_id) and (number := parse_ulid(self.run_id)):
            return f"{number:032x}"
        return hashlib.sha256(self.run_id.encode()).hexdigest()[:32]

    def of(self, kind: str, *parts: str | int) -> str:
        """The id of the span of that *kind* which *parts* tell from others of it."""
        named = (self.run_id, write_labels(self.labels), kind, *map(str, parts))
        digest = hashlib.sha256("\0".join(named).encode()).digest()
        first = digest[:_SPAN_BYTES]
        return (first if any(first) else digest[-_SPAN_BYTES:]).hex()
