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
    if 0 < amount < Fraction(_CENTS) / 2:
        return f"<0.01 {currency}"
    return f"{round_exact(amount, _CENTS)} {currency}"


def format_gpu_minutes(gpu_ms: Fraction) -> str:
    """Write milliseconds as minutes, to the tenth; less than that is said."""
    minutes = gpu_ms / _MS_PER_MINUTE
    if 0 < minutes < Fraction(_TENTHS) / 2:
        return "<0.1"
    return str(round_exact(minutes, _TENTHS))
