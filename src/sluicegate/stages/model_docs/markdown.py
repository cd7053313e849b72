"""The text of a Markdown page as people see it: headings, tables, lines. Pure.

Not a renderer: just enough of GitHub's Markdown that nothing counts as said which a
reader does not see. Comments, code and what HTML hides are left out; where the syntax
is in doubt, a heading is no heading.
"""

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

_ATX = re.compile(r" {0,3}(#{1,6})(?=[ \t]|$)")
_TRAIL = re.compile(r"(?:^|[ \t])#+$")
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*")
_FENCE = re.compile(
    r"([ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+|>[ \t]?)*)(`{3,}|~{3,})(.*)"
)
_RAW = re.compile(
    r" {0,3}<(script|pre|style|textarea|template)(?=[\s>]|$)", re.IGNORECASE
)
_ODD = re.compile(r" {0,3}<(\?|!\[CDATA\[|![A-Za-z])")
_ENDS_OF_ODD = {"?": re.compile(r"\?>"), "![CDATA[": re.compile(r"\]\]>")}
_BLOCK = re.compile(r" {0,3}</?[A-Za-z][A-Za-z0-9-]*(?=[\s/>]|$)")
_BREAK = re.compile(r" {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}")
_RULE = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*")
_MARKER = re.compile(r"\s*(?:>\s?)*\s*(?:(?:[-*+]|\d{1,9}[.)])\s+(?:\[[ xX]\]\s+)?)?")
_SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*(?:\s[^()]*)?\)")
_NOT_PLAIN = re.compile(r"\s|^[-*+>#|=]|^\d{1,9}[.)]")
_NESTED = 3  # an image in a link, and one more
_WORD = re.compile(r"[^\W_]+(?:['\u2019.,-][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text as it is seen, without markup; ``number`` counts from 1.

    ``text`` is without code, ``whole`` with what is between backticks. ``source`` is as
    it is written, but for code; only that is there of a line of tags
    that no reader sees. ``is_item`` says that it begins an
    item of a list, after ``indent`` spaces.
    """

    number: int
    text: str
    source: str
    whole: str
    is_item: bool = False
    indent: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table, its cells without markup; ``source`` as that of a line."""

    number: int
    cells: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table: its head, and the rows below."""

    head: Row
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it, down to the next heading of any level.

    ``level`` is 0 for what comes before the first heading. ``has_code`` says that a
    block of code is below it.
    """

    level: int
    title: str
    number: int
    lines: tuple[Line, ...]
    tables: tuple[TextTable, ...]
    has_code: bool = False

    def words(self) -> int:
        """How many words there are below the heading."""
        rows = [row for table in self.tables for row in table.rows]
        cells = (cell for row in rows for cell in row.cells)
        texts = (*(line.text for line in self.lines), *cells)
        return sum(count_words(text) for text in texts)


def count_words(text: str) -> int:
    """How many words *text* has."""
    return len(_WORD.findall(text))


def without_code(text: str) -> str:
    """*text* of a line without what is between backticks."""
    return _SPAN.sub(" ", text)


def plain(text: str, *, code: bool = False) -> str:
    """*text* of a line as it is seen: without tags, emphasis, links and odd letters.

    What is between backticks is left out unless *code*.
    """
    text = _SPAN.sub((lambda found: found[2]) if code else " ", text)
    for _ in range(_NESTED):
        text = _LINK.sub(r"\1", text)
    text = html.unescape(_TAG.sub(" ", text))
    text = unicodedata.normalize("NFKC", text)
    seen = "".join(c for c in text if unicodedata.category(c) not in {"Cf", "Cc"})
    return " ".join(re.sub(r"\*+|~~|(?<!\w)_+|_+(?!\w)|\\(?=\W)", "", seen).split())


def read_sections(text: str, first: int = 1) -> tuple[Section, ...]:
    """The sections of *text*, which begins in line *first*."""
    found: list[Section] = []
    level, title, number = 0, "", first
    body: list[tuple[int, str]] = []
    for at, line, heading in _mark(_visible(text, first)):
        if heading:
            found.append(_section(level, title, number, body))
            level, title, number, body = heading, plain(line, code=True), at, []
        else:
            body.append((at, line))
    found.append(_section(level, title, number, body))
    return tuple(found)


_CODE = "\0"
"""Stands for a block of code; no text holds it."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A line that is seen, and whether a heading could be in it."""

    number: int
    raw: str
    is_markdown: bool


def _mark(lines: Sequence[_Seen]) -> Iterator[tuple[int, str, int]]:
    """Each line with its level as a heading, 0 if it is none."""
    at = 0
    while at < len(lines):
        seen = lines[at]
        atx = _ATX.match(seen.raw) if seen.is_markdown else None
        level = 0 if atx else _underlined(lines, at)
        if atx:
            title = _TRAIL.sub("", seen.raw[atx.end() :].strip())
            yield seen.number, title.strip(), len(atx[1])
        else:
            yield seen.number, seen.raw.strip() if level else seen.raw, level
        at += 2 if level else 1


def _underlined(lines: Sequence[_Seen], at: int) -> int:
    """The level of a heading of one line that the next one underlines, else 0.

    A line that goes on with a paragraph, or with an item of a list, is none.
    """
    if at + 1 == len(lines) or not all(each.is_markdown for each in lines[at : at + 2]):
        return 0
    line, under = lines[at].raw, _SETEXT.fullmatch(lines[at + 1].raw)
    goes_on = at > 0 and lines[at - 1].raw.strip() and not _ATX.match(lines[at - 1].raw)
    if not under or goes_on or not line.strip() or _NOT_PLAIN.match(line):
        return 0
    return 1 if "=" in under[1] else 2


def _visible(text: str, first: int) -> list[_Seen]:
    """The lines that are seen: without comments, code blocks, scripts and the like."""
    lines = [line.rstrip("\r").expandtabs(4) for line in text.split("\n")]
    seen: list[_Seen] = []
    hidden: _Hidden | None = None
    in_html = False
    for at, line in enumerate(lines):
        if hidden is not None and hidden.holds(line):
            if hidden.end.search(line):
                hidden = None
            continue
        hidden = _hides(line)
        if hidden is not None:
            code = _CODE if _FENCE.fullmatch(line) else ""
            seen.append(_Seen(first + at, code, is_markdown=False))
            if hidden.end.search(line, hidden.begins):
                hidden = None
            continue
        in_html = bool(line.strip()) and (in_html or bool(_BLOCK.match(line)))
        shown, opens = _without_comments(line)
        is_text = bool(shown.strip()) and not in_html
        if opens and is_text and not _closes(lines[at + 1 :]):
            shown, opens = line, False  # no comment goes beyond its paragraph
        if opens:
            hidden = _Hidden(_END_OF_COMMENT)
        is_code = line.startswith("    ")
        seen.append(_Seen(first + at, shown, not (in_html or is_code or opens)))
    return seen


_END_OF_COMMENT = re.compile("-->")


@dataclass(frozen=True, slots=True)
class _Hidden:
    """Lines that are not seen, up to and with the one in which ``end`` is found.

    Those ``inside`` a list or a quotation end with it. The first line is searched from
    where it ``begins``.
    """

    end: re.Pattern[str]
    begins: int = 0
    inside: bool = False

    def holds(self, line: str) -> bool:
        return not self.inside or not line.strip() or line[0] in " >"


def _hides(line: str) -> _Hidden | None:
    """What begins in *line* that is not seen."""
    fence = _FENCE.fullmatch(line)
    if fence and not (fence[2][0] == "`" and "`" in fence[3]):
        mark = fence[2]
        end = re.compile(rf"^[ >]*{re.escape(mark)}{re.escape(mark[0])}*[ ]*$")
        return _Hidden(end, len(line) + 1, bool(fence[1].strip()))
    raw = _RAW.match(line)
    if raw:
        return _Hidden(re.compile(rf"</{raw[1]}>", re.IGNORECASE), raw.end())
    odd = _ODD.match(line)
    if odd:
        return _Hidden(_ENDS_OF_ODD.get(odd[1], re.compile(">")), odd.end())
    return None


def _without_comments(line: str) -> tuple[str, bool]:
    """*line* without its comments, and whether one goes on in the next line."""
    line = re.sub(r"<!--.*?-->", "", line)
    before, opening, _ = line.partition("<!--")
    return (before, True) if opening else (line, False)


def _closes(lines: Iterable[str]) -> bool:
    """Whether a comment ends before the paragraph that goes on with *lines* does."""
    paragraph = takewhile(str.strip, lines)
    return any(_END_OF_COMMENT.search(line) for line in paragraph)


def _section(
    level: int, title: str, number: int, body: Sequence[tuple[int, str]]
) -> Section:
    lines: list[Line] = []
    tables: list[TextTable] = []
    has_code = any(raw == _CODE for _, raw in body)
    at = 0
    while at < len(body):
        table, taken = _table(body, at)
        if table is not None:
            tables.append(table)
            at += taken
            continue
        where, raw = body[at]
        marker = _MARKER.match(raw)
        rest = raw[marker.end() :] if marker else raw
        text = "" if _BREAK.fullmatch(raw) else plain(rest)
        if text or "<" in rest or "`" in rest:
            is_item = bool(marker and marker[0].strip(" >"))
            indent = len(raw) - len(raw.lstrip())
            lines.append(
                Line(
                    where,
                    text,
                    without_code(rest),
                    plain(rest, code=True),
                    is_item,
                    indent,
                )
            )
        at += 1
    return Section(level, title, number, tuple(lines), tuple(tables), has_code)


def _table(body: Sequence[tuple[int, str]], at: int) -> tuple[TextTable | None, int]:
    """The table that begins at line *at* of *body*, and how many lines it takes."""
    if at + 1 >= len(body) or "|" not in body[at][1]:
        return None, 0
    rule = body[at + 1][1]
    head = _row(body[at])
    if "-" not in rule or not _RULE.fullmatch(rule):
        return None, 0
    if len(_cells(rule)) != len(head.cells):
        return None, 0
    rows = []
    for line in body[at + 2 :]:
        if "|" not in line[1]:
            break
        rows.append(_row(line))
    return TextTable(head, tuple(rows)), 2 + len(rows)


def _row(line: tuple[int, str]) -> Row:
    cells = tuple(plain(cell, code=True) for cell in _cells(line[1]))
    return Row(line[0], cells, without_code(line[1]))


def _cells(line: str) -> list[str]:
    inner = line.strip()
    inner = inner.removeprefix("|")
    if inner.endswith("|") and not inner.endswith("\\|"):
        inner = inner[:-1]
    return [cell.replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", inner)]
