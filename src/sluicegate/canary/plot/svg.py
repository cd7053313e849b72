"""A small writer of SVG: text, and nothing that a browser would fetch. Pure.

Equal input gives equal bytes. Names of releases and metrics come from whoever wrote
them: text is escaped, and what a viewer would obey or not show is replaced.

Source:
    https://www.w3.org/TR/SVG2/, https://www.w3.org/TR/SVG-access/ (title and desc),
    https://www.w3.org/TR/xml/#charsets (which characters a document may hold).
"""

import unicodedata
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape, quoteattr

_HIDDEN = "\N{REPLACEMENT CHARACTER}"
_SEPARATORS = {"Zl", "Zp"}  # line and paragraph

XY = tuple[float, float]
"""A place on the picture: to the right, and down."""


def element(name: str, *inside: str, **attributes: str | float) -> str:
    """An element; ``class_`` stands for ``class``, ``_`` in names for ``-``."""
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}={quoteattr(_write(value))}"
        for key, value in attributes.items()
    )
    if not inside:
        return f"<{name}{written}/>"
    return f"<{name}{written}>{''.join(inside)}</{name}>"


def text(words: str, at: XY, **attributes: str | float) -> str:
    """*words* at a place, which is the left end of their base line unless told."""
    return element("text", plain(words), x=at[0], y=at[1], **attributes)


def path(parts: Iterable[Sequence[XY]], class_: str) -> str:
    """Lines through the points of each part; a single point becomes a dot."""
    written = "".join(_line(part) for part in parts if part)
    return element("path", d=written, class_=class_) if written else ""


def document(
    inside: Iterable[str], *, size: tuple[int, int], title: str, desc: str, style: str
) -> bytes:
    """The whole picture. *size* in pixels at its natural scale.

    *title* and *desc* are what a screen reader says of it.
    """
    width, height = size
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        f' width="{width}" height="{height}" role="img"'
        ' aria-labelledby="title desc">'
    )
    lines = [
        opening,
        element("title", plain(title), id="title"),
        element("desc", plain(desc), id="desc"),
        element("style", style),
        *(each for each in inside if each),
        "</svg>",
    ]
    return "\n".join((*lines, "")).encode()


def plain(words: str) -> str:
    """*words* as text of an XML document, without a character that shows nothing."""
    seen = "".join(_HIDDEN if _is_hidden(char) else char for char in words)
    return escape(seen)


def _is_hidden(char: str) -> bool:
    category = unicodedata.category(char)
    return category.startswith("C") or category in _SEPARATORS


def _line(points: Sequence[XY]) -> str:
    (x, y), *rest = points
    start = f"M{_write(x)} {_write(y)}"
    if not rest:
        return f"{start}h0"
    return start + "".join(f"L{_write(x)} {_write(y)}" for x, y in rest)


def _write(value: str | float) -> str:
    """A number to a tenth of a pixel, without zeros that say nothing."""
    if isinstance(value, str):
        return value
    written = f"{value:.1f}".removesuffix(".0")
    return "0" if written == "-0" else written
