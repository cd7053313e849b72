"""A model card: YAML front matter and headings, and which parts of it are there. Pure.

What a reader does not see, like comments and empty headings, says nothing.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sluicegate.errors import PermanentError
from sluicegate.stages.model_docs.front_matter import (
    Items,
    Node,
    Table,
    Text,
    read_front_matter,
    texts_of,
)
from sluicegate.stages.model_docs.markdown import (
    Line,
    Section,
    count_words,
    plain,
    read_sections,
)
from sluicegate.stages.model_docs.parts import Known
from sluicegate.stages.model_docs.placeholder import find_placeholder, is_left

MAX_BYTES = 512 << 10
_MOST_LINES, _LONGEST_LINE = 10_000, 10_000  # the latter in characters
_LONGEST_QUOTE = 60  # characters
_FENCE = "---"
_LABEL = re.compile(r"(.{1,60}?)\s*:(?:\s+(.*))?")
_OPTIONAL = re.compile(r"\s*\[optional\]", re.IGNORECASE)
_DIGIT, _WORD = re.compile(r"[0-9]"), re.compile(r"[^\W\d_]{2}")


@dataclass(frozen=True, slots=True)
class Card:
    """A card that people know as ``source``."""

    source: str
    front: Table
    sections: tuple[Section, ...]

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing at all."""
        words = any(section.words() for section in self.sections)
        return not words and not any(True for _ in texts_of(self.front))


