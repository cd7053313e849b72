"""Which model a release was held against, for who decides. Pure."""

from collections.abc import Iterator, Mapping

from sluicegate.model.event import StageFinished
from sluicegate.model.evidence import Value

_OF_CHAMPION = "_champion"
_SHOWN = 5  # metrics
_DIGITS = len("sha256:") + 12


def champion_line(end: StageFinished) -> str | None:
    """Which model *end* compared with, and the metrics of both; not escaped.

    None where it compared nothing.
    """
    fields = end.evidence.fields
    digest = fields.get("champion_digest")
    if fields.get("compared") is not True or not isinstance(digest, str):
        return None
    who = fields.get("champion_version", "a file")
    metrics = list(_metrics(fields))
    more = f"; and {len(metrics) - _SHOWN} more" if len(metrics) > _SHOWN else ""
    said = "; ".join(metrics[:_SHOWN])
    return f"against {who}, predictions {digest[:_DIGITS]}: {said}{more}"


def _metrics(fields: Mapping[str, Value]) -> Iterator[str]:
    for field in fields:
        name = field.removesuffix(_OF_CHAMPION)
        keys = (f"{name}{of}" for of in ("_candidate", _OF_CHAMPION, "_difference"))
        new, old, difference = (_number(fields.get(key)) for key in keys)
        if name != field and None not in (new, old, difference):
            yield f"{name} {new:g}, was {old:g} ({difference:+.3g})"


def _number(value: Value | None) -> float | None:
    """*value* if it is a number."""
    if isinstance(value, bool | str) or value is None:
        return None
    return float(value)
