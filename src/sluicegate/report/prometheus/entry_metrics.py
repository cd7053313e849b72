"""Releases that wait before an environment, as metrics."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sluicegate.model.event import ReleaseRequested
from sluicegate.model.exposition import Metric
from sluicegate.report.prometheus.families import Family, Labels, metrics_of


@dataclass
class EntryMetrics:
    """A request, and when its environment was entered, None while it waits."""

    requested: ReleaseRequested
    entered: datetime | None = None


def describe_entries(
    entries: Mapping[str, EntryMetrics], pipeline: Labels, now: datetime
) -> tuple[Metric, ...]:
    """The requests of a run, by stage."""
    waits = Family(
        "sluice_approval_waiting",
        "1 while the release waits for people, or for a better time.",
    )
    seconds = Family(
        "sluice_approval_waiting_seconds", "How long it has waited, or did."
    )
    asked = Family(
        "sluice_approval_requested_timestamp_seconds", "When it was asked for."
    )
    expires = Family(
        "sluice_approval_expires_timestamp_seconds", "When the request expires."
    )
    for stage, entry in entries.items():
        request = entry.requested
        labels = {**pipeline, "stage": stage, "environment": request.environment}
        waited = (entry.entered or now) - request.created
        waits.add(labels, entry.entered is None)
        seconds.add(labels, max(0.0, waited.total_seconds()))
        asked.add(labels, request.created.timestamp())
        expires.add(labels, request.expires.timestamp())
    return metrics_of((waits, seconds, asked, expires))
