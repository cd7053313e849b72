"""Text from outside, made harmless for a terminal.

File names, test names and commit messages can hold control characters that move the
cursor or change colours, and Unicode that reorders a line (CVE-2021-42574). What a
person reads must be what is there.
"""

import unicodedata

_SEPARATORS = {"Zl", "Zp"}  # line and paragraph


def escape(text: str) -> str:
    r"""Write what a terminal obeys or does not show as escapes like ``\x1b``.

    Tabs become spaces: they are harmless, and tools are fond of them.
    """
    if text.isascii() and text.isprintable():
        return text
    text = text.expandtabs()
    return "".join(
        _written(ord(char)) if _is_hidden(unicodedata.category(char)) else char
        for char in text
    )


def _is_hidden(category: str) -> bool:
    return category.startswith("C") or category in _SEPARATORS


def _written(code: int) -> str:
    for form, digits in (("\\x", 2), ("\\u", 4)):
        if code < 16**digits:
            return f"{form}{code:0{digits}x}"
    return f"\\U{code:08x}"
