"""Unit tests of `sluicegate.canary.plot.svg`."""

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from sluicegate.canary.plot.svg import document, element, path, text

NAMESPACE = "{http://www.w3.org/2000/svg}"


@given(st.text())
def test_any_text_makes_a_document_that_holds_nothing_else(words: str) -> None:
    data = document(
        [text(words, (1, 2))], size=(10, 20), title=words, desc=words, style=""
    )

    root = ET.fromstring(data)  # noqa: S314 - our own
    assert [each.tag.removeprefix(NAMESPACE) for each in root] == [
        "title",
        "desc",
        "style",
        "text",
    ]
    assert root.attrib["aria-labelledby"] == "title desc"


def test_what_shows_nothing_or_turns_a_line_around_is_replaced() -> None:
    assert "a\ufffdb\ufffd" in text("a\x1bb\u202e", (0, 0))


def test_numbers_have_at_most_a_tenth_and_no_sign_for_nothing() -> None:
    assert element("rect", x=1.25, y=-0.01, width=3.0) == (
        '<rect x="1.2" y="0" width="3"/>'
    )


def test_a_line_of_one_point_is_a_dot_and_of_none_is_left_out() -> None:
    assert path([[(1, 2)], [], [(3, 4), (5, 6)]], "m") == (
        '<path d="M1 2h0M3 4L5 6" class="m"/>'
    )
    assert path([[]], "m") == ""
