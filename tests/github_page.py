"""A page as GitHub builds it from Markdown, by GitHub's own parser, for tests."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest
from typing_extensions import override

_VOID = frozenset(("br", "hr", "img", "input", "wbr"))
_QUIET = frozenset(("code", "pre", "a"))
"""Where GitHub makes no mentions, references, emoji or formulas of text."""


@dataclass
class Page(HTMLParser):
    """What is on a page.

    ``tags`` are the elements in their order, ``links`` where they lead, ``loose`` is
    the text outside of code and links, ``cells`` those of each row of each table.
    """

    html: str
    tags: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    attributes: set[str] = field(default_factory=set)
    loose: str = ""
    text: str = ""
    cells: list[int] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.html)
        self.close()
        assert self._open == [], "an element is not closed"

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]
        if tag == "tr":
            self.cells.append(0)
        if tag in {"td", "th"}:
            self.cells[-1] += 1
        if tag not in _VOID:
            self._open.append(tag)

    @override
    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"{tag} ends and was not begun"
        assert self._open.pop() == tag, f"{tag} ends out of turn"

    @override
    def handle_data(self, data: str) -> None:
        self.text += data
        if not _QUIET & set(self._open):
            self.loose += data

    @override
    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def read_page(markdown: str) -> Page:
    """The page that GitHub would make of *markdown*, before it is sanitised."""
    cmarkgfm = pytest.importorskip("cmarkgfm")
    unsafe = cmarkgfm.cmark.Options.CMARK_OPT_UNSAFE
    return Page(cmarkgfm.github_flavored_markdown_to_html(markdown, unsafe))
