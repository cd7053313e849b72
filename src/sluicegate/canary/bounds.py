"""How much evidence of each metric is enough, for whoever shows it. Pure."""

from dataclasses import dataclass

from sluicegate.canary.assessment import stand
from sluicegate.canary.settings import JudgeSettings


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much log-evidence of a metric is enough, in micronats.

    ``abort`` is None for a metric that cannot abort, ``promote`` for one that promotion
    does not ask for.
    """

    abort: int | None
    promote: int | None


def bounds_of(settings: JudgeSettings) -> dict[str, Bounds]:
    """The bounds of every metric by name, failed requests first."""
    found = [stand(settings, metric, None) for metric in settings.judged]
    return {
        each.metric.name: Bounds(
            abort=each.abort_needed if each.aborts else None,
            promote=each.promote_needed if each.metric.required else None,
        )
        for each in found
    }
