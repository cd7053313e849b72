"""Comments and values of a pipeline file as text. Pure."""

import re
from collections.abc import Iterator

_WIDTH = 88
_PLAIN = re.compile(r"(?:\.\./)*(?:\.\.|/|/?[A-Za-z][A-Za-z0-9_./-]*)")
_WORDS_OF_YAML = frozenset({"true", "false", "null"})


def quoted(text: str) -> str:
    """*text* as a YAML scalar inside of braces."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS_OF_YAML:
        return text
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(sign: str) -> str:
    """One character inside of double quotes.

    Source:
        YAML 1.2.2, section 5.7.
    """
    if sign in {'"', "\\"}:
        return f"\\{sign}"
    return sign if sign.isprintable() else f"\\U{ord(sign):08x}"


def comment(text: str, indent: str = "", hanging: str = "") -> Iterator[str]:
    """*text* as comment lines of at most 88 characters, where its words allow it.

    All lines but the first are moved in by *hanging*.
    """
    start = line = f"{indent}#"
    for word in text.split(" "):
        if len(line) + 1 + len(word) > _WIDTH and line != start:
            yield line
            start = line = f"{indent}#{hanging}"
        line += f" {word}"
    yield line
