r"""Views of a text in which a secret looks the same however it was written.

What quotes, breaks and indents is deleted, and what stands for another character is
replaced by it: so JSON, URLs, XML, shells, YAML and `repr` come out as one, in any
mixture, and so does what is split over lines. Each view knows where in the text each of
its bytes comes from.

Source:
    RFC 3986 section 2.1 (``%XX``); RFC 8259 section 7 (``\uXXXX``); HTML section 13.5
    (named references); Bash manual section 3.1.2.4 (``$'...'``); ECMA-48 section 5.4
    (control sequences).
"""

import re
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache
from typing import Protocol

from typing_extensions import override

_BLANK = bytes(range(0x21)) + b"\x7f"
_QUOTING = _BLANK + b"\\\"'"
_LOOSE = _QUOTING + b"+-"  # also what differs between the alphabets of base64
_ALIKE = bytes.maketrans(b"_", b"/")
_BLOCK = 512
_MOST_ROUNDS = 4  # of escapes in escapes

_ESCAPED = (
    re.compile(rb"%[0-9A-Fa-f]{2}"),
    re.compile(rb"\\[\\nrtuUx0-7]"),
    re.compile(rb"&(?:#[xX]?[0-9A-Fa-f]{1,7}|[A-Za-z][A-Za-z0-9]{1,24});"),
)
# The same, with blanks in between, and more than that: to see fast that there is none.
_MAYBE_ESCAPED = (
    re.compile(rb"%[\x00-\x20]*[0-9A-Fa-f][\x00-\x20]*[0-9A-Fa-f]"),
    re.compile(rb"\\[\x00-\x20]*[\\nrtuUx0-7]"),
    re.compile(rb"&[\x00-\x20]*[#A-Za-z][\x00-\x20#A-Za-z0-9]{1,400};"),
)
_ESCAPE = re.compile(
    rb"%[0-9A-Fa-f]{2}"
    rb"|\\(?:u001[bB]|x1[bB]|033)\[[0-?]{0,64}[ -/]{0,8}[@-~]"  # colours, escaped
    rb"|\\(?:[\\nrt]|u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}"
    rb"|u[0-9A-Fa-f]{4}|u\{[0-9A-Fa-f]{1,6}\}|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2}"
    rb"|[0-7]{1,3})"
    rb"|&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,24});"
)
_UNFINISHED = re.compile(
    rb"(?:%[0-9A-Fa-f]?|\\(?:[uUx][0-9A-Fa-f{]{0,7}|[0-7]{0,2})"
    rb"|&#?[0-9A-Za-z]{0,24}){1,4}\\?\Z"  # the last one continues the line
)
# Each pattern begins with a byte, for which `re` looks fast.
_COLOUR = re.compile(  # and links
    rb"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]|\][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)|[@-_])"
)
_BUILDKIT = re.compile(rb"\n#[0-9]{1,5} [0-9]{1,6}\.[0-9]{1,3} ")
_FIRST_BUILDKIT = re.compile(rb"#[0-9]{1,5} [0-9]{1,6}\.[0-9]{1,3} ")
_HIGH = re.compile(rb"\\\s*x\s*[89A-Fa-f]")

Decode = Callable[[bytes], bytes]
"""Makes of an escape what it stands for."""


class Step(Protocol):
    """A text made out of another one."""

    text: bytes

    def source(self, index: int) -> tuple[int, int]:
        """Which part of the other text the byte at *index* comes from."""
        ...


class Kept(Step):
    """What is left of *before* without the bytes *deleted*."""

    def __init__(
        self, before: bytes, deleted: bytes, alike: bytes | None = None
    ) -> None:
        self.before, self._deleted = before, deleted
        self.text = before.translate(alike, deleted)

    @cached_property
    def _counts(self) -> list[int]:
        """How many bytes are kept before each block."""
        counts, total = [0], 0
        for start in range(0, len(self.before), _BLOCK):
            block = self.before[start : start + _BLOCK]
            total += len(block.translate(None, self._deleted))
            counts.append(total)
        return counts

    @override
    def source(self, index: int) -> tuple[int, int]:
        block = bisect_right(self._counts, index) - 1
        left = index - self._counts[block]
        start = block * _BLOCK
        for place, byte in enumerate(self.before[start : start + _BLOCK], start):
            if byte not in self._deleted:
                if left == 0:
                    return place, place + 1
                left -= 1
        raise IndexError(index)


