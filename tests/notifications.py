"""A notification to test with."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sluicegate.model.notification import Notification, Occasion

ABORTED = Notification(
    occasion=Occasion.ABORT,
    pipeline="churn-model_release_v1.0",
    run_id="01JDA2Z9M3Q4T5V6W7X8Y9Z0AA",
    release="v1.2.0",
    commit="a" * 40,
    stage="canary",
    environment="production",
    verdict="rolled_back",
    reason="the canary fails 8.1 % of requests, stable 1.0 %",
    next_command="sluice audit log --run 01JDA2Z9M3Q4T5V6W7X8Y9Z0AA",
    at=datetime(2026, 11, 22, 11, 5, 7, 250_000, tzinfo=UTC),
)


def notification(**changes: Any) -> Notification:  # noqa: ANN401 - of any field
    return replace(ABORTED, **changes)
