"""What comes back over the wire, as far as anything looks at it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    """A request: *target* is its path with its query; ``body`` None is none."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes | None = None

    @property
    def path(self) -> str:
        """Its path alone."""
        return self.target.partition("?")[0]

    @property
    def is_write(self) -> bool:
        """Whether doing it twice may not be the same as doing it once."""
        return self.method not in {"GET", "HEAD"}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: the names of ``headers`` are in small letters; ``body`` is bounded."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_good(self) -> bool:
        """Whether it was done."""
        return 200 <= self.status < 300  # noqa: PLR2004 - HTTP's classes of answers
