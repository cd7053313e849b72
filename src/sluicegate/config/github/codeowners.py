"""Who must review a change of which file, by CODEOWNERS. Pure.

Source:
    GitHub, "About code owners": the last pattern that matches decides, a pattern
    without owners leaves a file to nobody; no ``!``, no ``[``, no escape of ``#``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where GitHub looks for the file; the first that is there counts."""


_WILD = {"**/": "(?:.*/)?", "/**": "/.*", "*": "[^/]*", "?": "[^/]"}


@dataclass(frozen=True, slots=True)
class Rule:
    """A line: whose review a change of what matches needs."""

    line: int
    pattern: str
    owners: tuple[str, ...]


def parse_codeowners(text: str) -> tuple[Rule, ...]:
    """The rules of the file, in its order."""
    return tuple(_rules(text))


def owners_of(rules: tuple[Rule, ...], path: str) -> tuple[str, ...]:
    """Who owns the file *path*, from the repository's root; nobody is empty."""
    for rule in reversed(rules):
        if _compile(rule.pattern).match(path):
            return rule.owners
    return ()


def _rules(text: str) -> Iterator[Rule]:
    for number, line in enumerate(text.splitlines(), start=1):
        words = re.split(r"(?<!\\)\s+", line.strip())
        if words == [""] or words[0].startswith("#"):
            continue
        owners = []
        for word in words[1:]:
            if word.startswith("#"):
                break
            owners.append(word)
        yield Rule(number, words[0].replace("\\ ", " "), tuple(owners))


def _compile(pattern: str) -> re.Pattern[str]:
    """As .gitignore has it: a slash within anchors it, a folder holds what is below."""
    body = pattern.strip("/")
    anchored = "/" in pattern.rstrip("/")
    parts = [
        _WILD.get(part) or re.escape(part)
        for part in re.split(r"(\*\*/|/\*\*|\*|\?)", body)
    ]
    below = "/.+" if pattern.endswith("/") else "(?:/.+)?"
    if pattern.endswith("/*"):  # the files of a folder, and none of its folders
        below = ""
    return re.compile(f"{'' if anchored else '(?:.*/)?'}{''.join(parts)}{below}$")
