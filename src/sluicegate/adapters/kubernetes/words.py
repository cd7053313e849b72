"""What a cluster or a plug-in said, made fit for one line of ours."""

import unicodedata

from sluicegate.model.credential import hide

_MOST_SHOWN = 300  # characters


def show(text: str, most: int = _MOST_SHOWN) -> str:
    """*text* as one line of at most *most* characters, nothing of it obeyed or secret.

    What a terminal obeys or what reorders a line becomes a blank (CVE-2021-42574).
    """
    line = "".join(" " if _is_hidden(char) else char for char in hide(text))
    line = " ".join(line.split())
    return line if len(line) <= most else f"{line[:most]}…"


def _is_hidden(char: str) -> bool:
    category = unicodedata.category(char)
    return category.startswith("C") or category in {"Zl", "Zp"}
