"""When GitHub wants to be asked again, from what it says. Pure.

Source:
    GitHub, "Rate limits for the REST API", "Exceeding the rate limit", and "Best
    practices for using the REST API", "Handle rate limit errors appropriately".
"""

import json
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from sluicegate.adapters.github.answer import Answer

SECONDARY_SECONDS = 60.0
"""To wait at least after a secondary limit that names no time."""

_FORBIDDEN, _TOO_MANY, _SERVER_ERROR = 403, 429, 500
_LATER = frozenset({408, 425})
_SECONDS = re.compile(r"[0-9]{1,9}")
_EPOCH = re.compile(r"[0-9]{1,11}")
_LIMITED = re.compile(
    r"API rate limit exceeded|secondary rate limit|abuse detection"
    r"|retry your request again later|wait a few minutes before you try again",
    re.IGNORECASE,
)


def is_limited(answer: Answer) -> bool:
    """Whether it was refused for now, and was not done."""
    if answer.status == _TOO_MANY:
        return True
    if answer.status != _FORBIDDEN:
        return False
    return (
        "retry-after" in answer.headers
        or answer.headers.get("x-ratelimit-remaining", "").strip() == "0"
        or _LIMITED.search(read_message(answer)) is not None
    )


def is_transient(answer: Answer) -> bool:
    """Whether the same may be answered otherwise later."""
    return (
        is_limited(answer) or answer.status in _LATER or answer.status >= _SERVER_ERROR
    )


def read_pause(answer: Answer, now: datetime) -> float | None:
    """The seconds it asks to wait for; None if it says nothing of that.

    *now* is this machine's time, for where the answer does not say the host's.
    """
    after = answer.headers.get("retry-after", "").strip()
    now = _read_date(answer.headers.get("date", "")) or now
    if _SECONDS.fullmatch(after):
        return float(after)
    if (until := _read_date(after)) is not None:
        return max((until - now).total_seconds(), 0.0)
    if not is_limited(answer):
        return None
    reset = answer.headers.get("x-ratelimit-reset", "").strip()
    if answer.headers.get("x-ratelimit-remaining", "").strip() == "0" and (
        _EPOCH.fullmatch(reset)
    ):
        # It is not said when in that second.
        return max(int(reset) - now.timestamp(), 0.0) + 1
    return SECONDARY_SECONDS


def read_message(answer: Answer) -> str:
    """What GitHub says is wrong, in its own words; empty if it does not."""
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        return ""
    message = document.get("message") if isinstance(document, dict) else None
    if not isinstance(message, str):
        return ""
    errors = document.get("errors")
    details = errors if isinstance(errors, list) else [errors]
    said = [message, *map(_say, details)]
    return "; ".join(each for each in said if each)


def _say(detail: object) -> str:
    """One of the ``errors`` of a 422: a text, or an object about a field."""
    if isinstance(detail, str):
        return detail
    if not isinstance(detail, dict):
        return ""
    if isinstance(detail.get("message"), str):
        return str(detail["message"])
    words = (detail.get(each) for each in ("resource", "field", "code"))
    return " ".join(each for each in words if isinstance(each, str))


def _read_date(text: str) -> datetime | None:
    try:
        when = parsedate_to_datetime(text)
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
