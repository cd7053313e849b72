"""Unit tests of `sluicegate.stages.model_docs.placeholder`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.stages.model_docs.placeholder import (
    find_placeholder,
    is_left,
    template_lines,
)


@pytest.mark.parametrize(
    "text",
    [
        *("TODO", "TODO: write this", "todo: write", "tbd", "(TBD)", "TBC.", "FIXME"),
        *("[More Information Needed]", "more information needed", "Lorem ipsum dolor"),
        *(
            "{{ model_description }}",
            "{% if x %}",
            "[Describe the data]",
            "[Your name]",
        ),
        *("<MODEL_NAME>", "<your model>", "<name of the owner>", "...", "…", "???"),
        *("XXX", "To be determined.", "This will be written: to be written", "N: WIP"),
        *("Fill this in", "insert text", "Coming soon!", "changeme", "unknown", "____"),
        "Users should be made aware of the risks, biases and limitations of the model",
    ],
)
def test_what_a_template_leaves_is_found(text: str) -> None:
    assert find_placeholder(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "Todo el mundo lo usa.",
            "An unknown customer is refused.",
            "2 < x and y > 3",
        ),
        *("[our data](data/README.md)", "[the report][1]", "<https://example.com/a>"),
        *("<br>", '<img src="x.png" alt="the curve">', "<b>bold</b>", "wait... what"),
        *(
            "Missing values are filled by a placeholder.",
            "mastodon",
            "MIT",
            "Apache-2.0",
        ),
        *("{a, b}", "a list of [1, 2]", "The XX chromosome", "see [list](a.md)"),
    ],
)
def test_what_somebody_has_written_is_not(text: str) -> None:
    assert find_placeholder(text) is None


def test_a_line_of_the_template_is_known_however_it_is_wrapped_in_markup() -> None:
    template = template_lines(["Say who it is for, and why.", "## Owner", "One two."])

    assert is_left("say who it is for and why", template)
    assert not is_left("Say who it is for, and why not.", template)
    assert not is_left("One two.", template)


@given(text=st.text(max_size=60), more=st.text(max_size=60))
def test_a_mark_is_found_in_any_text(text: str, more: str) -> None:
    assert find_placeholder(f"{text} TODO {more}")
