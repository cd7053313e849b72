"""How a secret may look in a text, once the text is seen by `views`.

What escapes single characters is the same in a view; so these are the forms that
change all of it: base64 at any place of a larger text, hexadecimal, lists of numbers,
and these in each other.
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

from sluicegate.adapters.hiding.views import loosen, views

SHORTEST_LOOSE = 8  # bytes of a view: less would be found in what is no secret
_SHORTEST_EXACT = 4
_SHORTEST_LINE = 8  # of a secret of several lines, such as a key
_MOST_LINES = 1024
_SHORTEST_NESTED = 12
_LONGEST_NESTED = 256  # bytes: of longer ones not every form in a form is looked for
_LONGEST_ENCODED = 1 << 16
_ARMOUR = re.compile(r"^-----[^\n]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Forms:
    """``loose`` are looked for in views; ``exact``, of short secrets, in the text."""

    loose: frozenset[bytes]
    exact: frozenset[bytes]


def forms_of(secrets: Iterable[str]) -> Forms:
    """All forms of all *secrets*."""
    loose: set[bytes] = set()
    exact: set[bytes] = set()
    for secret in secrets:
        for piece in dict.fromkeys(_pieces(secret)):
            views_of_it = _loose_forms(piece)
            found = {form for form in views_of_it if len(form) >= SHORTEST_LOOSE}
            loose |= found
            if len(loosen(encode(piece))) < SHORTEST_LOOSE:
                forms = _exact_forms(piece)
                exact |= {each for each in forms if len(each) >= _SHORTEST_EXACT}
    return Forms(frozenset(loose), frozenset(exact))


def encode(text: str) -> bytes:
    """The bytes that a variable had: it need not be text."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _pieces(secret: str) -> Iterator[str]:
    """What is hidden of *secret*: not the armour of a key, and each line by itself."""
    bodies = [body.strip() for body in _ARMOUR.split(secret.strip())]
    yield from (body for body in bodies if body)
    lines = [line.strip() for line in secret.splitlines()]
    if len(lines) > 1:
        parts = [each for each in lines if not each.startswith("-----")]
        yield from [each for each in parts if len(each) >= _SHORTEST_LINE][:_MOST_LINES]


def _exact_forms(piece: str) -> Iterator[bytes]:
    yield from _spellings(piece)
    yield quote_plus(piece, errors="surrogatepass").encode()
    yield repr(piece)[1:-1].encode("utf-8", "surrogatepass")
    for encoded in _whole_base64(encode(piece)):
        yield encoded
        yield encoded.replace(b"+", b"-").replace(b"/", b"_")


def _loose_forms(piece: str) -> Iterator[bytes]:
    raw = encode(piece)
    spellings = list(dict.fromkeys(_spellings(piece)))
    for spelling in spellings:
        yield from (view.text for view in views(spelling))
    if len(raw) > _LONGEST_ENCODED:
        yield from map(loosen, _base64(raw))
        return
    for spelling in (*spellings, *_wide(piece)):
        yield from map(loosen, (*_base64(spelling), *_hex(spelling)))
    yield from map(loosen, _whole_base64(raw))
    if len(raw) > _LONGEST_NESTED:
        return
    yield ",".join(map(str, raw)).encode()
    for inner in (*_base64(raw), *_hex(raw)):
        if len(inner) >= _SHORTEST_NESTED:
            for alike in {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}:
                yield from map(loosen, (*_base64(alike), *_hex(alike)))


def _spellings(piece: str) -> Iterator[bytes]:
    """*piece* as texts spell it: what is encoded again may have been escaped before."""
    yield encode(piece)
    shown = encode(piece).decode(errors="replace")  # as a line of output is decoded
    yield shown.encode()
    if not piece.isascii():
        yield piece.encode("utf-8", "surrogatepass")
        with suppress(UnicodeEncodeError):
            yield piece.encode("latin-1")
    yield json.dumps(shown)[1:-1].encode()
    yield json.dumps(shown, ensure_ascii=False)[1:-1].encode()
    yield quote(encode(piece), safe="").encode()
    yield escape(shown).encode()
    yield escape(shown, {'"': "&quot;"}).encode()
    yield escape(shown, {'"': "&quot;", "'": "&#x27;"}).encode()
    if "\n" in piece:
        yield encode(piece.replace("\r\n", "\n").replace("\n", "\r\n"))


def _wide(piece: str) -> Iterator[bytes]:
    """As PowerShell encodes a command."""
    yield piece.encode("utf-16-le", "surrogatepass")


def _base64(data: bytes) -> Iterator[bytes]:
    """What is the same wherever *data* stands in a larger text that is encoded.

    Source:
        RFC 4648 section 4: a character has 6 bits, and only those that *data* has all
        bits of are its own.
    """
    for offset in range(3):
        encoded = base64.b64encode(bytes(offset) + data)
        yield encoded[-(-8 * offset // 6) : 8 * (offset + len(data)) // 6]


def _whole_base64(data: bytes) -> Iterator[bytes]:
    encoded = base64.b64encode(data)
    yield encoded
    yield encoded.rstrip(b"=")


def _hex(data: bytes) -> Iterator[bytes]:
    yield data.hex().encode()
    yield data.hex().upper().encode()
