"""Many forms looked for in one pass, long ones by parts of them.

A long form is found wherever so much of it is shown that one of its parts is in it: the
parts are next to each other, and from the one that is found on, all that agrees is.

Source:
    Aho and Corasick, "Efficient string matching", CACM 18 (1975); ahocorasick_rs 1.0
    for the automaton: all matches, overlapping ones included.
"""

from collections.abc import Collection, Iterator, Sequence

from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

from sluicegate.adapters.hiding.spans import Span, merge

_LONG = 64  # bytes: a longer form is looked for by its parts
_PART = 32
_MOST_PARTS = 2048  # of a form; they stand further apart in one of more than 64 KiB
_MOST_ALIKE = 2  # parts with the same bytes that are tried to go on from
_MOST_STATES = 150_000  # of the automaton that is the fastest, and the largest
_WORTH_IT = 1 << 21  # bytes looked through, after which it is worth being built
_CHUNK = 1 << 18
_STRIDE = 64
_GRAM = 4


class Patterns:
    """*forms* to look for."""

    def __init__(self, forms: Collection[bytes]) -> None:
        self._forms = sorted(forms)
        parts: dict[bytes, list[tuple[int, int]]] = {}
        for number, form in enumerate(self._forms):
            for start, part in _parts(form):
                known = parts.setdefault(part, [])
                if len(known) < _MOST_ALIKE:
                    known.append((number, start))
        self._parts = list(parts.values())
        self._longest = max(map(len, parts), default=0)
        self._size = sum(map(len, parts))
        self._looked_through = 0
        self._patterns: list[bytes] | None = list(parts)
        self._automaton = BytesAhoCorasick(self._patterns, MatchKind.Standard)
        self._beginnings = [form[:_LONG] for form in self._forms]
        self._grams = frozenset(
            form[at : at + _GRAM]
            for form in self._beginnings
            for at in range(len(form) - _GRAM + 1)
        )

    def are_in(self, text: bytes) -> bool:
        """Whether one of them is in *text*."""
        return any(self._matches(text))

    def find(self, text: bytes) -> list[Span]:
        """Where they are in *text*, as few spans as possible."""
        found: list[Span] = []
        reached = [0] * len(self._forms)
        for matches, start in self._matches(text):
            spans = []
            for part, first, last in matches:
                span = start + first, start + last
                spans.append(span)
                spans += self._around(text, part, span, reached)
            found += merge(spans)
        return merge(found)

    def may_begin(self, text: bytes) -> bool:
        """Whether the end of *text* may be the beginning of a form."""
        return text[-_GRAM:] in self._grams

    def beginning_at_end(self, text: bytes) -> int:
        """Where the longest end of *text* begins that is the beginning of a form.

        Returns:
            The length of *text* if there is none of at least four bytes. A whole form
            is none.
        """
        gram = text[-_GRAM:]
        if gram not in self._grams:
            return len(text)
        longest = 0
        for form in self._beginnings:
            at = form.rfind(gram)
            while at >= 0 and at + _GRAM > longest:
                size = at + _GRAM
                if size < len(form) and text.endswith(form[:size]):
                    longest = size
                at = form.rfind(gram, 0, size - 1)
        return len(text) - longest

    def _matches(
        self, text: bytes
    ) -> Iterator[tuple[Sequence[tuple[int, int, int]], int]]:
        """The matches in pieces of *text* that overlap, with where each begins."""
        if self._patterns is not None:
            self._speed_up(len(text))
        find = self._automaton.find_matches_as_indexes
        if len(text) <= _CHUNK:
            if matches := find(text, overlapping=True):
                yield matches, 0
            return
        for start in range(0, len(text), _CHUNK):
            chunk = memoryview(text)[start : start + _CHUNK + self._longest]
            if matches := find(chunk, overlapping=True):
                yield matches, start

    def _speed_up(self, size: int) -> None:
        """Be built for speed once there is much to look through; twice does no harm."""
        self._looked_through += size
        patterns = self._patterns
        if patterns is None or self._looked_through < _WORTH_IT:
            return
        self._patterns = None
        if self._size < _MOST_STATES:
            self._automaton = BytesAhoCorasick(
                patterns, MatchKind.Standard, Implementation.DFA
            )

    def _around(
        self, text: bytes, part: int, span: Span, reached: list[int]
    ) -> Iterator[Span]:
        """What of the whole forms is around their part that is at *span*.

        *reached* is, by form, how far what is found of it reaches: nothing is gone
        through twice.
        """
        for number, at in self._parts[part]:
            form = self._forms[number]
            if len(form) <= _LONG or span[1] <= reached[number]:
                continue
            start = span[0] - _common_end(text, span[0], form, at)
            end = span[1] + _common(text, span[1], form, at + _PART)
            reached[number] = end
            yield start, end


def _parts(form: bytes) -> Iterator[tuple[int, bytes]]:
    if len(form) <= _LONG:
        yield 0, form
        return
    step = max(_PART, len(form) // _MOST_PARTS)
    for start in (*range(0, len(form) - _PART, step), len(form) - _PART):
        yield start, form[start : start + _PART]


def _common(text: bytes, at: int, form: bytes, place: int) -> int:
    """How many bytes from there on are the same."""
    size = 0
    most = min(len(text) - at, len(form) - place)
    step = _STRIDE
    while size < most:
        step = min(step, most - size)
        if (
            text[at + size : at + size + step]
            == form[place + size : place + size + step]
        ):
            size += step
        elif step == 1:
            break
        else:
            step //= 2
    return size


def _common_end(text: bytes, at: int, form: bytes, place: int) -> int:
    """How many bytes up to there are the same."""
    size = 0
    most = min(at, place)
    step = _STRIDE
    while size < most:
        step = min(step, most - size)
        before, same = at - size, place - size
        if text[before - step : before] == form[same - step : same]:
            size += step
        elif step == 1:
            break
        else:
            step //= 2
    return size
