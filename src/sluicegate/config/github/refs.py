"""Patterns of branches and tags, as GitHub matches them. Pure.

Source:
    GitHub, "Managing environments for deployment": Ruby's File.fnmatch with
    FNM_PATHNAME, where ``*`` does not match ``/``.
"""

import re
from functools import cache

_WILD = re.compile(r"[*?\[]")


def is_pattern(text: str) -> bool:
    """Whether it stands for more than one ref."""
    return _WILD.search(text) is not None


def matches(pattern: str, ref: str) -> bool:
    """Whether *ref* matches *pattern*."""
    return _compile(pattern).fullmatch(ref) is not None


def may_meet(left: str, right: str) -> bool:
    """Whether some ref may match both; two patterns are given the benefit of doubt."""
    if is_pattern(left) and is_pattern(right):
        return True
    return matches(left, right) or matches(right, left)


@cache
def _compile(pattern: str) -> re.Pattern[str]:
    parts = []
    index = 0
    while index < len(pattern):
        char = pattern[index]
        if pattern.startswith("**/", index):
            parts.append("(?:[^/]+/)*")
            index += 3
            continue
        if char == "[" and (end := pattern.find("]", index + 2)) > 0:
            inner = pattern[index + 1 : end].replace("\\", "\\\\")
            negated = inner[0] in "!^"
            parts.append(f"[{'^' if negated else ''}{inner[negated:]}]")
            index = end + 1
            continue
        parts.append({"*": "[^/]*", "?": "[^/]"}.get(char) or re.escape(char))
        index += 1
    try:
        return re.compile("".join(parts))
    except re.error:  # a class that ends before it begins, for instance
        return re.compile(re.escape(pattern))