class Replaced(Step):
    """*before* with every match of *pattern* replaced by what *decode* makes of it."""

    def __init__(
        self, before: bytes, pattern: re.Pattern[bytes], decode: Decode
    ) -> None:
        self._before, self._pattern, self._decode = before, pattern, decode
        self.text = pattern.sub(  # a constant is put in without a call for each
            b"" if decode is _nothing else lambda found: decode(found[0]), before
        )

    @cached_property
    def _places(self) -> tuple[list[int], list[tuple[int, int]], list[int]]:
        """Where each replacement begins, what it replaces, and where it ends."""
        begins, replaced, ends = [0], [(0, 0)], [0]
        for found in self._pattern.finditer(self._before):
            begin = ends[-1] + found.start() - replaced[-1][1]
            begins.append(begin)
            replaced.append(found.span())
            ends.append(begin + len(self._decode(found[0])))
        return begins, replaced, ends

    @override
    def source(self, index: int) -> tuple[int, int]:
        begins, replaced, ends = self._places
        at = bisect_right(begins, index) - 1
        if index < ends[at]:
            return replaced[at]
        place = replaced[at][1] + index - ends[at]
        return place, place + 1


class View:
    """The text of *last*, made out of the last of *steps*, and each out of another."""

    def __init__(self, *steps: Step, last: Kept) -> None:
        self.text = last.text
        self._steps = (*steps, last)
        self._last = last

    @property
    def finished(self) -> bytes:
        """The text without an escape at its end that may go on in the next line."""
        end = self._last.before[-_BLOCK:].translate(None, _BLANK)
        found = _UNFINISHED.search(end)
        return (
            self.text[: len(self.text) - len(loosen(found[0]))] if found else self.text
        )

    def source(self, start: int, end: int) -> tuple[int, int]:
        """The part of the first text that ``text[start:end]`` comes from."""
        for step in reversed(self._steps):
            start, end = step.source(start)[0], step.source(end - 1)[1]
        return start, end


def loosen(text: bytes) -> bytes:
    """The simplest view of *text*: without what quotes, breaks and indents."""
    return text.translate(_ALIKE, _LOOSE)


def views(text: bytes) -> Iterator[View]:
    """All views of *text* that differ, the simplest first."""
    yield View(last=Kept(text, _LOOSE, _ALIKE))
    steps: list[Step] = []
    for decor in _decor(text):
        plain = Replaced(text, decor, _nothing)
        if plain.text != text:
            steps.append(plain)
            text = plain.text
    if not (b"%" in text or b"\\" in text or b"&" in text):
        if steps:
            yield View(*steps, last=Kept(text, _LOOSE, _ALIKE))
        return
    # A backslash before a break continues the line, or escapes what follows the break.
    # A byte, where bytes are written; in YAML and for a Python string, a character.
    decoders = (_decode, _decode_character) if _HIGH.search(text) else (_decode,)
    joined = dict.fromkeys((_without_continuations(text), text))
    all_kept = [Kept(each, _BLANK) for each in joined]
    if b"\\" in text and (b"&" in text or b"%" in text):
        all_kept.append(Kept(text, _QUOTING))  # a shell's, around escapes of others
    if steps and not any(is_escaped(kept.text) for kept in all_kept):
        yield View(*steps, last=Kept(text, _LOOSE, _ALIKE))
    for kept in all_kept:
        for decode in decoders:
            yield from _unescaped([*steps, kept], decode)