def read_card(data: bytes, source: str) -> Card:
    """Read *data*, the file that people know as *source*.

    Raises:
        PermanentError: it is too large, not UTF-8, or its front matter is no YAML that
            can be read in one way only; with file and line.
    """
    if len(data) > MAX_BYTES:
        raise PermanentError(f"{source} is larger than {MAX_BYTES >> 10} KiB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise PermanentError(f"{source}:{line}: not UTF-8") from error
    lines = [line.rstrip("\r") for line in text.split("\n")]
    if len(lines) > _MOST_LINES:
        raise PermanentError(f"{source} has more than {_MOST_LINES} lines")
    for number, each in enumerate(lines, 1):
        if len(each) > _LONGEST_LINE or "\0" in each:
            raise PermanentError(
                f"{source}:{number}: longer than {_LONGEST_LINE} characters, or binary"
            )
    if lines[0].rstrip() != _FENCE:
        return Card(source, Table(1), read_sections(text))
    end = next(
        (
            at
            for at, line in enumerate(lines)
            if at and line.rstrip() in {_FENCE, "..."}
        ),
        None,
    )
    if end is None:
        raise PermanentError(f"{source}:1: the front matter does not end with ---")
    front = read_front_matter("\n".join(lines[1:end]), source, 2)
    body = "\n".join(lines[end + 1 :])
    return Card(source, front, read_sections(body, end + 2))


def has_part(card: Card, part: Known, least: int) -> bool:
    """Whether *card* says at least *least* words on *part*, none left to fill in."""
    least = 1 if part.is_short else least
    said = (*_front_texts(card, part.keys), *_labelled(card, part))
    if any(is_said(text, 1) for text in said):
        return True
    return any(
        part.matches(_title(section))
        and (_says(card, at, least) or (part.is_measured and _measures(card, at)))
        for at, section in enumerate(card.sections)
        if section.level
    )


def is_said(text: str, least: int) -> bool:
    """Whether *text* has *least* words, and none of them is to be filled in."""
    return count_words(text) >= least and find_placeholder(text) is None


def _front_texts(card: Card, keys: Iterable[str]) -> Iterator[str]:
    return (each.value for key in keys for each in texts_of(card.front.get(key)))


def _labelled(card: Card, part: Known) -> Iterator[str]:
    """What stands beside a label like ``Developed by:``."""
    for section in card.sections:
        for line in section.lines:
            label = read_label(line)
            if label is not None and part.matches(label[0]):
                yield label[1]


def read_label(line: Line) -> tuple[str, str] | None:
    """The label of an item of a list and what it says; None if it has none."""
    found = _LABEL.fullmatch(line.whole) if line.is_item else None
    if found is None:
        return None
    return _OPTIONAL.sub("", found[1]), found[2] or ""


def _title(section: Section) -> str:
    return _OPTIONAL.sub("", section.title)


def _says(card: Card, at: int, least: int) -> bool:
    words = sum(
        count_words(text)
        for section in below(card.sections, at)
        for text in _texts(section)
        if find_placeholder(text) is None
    )
    return words >= least


def _measures(card: Card, at: int) -> bool:
    """Whether the section gives a number, and a word of what it is."""
    return any(
        _DIGIT.search(text) and _WORD.search(text) and find_placeholder(text) is None
        for section in below(card.sections, at)
        for text in _texts(section)
    )


def below(sections: Sequence[Section], at: int) -> Iterator[Section]:
    """The section *at* and those of deeper levels that follow it."""
    yield sections[at]
    for section in sections[at + 1 :]:
        if section.level <= sections[at].level:
            return
        yield section


def _texts(section: Section) -> Iterator[str]:
    """What people read below the heading: labels without a word say nothing."""
    for line in section.lines:
        label = read_label(line)
        if label is None or label[1].strip():
            yield line.text
    for table in section.tables:
        for row in table.rows:
            yield " ".join(row.cells)


def text_of(card: Card, part: Known) -> tuple[str, ...]:
    """The paragraphs and items below the headings on *part*."""
    return tuple(
        line.text
        for at, section in enumerate(card.sections)
        if section.level and part.matches(_title(section))
        for each in below(card.sections, at)
        for line in each.lines
        if line.text
    )


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something that nobody has filled in."""

    line: int
    what: str


def find_leftovers(card: Card, template: frozenset[str]) -> tuple[Leftover, ...]:
    """What is left to fill in, or as *template* has it; in the order of the card."""
    found = [
        Leftover(each.line, f"{_quote(placeholder)} in the front matter")
        for each in texts_of(card.front)
        if (placeholder := find_placeholder(each.value)) is not None
    ]
    found += [
        Leftover(line, f"nothing beside {_quote(key)}")
        for key, line in _empty_keys(card.front.entries)
    ]
    for at, section in enumerate(card.sections):
        found += _leftovers_of(section, template)
        is_last = at + 1 == len(card.sections)
        has_more = not is_last and card.sections[at + 1].level > section.level
        if section.level and not has_more and _is_bare(section):
            found.append(
                Leftover(section.number, f"nothing below {_quote(section.title)}")
            )
    return tuple(sorted(found, key=lambda each: each.line))


def _quote(text: str) -> str:
    return repr(text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…")


def _is_bare(section: Section) -> bool:
    """Whether nothing is below the heading, not even code."""
    return not section.has_code and not section.words()


def _empty_keys(entries: Mapping[str, Node]) -> Iterator[tuple[str, int]]:
    for key, node in entries.items():
        is_empty = isinstance(node, Text | Items) and not any(
            True for _ in texts_of(node)
        )
        if is_empty:
            yield key, node.line


def _leftovers_of(section: Section, template: frozenset[str]) -> Iterator[Leftover]:
    titled = [(section.number, section.title, section.title)]
    lines = [(line.number, line.text, line.source) for line in section.lines]
    rows = [
        (row.number, " ".join(row.cells), row.source)
        for table in section.tables
        for row in (table.head, *table.rows)
    ]
    for number, text, source in (*titled, *lines, *rows):
        placeholder = find_placeholder(text) or find_placeholder(source)
        if placeholder is not None:
            yield Leftover(number, _quote(plain(placeholder) or placeholder))
        elif is_left(text, template):
            yield Leftover(number, "a line of the template, as it was")
    for line in section.lines:
        label = read_label(line)
        if label is not None and not label[1].strip() and not _goes_on(section, line):
            yield Leftover(line.number, f"nothing beside {_quote(label[0])}")


def _goes_on(section: Section, line: Line) -> bool:
    """Whether something stands right below a label: items of its own, text, a table."""
    rest = section.lines[section.lines.index(line) + 1 :]
    after = [each for each in rest if each.text]
    if not after:
        return any(table.head.number > line.number for table in section.tables)
    return not after[0].is_item or after[0].indent > line.indent
