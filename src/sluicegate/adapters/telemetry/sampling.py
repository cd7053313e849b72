"""Which traces are kept, as ``OTEL_TRACES_SAMPLER`` says."""

import math
from collections.abc import Callable
from dataclasses import dataclass

_SAMPLER = "OTEL_TRACES_SAMPLER"
_ARGUMENT = "OTEL_TRACES_SAMPLER_ARG"
_RANDOM_BITS = 56
_RANDOM_DIGITS = _RANDOM_BITS // 4


@dataclass(frozen=True, slots=True)
class Sampling:
    """Which traces are kept. ``ratio`` is the share of those that have no parent."""

    ratio: float = 1.0
    by_parent: bool = True

    def keeps(self, trace_id: str, *, parent: bool | None) -> bool:
        """Whether the trace is kept; *parent* is what its parent decided, if any.

        Source:
            specification, trace/sdk.md, ``ParentBased`` and ``TraceIdRatioBased``; the
            number compared are the last 7 bytes, which are random (W3C Trace Context
            level 2, section 3.2.2.3), as the last 10 of a ULID are.
        """
        if self.by_parent and parent is not None:
            return parent
        return int(trace_id[-_RANDOM_DIGITS:], 16) < self.ratio * (1 << _RANDOM_BITS)


def read_sampling(
    get: Callable[[str], str], ignore: Callable[[str, str], None]
) -> Sampling:
    """Read the variables with *get*; *ignore* hears which cannot be read, and why."""
    wanted = get(_SAMPLER).lower()
    by_parent = not wanted or wanted.startswith("parentbased_")
    match wanted.removeprefix("parentbased_"):
        case "" | "always_on":
            return Sampling(1.0, by_parent)
        case "always_off":
            return Sampling(0.0, by_parent)
        case "traceidratio":
            return Sampling(_ratio(get, ignore), by_parent)
        case _:
            ignore(_SAMPLER, "is not known: parentbased_always_on is taken")
            return Sampling()


def _ratio(get: Callable[[str], str], ignore: Callable[[str, str], None]) -> float:
    try:
        ratio = float(get(_ARGUMENT) or "1")
    except ValueError:
        ratio = math.nan
    if 0 <= ratio <= 1:
        return ratio
    ignore(_ARGUMENT, "is no number from 0 to 1: 1 is taken")
    return 1.0
