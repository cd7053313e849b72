"""Looks for secrets by decoding whatever can be decoded: as a thief would.

It shares nothing with what hides them, which goes the other way round.
"""

import base64
import binascii
import html
import re
from collections.abc import Collection, Iterator
from urllib.parse import unquote_to_bytes

_ANSI = re.compile(rb"\x1b\[[0-9;]*m")
_BREAK = re.compile(rb"[ \t]*\\?\r?\n[ \t]*")
_BUILDKIT = re.compile(rb"(?m)^#\d+ \d+\.\d+ ")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{8,}")
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2}){6,}")
_SLASHED = re.compile(
    rb"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|U([0-9a-fA-F]{8})|(.))", re.DOTALL
)
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_LETTERS = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}


def find(secret: str, data: bytes, depth: int = 4) -> bool:
    """Whether *secret* can be got out of *data* by *depth* steps of decoding."""
    return bool(find_all([secret], data, depth))


def find_all(secrets: Collection[str], data: bytes, depth: int) -> set[str]:
    """Those of *secrets* that can."""
    found: set[str] = set()
    for text in _all_decoded(data, depth):
        found |= {
            secret
            for secret in secrets
            if any(
                each in text
                for plain in (secret.encode(), secret.encode("utf-16-le"))
                for each in (plain, _without_breaks(plain))
            )
        }
    return found


def _all_decoded(data: bytes, depth: int) -> Iterator[bytes]:
    seen = {data}
    layer = [data]
    for _ in range(depth + 1):
        yield from layer
        layer = list(
            dict.fromkeys(
                made for text in layer for made in _decoded(text) if made not in seen
            )
        )
        seen.update(layer)


def _without_breaks(text: bytes) -> bytes:
    return _BREAK.sub(b"", text)


def _decoded(text: bytes) -> Iterator[bytes]:
    if b"\n" in text:
        yield _without_breaks(text)
    if b"\x1b" in text:
        yield _ANSI.sub(b"", text)
    if _BUILDKIT.search(text):
        yield _BUILDKIT.sub(b"", text)
    if b"%" in text or b"+" in text:
        yield unquote_to_bytes(text)
        yield unquote_to_bytes(text.replace(b"+", b" "))
    if b"&" in text:
        yield html.unescape(text.decode(errors="replace")).encode()
    if b"\\" in text:
        yield _unslash(text, of_bytes=True)
        yield _unslash(text, of_bytes=False)
    if b"'\"'\"'" in text:
        yield text.replace(b"'\"'\"'", b"'")
    if b"''" in text:
        yield text.replace(b"''", b"'")
    yield from _encoded_words(text)


def _encoded_words(text: bytes) -> Iterator[bytes]:
    for found in _BASE64.finditer(text):
        word = found[0].replace(b"-", b"+").replace(b"_", b"/")
        for start in range(4):
            part = word[start:]
            part = part[: len(part) - (len(part) % 4 == 1)]
            yield base64.b64decode(part + b"=" * (-len(part) % 4))
    for found in _HEX.finditer(text):
        for start in range(2):
            part = found[0][start:]
            try:
                yield binascii.unhexlify(part[: len(part) // 2 * 2])
            except binascii.Error:
                continue


def _unslash(text: bytes, *, of_bytes: bool) -> bytes:
    def decode(found: re.Match[bytes]) -> bytes:
        for group in (1, 2, 3):
            if found[group]:
                code = int(found[group], 16)
                if group == 2 and of_bytes:
                    return bytes([code])
                return chr(code).encode("utf-8", "surrogatepass")
        return _LETTERS.get(found[4], found[4])

    made = _SLASHED.sub(decode, text)
    if b"\xed" not in made:
        return made
    shown = made.decode("utf-8", "surrogatepass") if _is_text(made) else ""
    return _PAIR.sub(
        lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), shown
    ).encode("utf-8", "surrogatepass")


def _is_text(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True
