"""Text from outside in Markdown, where it must be nothing but text.

A table of a job summary or a pull request is read by people who decide. What an entry
says must not become a link, a mention, a picture, HTML or a further cell of it.
"""

import re

from sluicegate.report.escape import escape

_MEANS_NOTHING = re.compile(r"[^A-Za-z0-9 ,-]")


def code_cell(text: str) -> str:
    """*text* as a cell of a table, in a fixed width; empty if it is.

    Every mark is written as a reference to its character: Markdown gives those no
    meaning, and whatever a code host does to plain text (mentions, references to
    issues), it does not do within ``<code>``. Only an address (``a@b.c``) is made a
    link of after references are read, so its ``@`` stands in an element of its own.

    Source:
        https://spec.commonmark.org/0.31.2/#entity-and-numeric-character-references
        ("cannot be used in place of symbols indicating structure");
        https://github.github.com/gfm/#extended-email-autolink.
    """
    written = _MEANS_NOTHING.sub(_refer, escape(text))
    return f"<code>{written}</code>" if written else ""


def _refer(found: re.Match[str]) -> str:
    character = found[0]
    if character == "@":
        return "<span>&#64;</span>"
    return f"&#{ord(character)};" if character.isascii() else character
