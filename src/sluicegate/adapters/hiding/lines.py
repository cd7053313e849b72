"""Hiding secrets in lines as they come, also those that are split over several.

A line is held back while its end may be the beginning of a secret: until the next line
tells, the program has ended, or a second has passed. After that second it is shown
without that end. Up to three characters of a beginning are shown, not to wait after
every line.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from typing_extensions import override

from sluicegate.adapters.hiding.finder import Finder
from sluicegate.adapters.hiding.spans import Span, covers, merge, put
from sluicegate.model.credential import HIDDEN, URL_LOGIN
from sluicegate.ports.process import ManyLines, OnLine

_PATIENCE_SECONDS = 1.0
_MOST_HELD = 1 << 16  # bytes
_PAST = 192  # bytes: enough for three characters, escaped twice and broken
_LONG_PAST = 512  # and for a beginning that was held back for as long as can be
_LOOK_BACK = 4096  # bytes, blank ones included
_BLANK = b" \t\r"
_MARK = HIDDEN.encode()


class Alarm(Protocol):
    """Something that is going to happen."""

    def cancel(self) -> None:
        """Let it not happen, if it has not happened yet."""
        ...


Wake = Callable[[float, Callable[[], None]], Alarm]
"""Calls a function after so many seconds."""


def wake(seconds: float, act: Callable[[], None]) -> Alarm:
    """Call *act* after *seconds*, in a thread of its own."""
    timer = threading.Timer(seconds, act)
    timer.daemon = True
    timer.start()
    return timer


class LineHider(ManyLines):
    """Tells *on_line* the lines of one program, without secrets. Thread-safe.

    *find* is asked for the secrets of the moment; *wake_up* is a clock. What is held
    back comes with `close`.
    """

    def __init__(
        self, find: Callable[[], Finder], on_line: OnLine, wake_up: Wake = wake
    ) -> None:
        self._find, self._on_line, self._wake_up = find, on_line, wake_up
        self._lock = threading.RLock()
        self._past = b""  # the end of what was told, as the program said it
        self._held: list[bytes] = []
        self._alarm: Alarm | None = None
        self._beside: list[LineHider] = []

    @override
    def __call__(self, line: str) -> None:
        """Take the next line."""
        self.many((line,))

    @override
    def many(self, lines: Sequence[str]) -> None:
        text = "\n".join(lines)
        said = text.encode("utf-8", "surrogatepass")
        with self._lock:
            block = self._past + b"\n" + said if self._past else said
            if not self._held and self._find().has_nothing(block):
                self._keep(block, _PAST)
                tell = self._tell if "://" in text else self._on_line
                for line in lines:
                    tell(line)
                return
            self._held.append(said)
            self._look()

    @override
    def beside(self) -> "LineHider":
        """For another stream: what it says in between parts no secret of this one."""
        other = LineHider(self._find, self._on_line, self._wake_up)
        self._beside.append(other)
        return other

    def close(self) -> None:
        """Tell what is held back: nothing follows that could make a secret of it."""
        with self._lock:
            self._tell_held(len(self._block()))
            self._past = b""
        for other in self._beside:
            other.close()

    def _look(self) -> None:
        """Tell what can be told, and hold back the rest."""
        block = self._block()
        finder = self._find()
        begins = finder.beginning_at_end(block)
        spans = finder.find(block)
        is_doubtful = begins < len(block) and not covers(spans, begins, len(block))
        if not is_doubtful:
            self._tell_held(len(block), spans)
        elif len(block) - begins > _MOST_HELD:
            self._tell_held(len(block), merge((*spans, (begins, len(block)))))
        else:
            start = block.rfind(b"\n", 0, begins) + 1
            self._tell_held(max(start, self._begin()), spans)
            self._set_alarm()

    def _lose_patience(self) -> None:
        with self._lock:
            self._alarm = None
            if self._held:
                block = self._block()
                finder = self._find()
                end = finder.beginning_at_end(block), len(block)
                spans = merge((*finder.find(block), end))
                self._tell_held(len(block), spans)

    def _tell_held(self, end: int, spans: Sequence[Span] | None = None) -> None:
        """Tell what is held of the block up to *end*, and hold the rest."""
        block, begin = self._block(), self._begin()
        if spans is None:
            spans = self._find().find(block)
        if self._alarm is not None and end == len(block):
            self._alarm.cancel()
            self._alarm = None
        at_end = end == len(block)
        if not self._held or (end <= begin and not at_end):
            return
        said = block[begin:end]
        inside = [
            (max(first - begin, 0), min(last - begin, len(said)))
            for first, last in spans
            if last > begin and first < end
        ]
        hidden = put(said if at_end else said[:-1], _MARK, inside)
        if inside and self._find().may_hold_marks:
            hidden = self._find().hide(hidden, _MARK)
        goes_on = any(last > end - _LONG_PAST for _, last in spans)
        self._keep(block[:end], _LONG_PAST if goes_on else _PAST)
        self._held = [] if at_end else [block[end:]]
        for line in _decode(hidden).split("\n"):
            self._tell(line)

    def _block(self) -> bytes:
        """What is known of what the program said last; what is held begins a line."""
        parts = [self._past, *self._held] if self._past else self._held
        return b"\n".join(parts)

    def _begin(self) -> int:
        return len(self._past) + 1 if self._past else 0

    def _keep(self, told: bytes, size: int) -> None:
        self._past = told[-_LOOK_BACK:].translate(None, _BLANK)[-size:]

    def _tell(self, line: str) -> None:
        self._on_line(URL_LOGIN.sub(f"://{HIDDEN}@", line) if "://" in line else line)

    def _set_alarm(self) -> None:
        if self._alarm is None:
            self._alarm = self._wake_up(_PATIENCE_SECONDS, self._lose_patience)


def _decode(text: bytes) -> str:
    try:
        return text.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:  # part of a character was of a secret that is no text
        return text.decode(errors="replace")
