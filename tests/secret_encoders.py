"""How secrets come out of programs: encoders, mixtures of them, and splits."""

import base64
import html
import json
import random
import shlex
from collections.abc import Callable
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape, quoteattr

import yaml

Encoder = Callable[[str], str]


def _percent(text: str) -> str:
    """Every byte, as few do it, in lower case."""
    return "".join(f"%{byte:02x}" for byte in text.encode())


def _half_quoted(text: str) -> str:
    return "".join(
        quote(each, safe="") if number % 2 else each
        for number, each in enumerate(text.replace("%", "%25"))
    ).replace("%2525", "%25")


def _code_points(text: str) -> str:
    r"""As JSON may write anything: ``\\u0041``."""
    wide = text.encode("utf-16-be")
    pairs = zip(wide[::2], wide[1::2], strict=True)
    return "".join(f"\\u{first:02x}{second:02X}" for first, second in pairs)


ESCAPES: dict[str, Encoder] = {
    "url": lambda text: quote(text, safe=""),
    "form": quote_plus,
    "url, all of it": _percent,
    "url, half of it": _half_quoted,
    "json": lambda text: json.dumps(text)[1:-1],
    "json, not ASCII": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "json, with slashes": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "json in json": lambda text: json.dumps(json.dumps(text))[3:-3],
    "json, all of it": _code_points,
    "xml": escape,
    "xml attribute": lambda text: quoteattr(text)[1:-1],
    "html": html.escape,
    "decimal": lambda text: "".join(f"&#{ord(each)};" for each in text),
    "hexadecimal": lambda text: "".join(f"&#x{ord(each):X};" for each in text),
    "repr": lambda text: repr(text)[1:-1],
    "repr of bytes": lambda text: repr(text.encode())[2:-1],
    "shell": shlex.quote,
    "shell, by backslashes": lambda text: "".join(
        each if each.isalnum() or each == "\n" else f"\\{each}" for each in text
    ),
    "yaml": lambda text: yaml.safe_dump({"key": text}, allow_unicode=True),
    "yaml, ASCII, narrow": lambda text: yaml.safe_dump(
        {"key": text}, default_style='"', width=20
    ),
    "colours in json": lambda text: json.dumps(
        "".join(f"\x1b[31m{each}\x1b[0m" for each in text)
    )[1:-1],
    "colours": lambda text: "".join(f"\x1b[31m{each}\x1b[0m" for each in text),
}
"""Those that write single characters in another way."""

CODECS: dict[str, Encoder] = {
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 for URLs": lambda text: (
        base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    ),
    "base64 of a login": lambda text: base64.b64encode(f"me:{text}".encode()).decode(),
    "base64 of more": lambda text: base64.b64encode(f"key={text}; b".encode()).decode(),
    "base64 of UTF-16": lambda text: base64.b64encode(
        text.encode("utf-16-le")
    ).decode(),
    "hex": lambda text: text.encode().hex(),
    "HEX": lambda text: text.encode().hex().upper(),
}
"""Those that write all of it in another way."""


def wrap(text: str, width: int, join: str = "\n") -> str:
    """*text* in lines of *width* characters."""
    return join.join(text[at : at + width] for at in range(0, len(text), width))


def split(text: str, by: random.Random) -> str:
    """*text*, broken in some places, as people and programs break lines."""
    breaks = ("\n", "\n  ", "\r\n", "\\\n", " \\\n    ", "\n\n")
    parts = []
    while text:
        size = by.choice((1, 2, 3, 5, 8, 20, 60))
        parts.append(text[:size])
        text = text[size:]
    return by.choice(breaks).join(parts)


_INSIDE = ("json", "json, not ASCII", "url", "xml")
_TWICE = tuple(sorted(CODECS.keys() - {"base64 of UTF-16"}))
NOT_BROKEN = {"colours", "colours in json", "yaml, ASCII, narrow"}
"""Those that nobody breaks once more: between characters, or as they break lines."""
_OUTSIDE = tuple(sorted(ESCAPES.keys() - NOT_BROKEN))


def mix(text: str, by: random.Random) -> tuple[str, list[str]]:
    """*text*, encoded several times, and how: as deep as is promised to be hidden."""
    inside = by.choice(
        (
            [by.choice(_INSIDE), by.choice(sorted(CODECS))],
            [by.choice(sorted(CODECS))],
            [by.choice(_TWICE), by.choice(_TWICE)],
            [],
        )
    )
    names = [*inside, *(by.choice(_OUTSIDE) for _ in range(by.randint(0, 2)))]
    for name in names:
        text = {**ESCAPES, **CODECS}[name](text)
    return text, names
