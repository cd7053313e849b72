"""Parts of a text, as pairs of where they begin and end."""

from collections.abc import Iterable, Iterator, Sequence

Span = tuple[int, int]


def merge(spans: Iterable[Span], gap: int = 0) -> list[Span]:
    """*spans* in order, as one where less than *gap* is between them, or they overlap.

    With a *gap* of 1 they are one, too, where they touch.
    """
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1] + gap:
            if end > merged[-1][1]:
                merged[-1] = merged[-1][0], end
        else:
            merged.append((start, end))
    return merged


def covers(spans: Sequence[Span], start: int, end: int) -> bool:
    """Whether one of *spans* has all from *start* to *end*."""
    return any(first <= start and end <= last for first, last in spans)


def put(text: bytes, mark: bytes, spans: Iterable[Span]) -> bytes:
    """*text* with *mark* for each of *spans*; lines stay as many as they were."""
    return b"".join(_parts(text, mark, spans))


def _parts(text: bytes, mark: bytes, spans: Iterable[Span]) -> Iterator[bytes]:
    at = 0
    for start, end in spans:
        yield text[at:start]
        yield b"\n".join([mark] * (1 + text.count(b"\n", start, end)))
        at = end
    yield text[at:]
