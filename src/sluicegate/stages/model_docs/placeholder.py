"""What a template has left for somebody to fill in, and nobody did. Pure."""

import re
from collections.abc import Iterable, Iterator

from sluicegate.stages.model_docs.markdown import count_words
from sluicegate.stages.model_docs.parts import words_of

_LATER = (
    *("added", "announced", "completed", "confirmed", "decided", "defined", "done"),
    *("determined", "filled", "provided", "specified", "written"),
)
_ORDERS = (
    *("add", "date", "describe", "enter", "explain", "insert", "link", "list"),
    *("name of", "optional text", "placeholder", "provide", "specify", "your"),
)
_ALONE = (
    *("todo", "fixme", "tbd", "tbc", "tba", "wip", "xx+", "placeholder", "unknown"),
    *("coming soon", "work in progress", r"change\s?me"),
)
_FILL = (
    *("fill (?:me|this|it) in", "insert (?:text|your|here)", "your text here"),
    *("(?:description|text|name|details) goes? here", "replace (?:me|this)"),
    *("lorem ipsum", "more information (?:is )?needed", "changeme"),
    # The texts of Hugging Face's template that are no comments.
    "this model ?card aims to be a base template for new models",
    "should be made aware of the risks, biases and limitations of the model",
)
_TAGS = ("your", "insert", "name", "describe", "model", "the", "an?", "what", "who")
_MARKS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\b(?:TODO|FIXME|TBD|TBC|TBA|XXX+|WIP)\b",
        r"(?i)\b(?:todo|fixme|tbd|tbc|tba)\s*:",
        rf"(?i)^\W*(?:{'|'.join(_ALONE)})\W*$",
        rf"(?i)\bto be (?:{'|'.join(_LATER)})\b",
        rf"(?i)\b(?:{'|'.join(_FILL)})\b",
        r"\{\{.*?\}\}|\{%.*?%\}",
        rf"(?i)\[(?:{'|'.join(_ORDERS)})\b[^\]]*\](?![(\[])",
        r"<[A-Z][A-Z0-9_ -]{2,}>",
        rf"(?i)<(?:{'|'.join(_TAGS)})\b[^<>=/]*>",
        r"^\W*(?:\.\.\.|…|\?{2,}|_{3,})\W*$",
    )
)
_LEAST_WORDS = 4  # shorter lines of a template are headings and names


def find_placeholder(text: str) -> str | None:
    """The placeholder in *text*, as it is written; None if there is none."""
    for mark in _MARKS:
        found = mark.search(text)
        if found is not None:
            return found[0].strip()
    return None


def template_lines(texts: Iterable[str]) -> frozenset[str]:
    """The lines of a template that nobody would write by chance."""
    return frozenset(_tellings(texts))


def is_left(text: str, template: frozenset[str]) -> bool:
    """Whether *text* is a line of *template*, left as it was."""
    return any(line in template for line in _tellings((text,)))


def _tellings(texts: Iterable[str]) -> Iterator[str]:
    return (
        " ".join(words_of(text)) for text in texts if count_words(text) >= _LEAST_WORDS
    )
