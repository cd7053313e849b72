"""Numbers and names in sentences and comments."""


def count(number: int, thing: str) -> str:
    """``1 file``, ``2 files``."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def printable(text: str) -> str:
    """*text* on one line: a file's name may hold line breaks and escape codes."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)
