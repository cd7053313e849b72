"""Numbers as people read them: groups of three digits, two digits that count. Pure."""

from math import exp, floor, log, log10

from sluicegate.model.traffic import RequestCounts

TIMES = "\N{MULTIPLICATION SIGN}"
"""As in ``1.9 x stable's error rate``."""

_WORDY_NATS = 20.0  # above 5e8 only the power of ten is of interest
_TENTHS_BELOW = 9.95  # what would be written "10.0" is written "10"
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def format_count(count: int) -> str:
    """Write a whole number in groups of three digits: ``4 213``."""
    return f"{count:,}".replace(",", " ")


def format_about(count: int) -> str:
    """Write a whole number rounded up to two digits: ``1 800``."""
    unit = 10 ** max(0, len(str(count)) - 2)
    return format_count(-(-count // unit) * unit)


def format_digits(value: float) -> str:
    """Write a number with two digits that count, at least those before the point."""
    if value == 0:
        return "0"
    if value < 0:
        return f"-{format_digits(-value)}"
    decimals = 1 - floor(log10(value))
    if decimals <= 0:
        return format_count(int(round(value, decimals)))
    return f"{value:.{decimals}f}".rstrip("0").rstrip(".")


def format_level(value: float) -> str:
    """Write a quantity with three digits that count, all of those before the point."""
    if value == 0:
        return "0"
    if value < 0:
        return f"-{format_level(-value)}"
    decimals = 2 - floor(log10(value))
    if decimals <= 0:
        return format_count(round(value))
    return f"{value:.{decimals}f}".rstrip("0").rstrip(".")


def format_share(part: int, whole: int) -> str:
    """Write a part of at least one as a percentage: ``4.1 %``."""
    return f"{format_digits(100 * part / whole)} %"


def format_rate(counts: RequestCounts) -> str:
    """Write an error rate with its counts, of at least one: ``9.1 % (52 of 571)``."""
    share = format_share(counts.failed, counts.total)
    return f"{share} ({format_count(counts.failed)} of {format_count(counts.total)})"


def format_chance(chance: float) -> str:
    """Write a bound of an error: ``below 1 %``."""
    return f"below {format_digits(100 * chance)} %"


def format_evidence(nats: float) -> str:
    """Write an e-value, given its logarithm: ``3 400``, ``1.7``, ``10^23``."""
    if nats > _WORDY_NATS:
        return f"10^{floor(nats / log(10))}"
    return format_digits(exp(nats))


def format_seconds(seconds: float) -> str:
    """Write a length of time: ``45 s``, ``12 min``, ``1 h 30 min``, ``2 d``."""
    if seconds < _TENTHS_BELOW:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    whole = round(seconds)
    for (unit, length), (less, part) in (
        (("d", _DAY), ("h", _HOUR)),
        (("h", _HOUR), ("min", _MINUTE)),
        (("min", _MINUTE), ("s", 1)),
    ):
        if whole >= length:
            rest = whole % length // part
            return f"{whole // length} {unit}" + (f" {rest} {less}" if rest else "")
    return f"{whole} s"
