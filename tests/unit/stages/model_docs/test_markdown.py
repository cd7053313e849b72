"""Unit tests of `sluicegate.stages.model_docs.markdown`, beside GitHub's own parser."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from sluicegate.stages.model_docs.markdown import Section, plain, read_sections


def titles(text: str) -> list[tuple[int, str]]:
    return [(each.level, each.title) for each in read_sections(text) if each.level]


def lines(text: str) -> list[str]:
    return [line.text for section in read_sections(text) for line in section.lines]


def test_headings_of_both_kinds_part_the_text() -> None:
    found = read_sections("before\n\n# One ##\ntext\n\nTwo\n---\n### *Three* `x`\n")

    assert [(each.level, each.title, each.number) for each in found] == [
        (0, "", 1),
        (1, "One", 3),
        (2, "Two", 6),
        (3, "Three x", 8),
    ]


def test_what_is_not_seen_is_left_out() -> None:
    text = """\
<!-- # Hidden
also hidden --> # Not a heading
```yaml
# a comment
```
~~~
TODO
~~~
<script>
TODO
</script>
    # code
#hash
\\# escaped
<div>
# raw
</div>

seen <!-- not --> too
"""
    assert titles(text) == []
    assert "TODO" not in " ".join(lines(text))
    assert "seen too" in lines(text)


def test_no_unclosed_comment_within_a_paragraph_hides_what_follows() -> None:
    assert "TODO" in lines("text <!-- here\n\nTODO\n")
    assert "TODO" not in lines("<!-- here\n\nTODO\n")


def test_code_ends_with_the_quotation_or_the_item_that_it_is_in() -> None:
    assert "TODO" in lines("> ```\n> x\n\nTODO\n")
    assert "TODO" in lines("- ```\n  x\nTODO\n")


def test_a_table_has_a_head_and_rows() -> None:
    (section,) = read_sections(
        "| Metric | Value |\n|:--|--:|\n| accuracy | **0.871** |\n| a\\|b | `x` |\n"
    )
    (table,) = section.tables

    assert table.head.cells == ("Metric", "Value")
    assert [row.cells for row in table.rows] == [("accuracy", "0.871"), ("a|b", "x")]
    assert [row.number for row in table.rows] == [3, 4]


def test_markup_is_not_what_is_read() -> None:
    assert plain("**Bold** [link](x) ![i](y) <b>t</b> &amp; \u200bz a_b _c_") == (
        "Bold link i t & z a_b c"
    )
    assert plain("`code` text") == "text"


class _Headings(HTMLParser):
    """The headings of a page that no list or quotation holds."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, str]] = []
        self._open = 0

    @override
    def handle_starttag(self, tag: str, attrs: object) -> None:
        if re.fullmatch("h[1-6]", tag):
            self._open = int(tag[1])
            self.found.append((self._open, ""))

    @override
    def handle_endtag(self, tag: str) -> None:
        if re.fullmatch("h[1-6]", tag):
            self._open = 0

    @override
    def handle_data(self, data: str) -> None:
        if self._open:
            level, text = self.found[-1]
            self.found[-1] = level, text + data


_LINES = st.sampled_from(
    [
        *("# One", "## Two ##", "Three", "===", "---", "", "", "text", "- item"),
        *("    # code", "```", "~~~", "<!--", "-->", "<div>", "</div>", "> quote"),
        *("1. first", "  - more", "| a | b |", "|---|---|", "#no", "***", "<pre>"),
        *("</pre>", "a <!-- b", "<? x", "?>", "> # Quoted", "- # In an item", "* * *"),
        *("<script>", "</script>", "a | b", "\t# tab", "> ```", "- ```", "#", "<b>"),
    ]
)


@settings(deadline=None, max_examples=100)
@given(parts=st.lists(_LINES, max_size=12))
def test_every_heading_that_is_read_is_one_for_github(parts: list[str]) -> None:
    text = "\n".join(parts)
    cmarkgfm = pytest.importorskip("cmarkgfm")
    parser = _Headings()
    options = cmarkgfm.cmark.Options.CMARK_OPT_UNSAFE
    parser.feed(cmarkgfm.github_flavored_markdown_to_html(text, options=options))

    theirs = [(level, plain(shown)) for level, shown in parser.found]
    for each in titles(text):
        assert each in theirs, text
        theirs.remove(each)


@given(text=st.text(max_size=200))
def test_no_text_raises(text: str) -> None:
    found = read_sections(text)

    assert isinstance(found[0], Section)
    assert all(section.words() >= 0 for section in found)
