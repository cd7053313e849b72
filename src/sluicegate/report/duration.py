"""Times for people."""

_TENTHS_BELOW = 9.95  # what would be written "10.0 s" is written "10 s"
_SECONDS_BELOW = 59.5  # what would be written "60 s" is written "1 min 00 s"


def format_duration(milliseconds: int) -> str:
    """Write a length of time: ``0.4 s``, ``12 s``, ``3 min 05 s``, ``1 h 02 min``."""
    seconds = milliseconds / 1000
    if seconds < _TENTHS_BELOW:
        return f"{seconds:.1f} s"
    if seconds < _SECONDS_BELOW:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, rest_minutes = divmod(minutes, 60)
    if hours == 0:
        return f"{minutes} min {rest:02d} s"
    return f"{hours} h {rest_minutes:02d} min"


_DAYS_FROM = 48  # hours


def format_long(milliseconds: int) -> str:
    """As `format_duration`; what takes two days or more in days: ``3 d 4 h``."""
    hours = round(milliseconds / 3_600_000)
    if hours < _DAYS_FROM:
        return format_duration(milliseconds)
    days, rest = divmod(hours, 24)
    return f"{days} d {rest} h" if rest else f"{days} d"
