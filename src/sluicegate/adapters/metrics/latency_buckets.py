"""How the edge of a bucket is written in the label ``le``. Pure.

Every library writes numbers in its own way: ``1``, ``1.0``, ``1e+06``. Prometheus 3
writes them anew as OpenMetrics has them, older ones keep what they find.

Source:
    https://prometheus.io/docs/prometheus/latest/migration/, "le and quantile label
    values".
"""

from collections.abc import Sequence
from decimal import Decimal

from sluicegate.model.selector import quote

_MOST_PLAIN_DIGITS = 6  # what has more before the point, Go writes with an exponent


def le_pattern(edges_ms: Sequence[int], unit_ms: int) -> str:
    """A regular expression for ``le`` of these edges, of all, and of no bucket.

    Args:
        edges_ms: in milliseconds.
        unit_ms: how many of them the unit of ``le`` has.
    """
    ways = ["", quote("+Inf")]
    for edge in edges_ms:
        ways.extend(map(quote, _ways(Decimal(edge) / unit_ms)))
    return "|".join(ways)


def _ways(number: Decimal) -> list[str]:
    plain = f"{number.normalize():f}"
    ways = [plain] if "." in plain else [plain, f"{plain}.0"]
    if len(plain.partition(".")[0]) > _MOST_PLAIN_DIGITS:
        digits = f"{number.normalize():e}"
        mantissa, _, exponent = digits.partition("e")
        ways.append(f"{mantissa}e{int(exponent):+03d}")
    return ways
