"""What others said, for a message: one line, bounded, nothing secret in it. Pure."""

from collections.abc import Iterable

from sluicegate.model.credential import HIDDEN
from sluicegate.model.credential import hide as hide_shapes

_MOST_SHOWN = 300
_SHORTEST_HIDDEN = 4


def say(text: str, secrets: Iterable[str] = ()) -> str:
    """*text* as one line that no terminal obeys, without any of *secrets*.

    What only looks like a credential is hidden as well: servers repeat what they got.
    """
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST_HIDDEN:
            text = text.replace(secret, HIDDEN)
    line = " ".join(
        "".join(char if char.isprintable() else " " for char in text).split()
    )
    line = hide_shapes(line)
    return line if len(line) <= _MOST_SHOWN else f"{line[:_MOST_SHOWN]}…"
