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


class CutError(Exception):
    """No answer, or not all of it. ``arrived``: the request may have done its work."""

    def __init__(self, why: str, *, arrived: bool) -> None:
        super().__init__(why)
        self.arrived = arrived


@dataclass(frozen=True, slots=True)
class Limits:
    """How long an answer may take: to connect and between bytes, and in all."""

    socket_seconds: tuple[float, float] = (10.0, 30.0)
    total_seconds: float = 90.0
    bytes: int = 64 << 20
