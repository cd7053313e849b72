"""What Prometheus answers to a query for raw samples. Pure.

Source:
    https://prometheus.io/docs/prometheus/latest/querying/api/, "Instant queries" and
    "Range vectors"; ``isPartial`` is VictoriaMetrics', which leaves out what it could
    not read and calls it a success.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sluicegate.errors import PermanentError, TransientError

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?|Inf|NaN)")
_MOST_SHOWN = 200  # characters


@dataclass(frozen=True, slots=True)
class Series:
    """The samples of one series, oldest first.

    ``samples`` are pairs of the time, in milliseconds since 1970, and of the number as
    it was written.
    """

    labels: Mapping[str, str]
    samples: tuple[tuple[int, str], ...]


def parse_matrix(body: bytes) -> tuple[Series, ...]:
    """Read the series of an answer.

    Raises:
        TransientError: it is not whole, and says so.
        PermanentError: it is no such answer.
    """
    answer = _object(body)
    if answer.get("status") != "success":
        said = show(f"{answer.get('errorType')}: {answer.get('error')}")
        raise PermanentError(f"Prometheus refused the query: {said}")
    warnings = answer.get("warnings")
    if warnings or answer.get("isPartial"):
        said = show(f"{warnings or 'a part is missing'}")
        raise TransientError(f"Prometheus could not read everything: {said}")
    data = answer.get("data")
    result = data.get("result") if isinstance(data, dict) else None
    if not isinstance(data, dict) or data.get("resultType") != "matrix":
        raise _no_answer(body)
    if not isinstance(result, list):
        raise _no_answer(body)
    found = tuple(_series(each) for each in result)
    if len({frozenset(each.labels.items()) for each in found}) < len(found):
        raise PermanentError("Prometheus answered with two series of the same labels")
    return found


def parse_refusal(body: bytes) -> str:
    """What an answer with a status of HTTP that is an error says, for a person."""
    try:
        said = _object(body).get("error")
    except PermanentError:
        said = None
    return show(str(said or body[:_MOST_SHOWN].decode(errors="replace")))


def show(text: str) -> str:
    """*text* as one line of bounded length that no terminal obeys."""
    line = "".join(char if char.isprintable() else " " for char in text).strip()
    return line if len(line) <= _MOST_SHOWN else f"{line[:_MOST_SHOWN]}…"


def _object(body: bytes) -> Mapping[str, object]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _no_answer(body) from error
    if not isinstance(found, dict):
        raise _no_answer(body)
    return found


def _series(entry: object) -> Series:
    labels = entry.get("metric") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(labels, dict):
        raise PermanentError("Prometheus answered with a series without labels")
    if not all(isinstance(value, str) for value in labels.values()):
        raise PermanentError("Prometheus answered with a label that is no text")
    if entry.get("histograms"):
        raise PermanentError(
            f"{show(str(labels))} is a native histogram, which is not read",
            hint="select the _bucket series of a classic one",
        )
    values = entry.get("values")
    if not isinstance(values, list):
        raise PermanentError(f"{show(str(labels))} has no samples")
    samples = tuple(_sample(each) for each in values)
    if any(b[0] <= a[0] for a, b in pairwise(samples)):
        raise PermanentError(f"the samples of {show(str(labels))} do not rise in time")
    return Series(labels, samples)


def _sample(entry: object) -> tuple[int, str]:
    match entry:
        case [int() | float() as seconds, str(value)] if (
            not isinstance(seconds, bool)
            and 0 <= seconds < 1e11  # noqa: PLR2004 - seconds until the year 5138
            and _NUMBER.fullmatch(value)
        ):
            return round(seconds * 1000), value
        case _:
            raise PermanentError(f"Prometheus answered with no sample: {entry!a:.80}")


def _no_answer(body: Sequence[int] | bytes) -> PermanentError:
    return PermanentError(
        f"this is no answer of Prometheus: {bytes(body[:80])!r}",
        hint="the url: is what stands before /api/v1 in the address of its API",
    )
