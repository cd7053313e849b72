"""What may become of a document that is sent."""

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a document.

    ``fault`` says why it, or ``rejected`` of its records, was not taken; "" if all
    were. ``again_seconds`` is after how long to try again: infinite for never, 0 for
    whenever the sender likes.
    """

    fault: str = ""
    rejected: int = 0
    again_seconds: float = math.inf

    @property
    def is_taken(self) -> bool:
        """Whether the server has it; it may have refused some records."""
        return not self.fault or self.rejected > 0


Post = Callable[[bytes, float], Delivery]
"""Sends a document within so many seconds, as far as that can be seen to."""