def _decor(text: bytes) -> Iterator[re.Pattern[bytes]]:
    """What may stand between the characters and the lines of *text*."""
    if b"\x1b" in text:
        yield _COLOUR
    if b"\n#" in text:
        yield _BUILDKIT
    if text.startswith(b"#"):
        yield _FIRST_BUILDKIT


def _unescaped(steps: list[Step], decode: Decode) -> Iterator[View]:
    for _ in range(_MOST_ROUNDS):
        if not is_escaped(steps[-1].text):
            return
        text = steps[-1].text
        only_percent = not (_ESCAPED[1].search(text) or _ESCAPED[2].search(text))
        pattern = _ESCAPED[0] if only_percent else _ESCAPE
        steps.append(Replaced(text, pattern, decode))
        yield View(*steps, last=Kept(steps[-1].text, _LOOSE, _ALIKE))


def is_plain(text: bytes) -> bool:
    """Whether *text* certainly has one view only, that of `loosen`."""
    if b"\x1b" in text or b"\n#" in text or text[:1] == b"#":
        return False
    has_slash = b"\\" in text
    if not (has_slash or b"%" in text or b"&" in text):
        return True
    if has_slash and (b"%" in text or b"&" in text):
        return False
    return not any(pattern.search(text) for pattern in _MAYBE_ESCAPED)


def loosen_finished(text: bytes) -> bytes:
    """`loosen` of *text* without an escape at its end that may go on."""
    loose = loosen(text)
    end = text[-_BLOCK:].translate(None, _BLANK)
    if not (b"%" in end or b"\\" in end or b"&" in end):
        return loose
    found = _UNFINISHED.search(end)
    return loose[: len(loose) - len(loosen(found[0]))] if found else loose


def is_escaped(text: bytes) -> bool:
    """Whether anything in *text* stands for another character."""
    return any(pattern.search(text) for pattern in _ESCAPED)


def _without_continuations(text: bytes) -> bytes:
    """A backslash at the end of a line is no part of what follows; it becomes blank."""
    if b"\\" in text and (b"\\\n" in text or b"\\\r\n" in text):
        return text.replace(b"\\\n", b"\n\n").replace(b"\\\r\n", b"\n\n\n")
    return text


def _nothing(_found: bytes) -> bytes:
    return b""


@lru_cache(maxsize=4096)
def _decode(escape: bytes) -> bytes:
    """What *escape* stands for, in UTF-8; nothing where it is a break or decor."""
    match escape[:1], escape[1:2]:
        case b"\\", _ if b"[" in escape:
            return b""
        case b"%", _:
            return bytes.fromhex(escape[1:].decode())
        case b"&", _:
            return _entity(escape)
        case _:
            return _unslash(escape)


def _unslash(escape: bytes) -> bytes:
    match escape[1:2]:
        case b"u" if len(escape) == len(r"\ud800\udc00"):
            pair = bytes.fromhex((escape[2:6] + escape[8:]).decode())
            return pair.decode("utf-16-be").encode()
        case b"u" | b"U":
            return _character(int(escape[2:].strip(b"{}"), 16))
        case b"x":
            return bytes.fromhex(escape[2:].decode())
        case b"\\":
            return b"\\"
        case digit if digit.isdigit():
            return bytes([int(escape[1:], 8) & 0xFF])
        case _:
            return b""


def _decode_character(escape: bytes) -> bytes:
    r"""As `_decode`, but what ``\xFC`` stands for is a character, and not a byte."""
    if escape.startswith(b"\\x") and b"[" not in escape:
        return chr(bytes.fromhex(escape[2:].decode())[0]).encode()
    return _decode(escape)


def _entity(escape: bytes) -> bytes:
    if escape[1:2] != b"#":
        from html.entities import html5  # noqa: PLC0415 - large, and seldom needed

        return html5.get(escape[1:].decode(), escape.decode()).encode()
    is_hex = escape[2:3] in b"xX"
    return _character(int(escape[3:-1], 16) if is_hex else int(escape[2:-1]))


def _character(code: int) -> bytes:
    return chr(code).encode("utf-8", "surrogatepass") if code <= sys.maxunicode else b""
