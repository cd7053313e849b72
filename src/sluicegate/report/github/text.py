"""Text from outside on GitHub's pages, where it must be nothing but text. Pure.

A summary and a comment are read by people who decide, and written from what commits,
tools, tests and people have said. Nothing of that may become HTML, a link, a picture, a
mention that pings somebody, a reference to an issue, an emoji, a formula, or a further
cell of a table.

All of it goes into *blocks of HTML* (`sluicegate.report.github.page`), which Markdown
leaves alone; there only ``&``, ``<``, ``>`` and quotes mean something. What GitHub does
to plain text afterwards (mentions, ``#1``, ``GH-1``, commits, ``:emoji:``, ``$``) it
does not do within ``<code>``: so every word that is not an ordinary one is put there.

Traps:
    Inside a *line of Markdown*, ``<code>`` would be no protection: there an address
    like ``a@b.c`` becomes a link even if each mark of it is written as a reference.

Source:
    https://github.github.com/gfm/#html-blocks and #autolinks-extension-; GitHub,
    "Autolinked references and URLs", "Writing mathematical expressions".
"""

import html
import re
from collections.abc import Sequence

from sluicegate.report.escape import escape

_BLANK = "\N{NO-BREAK SPACE}"  # a line of it ends no block of HTML

MOST = 300
"""Characters of one text, before it is cut."""

_WORD = "[^\\W\\d_]+(?:['\u2019-][^\\W\\d_]+)*"  # letters of any script
_NUMBER = r"[0-9]{1,6}(?:[.,][0-9]{1,6})?%?"
_SIGN = "[-\u2013\u2014·%+=≤≥…/]|[<>]=?|=="
_ORDINARY = re.compile(f"(?:{_WORD}|{_NUMBER}|{_SIGN})")
_COMMIT = re.compile(r"[0-9a-fA-F]{7,}")
_PARTS = re.compile(r"(?s)([(“]*)(.*?)([.,;:!?)”]*)")
_QUOTED = re.compile(r"`([^`]+)`")  # as tools quote code
_WORDS = re.compile(r"(?<!\S)[(“]*`[^`]+`[.,;:!?)”]*(?!\S)|\S+")
_URL = re.compile(r"https?://[!-~]{1,2000}")
_UNRESERVED = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"
)


def shorten(text: str, most: int = MOST) -> str:
    """*text* on one line, without what does not show, cut to *most* characters."""
    line = escape(" ".join(text[: 4 * most].split())[: most + 1])
    return line if len(line) <= most else f"{line[: most - 1]}…"


def words(text: str, most: int = MOST) -> str:
    """A sentence from outside, as HTML: what is no ordinary word in a fixed width."""
    pieces: list[str] = []
    quoted: list[str] = []

    def close() -> None:
        if quoted:
            pieces.append(f"<code>{html.escape(' '.join(quoted))}</code>")
            quoted.clear()

    for word in _WORDS.findall(shorten(text, most)):
        found = _PARTS.fullmatch(word)
        before, inside, after = found.groups() if found else ("", word, "")
        if "(" in inside and after.startswith(")"):  # f(x), not (f)
            inside, after = f"{inside})", after[1:]
        said = _QUOTED.fullmatch(inside)
        if not inside or _is_ordinary(inside):
            close()
            pieces.append(html.escape(word))
        elif said:
            close()
            pieces.append(f"{before}<code>{html.escape(said[1])}</code>{after}")
        elif before or after:
            if before:
                close()
            quoted.append(inside)
            close()
            pieces[-1] = f"{before}{pieces[-1]}{after}"
        else:
            quoted.append(inside)
    close()
    return " ".join(pieces)


def _is_ordinary(word: str) -> bool:
    return bool(_ORDINARY.fullmatch(word)) and not _COMMIT.fullmatch(word)


def code(text: str, most: int = MOST) -> str:
    """A name or a path from outside, as HTML in a fixed width; empty if it is."""
    written = html.escape(shorten(text, most))
    return f"<code>{written}</code>" if written else ""


def link(inside: str, url: str | None) -> str:
    """*inside*, which is HTML, as a link to *url*; without one, as it is.

    A *url* that is nothing for a browser to go to is none: ``javascript:...``.
    """
    if url is None or not is_url(url):
        return inside
    return f'<a href="{html.escape(url)}">{inside}</a>'


def is_url(text: str) -> bool:
    """Whether *text* is an address that a browser goes to, and nothing else."""
    return _URL.fullmatch(text) is not None


def quote_path(path: str) -> str | None:
    """*path* as part of a URL; None if it would lead anywhere but down.

    A browser resolves ``..`` even where it is written ``%2e%2e``.
    """
    if not path or any(part in {"", ".", ".."} for part in path.split("/")):
        return None
    try:
        data = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return None  # no file has such a name
    return "".join(
        chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in data
    )


def cut_bytes(text: str, most: int) -> str:
    """*text* without what does not show, in at most *most* bytes of UTF-8."""
    line = shorten(text, most)
    if len(line.encode()) <= most:
        return line
    kept = line.encode()[: most - len("…".encode())]
    return kept.decode(errors="ignore") + "…"


def pre(lines: Sequence[str], most: int = 160) -> str:
    """Lines from outside, as HTML that keeps their columns; none of them is empty."""
    shown = (escape(line[:most]).rstrip() or _BLANK for line in lines)
    inside = html.escape("\n".join(shown))
    return f"<pre>{inside}</pre>"
