"""Numbers beside a metric's name in running text. Pure."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from sluicegate.stages.model_docs.figure import Figure, find_figure
from sluicegate.stages.model_docs.markdown import Line
from sluicegate.stages.model_docs.parts import words_of

# A colon, an arrow, the mark of a footnote; but never the sign of a number.
_BETWEEN = r"(?:[-=]>|[\s:=(|~\u2192\u2248\u2013]|\[\^?\w{1,20}\]|-(?=\s))*"
_CONNECTED = re.compile(
    rf"{_BETWEEN}(?:(?:score|value|is|was|of|at|about|around|roughly|approximately"
    rf"|reaches|reached|equals)\b{_BETWEEN}){{0,3}}",
    re.IGNORECASE,
)
_AHEAD = re.compile(r"(?<![\w.,])[-+\u2212]?[0-9][0-9.,]{0,20}(?: ?%)?(?=[ -]?$)")
_TOP = re.compile(r"\btop[\s-]?[0-9k]+[\s-]*$", re.IGNORECASE)
_LABELLED = re.compile(r"[^.:=]{1,40}[:=]\s")
_WORD = re.compile(r"[^\W_]")
_NEAR = 60  # characters; a paragraph may be as long as the card
_OTHERS = frozenset(
    {
        *("baseline", "champion", "chance", "former", "human", "minimum", "previous"),
        *("random", "required", "target", "threshold", "margin", "old", "balanced"),
        *("train", "training", "validation", "macro", "micro", "weighted", "class"),
    }
)
"""Words before a metric's name that make it another's, or a demand."""


@dataclass(frozen=True, slots=True)
class Mentioned:
    """A number and the line that it stands in, ``first`` if it is what begins there."""

    figure: Figure
    line: int
    first: bool


def find_mentions(lines: Sequence[Line], names: Sequence[str]) -> Iterator[Mentioned]:
    """The numbers that *lines* have for a metric, wherever a paragraph breaks."""
    for text, starts in _paragraphs(lines):
        word = _WORD.search(text)
        for figure, at in _find(text, names):
            line = starts[bisect_right(starts, at, key=lambda each: each[0]) - 1][1]
            yield Mentioned(figure, line, first=word is None or word.start() >= at)


def is_mentioned(cell: str, names: Sequence[str]) -> bool:
    """Whether a cell of a table names the metric, and not another one like it."""
    return any(
        not _is_of_another(cell[: found.start()])
        for name in names
        for found in _pattern(name).finditer(cell)
    )


def _paragraphs(
    lines: Sequence[Line],
) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    """Lines that follow each other as one text, with where each of them starts."""
    text, starts = "", list[tuple[int, int]]()
    before: Line | None = None
    for line in lines:
        goes_on = (
            before is not None
            and line.number == before.number + 1
            and not line.is_item
            and not before.source.endswith(("  ", "\\"))
            and not _LABELLED.match(line.whole)
        )
        if not goes_on:
            if starts:
                yield text, starts
            text, starts = "", []
        starts.append((len(text), line.number))
        text += f"{line.whole} "
        before = line
    if starts:
        yield text, starts


def _find(text: str, names: Sequence[str]) -> Iterator[tuple[Figure, int]]:
    """Each number, and where its metric's name begins."""
    for name in names:
        for found in _pattern(name).finditer(text):
            before = text[max(0, found.start() - _NEAR) : found.start()]
            if _is_of_another(before):
                continue
            connected = _CONNECTED.match(text, found.end())
            number = find_figure(text, connected.end() if connected else found.end())
            if number is not None:
                yield number[0], found.start()
            ahead = _AHEAD.search(before)
            number = find_figure(ahead[0]) if ahead else None
            if number is not None:
                yield number[0], found.start()


def _is_of_another(before: str) -> bool:
    """Whether the words *before* a metric's name make it another's."""
    tail = before[-_NEAR:]
    last = words_of(tail)[-1:]
    return bool(_TOP.search(tail)) or (bool(last) and last[0] in _OTHERS)


@cache
def _pattern(name: str) -> re.Pattern[str]:
    words = r"[\s_-]*".join(re.escape(word) for word in words_of(name))
    return re.compile(rf"(?<![\w@]){words}(?![\w@])", re.IGNORECASE)
