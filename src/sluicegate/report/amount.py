"""Money and the time of GPUs for people: rounded here, and nowhere before."""

from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

_CENTS = Decimal("0.01")
_TENTHS = Decimal("0.1")
_CONTEXT = Context(prec=60, rounding=ROUND_HALF_EVEN)
_MS_PER_MINUTE = 60_000


def round_exact(amount: Fraction, step: Decimal) -> Decimal:
    """*amount* rounded to a multiple of *step*, half to even, with no double."""
    steps = round(amount / Fraction(step))
    return _CONTEXT.multiply(Decimal(steps), step)


def format_money(amount: Fraction, currency: str) -> str:
    """Write *amount* to the hundredth: ``12.30 EUR``; less than that is said."""
    rounded = round_exact(amount, _CENTS)
    return f"{rounded or _least(amount, _CENTS) or rounded} {currency}"


def format_gpu_minutes(gpu_ms: Fraction) -> str:
    """Write milliseconds as minutes, to the tenth; less than that is said."""
    minutes = gpu_ms / _MS_PER_MINUTE
    rounded = round_exact(minutes, _TENTHS)
    return str(rounded or _least(minutes, _TENTHS) or rounded)


def _least(amount: Fraction, step: Decimal) -> str:
    """Of what would be shown as 0, that it is not; "" where it is."""
    return f"<{step}" if amount else ""
