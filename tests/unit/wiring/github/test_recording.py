"""Unit tests of `sluicegate.wiring.github.recording`: what is recorded, and when."""

import pytest

from sluicegate.errors import UsageError
from sluicegate.report.github.shown import Unrecorded
from sluicegate.wiring.github.inputs import Inputs, Task
from sluicegate.wiring.github.occasion import Occasion
from sluicegate.wiring.github.recording import why_unrecorded


def on(event: str, pull_request: int | None = None) -> Occasion:
    return Occasion(event, "acme/churn", pull_request=pull_request)


@pytest.mark.parametrize(
    "event", ["push", "workflow_dispatch", "schedule", "repository_dispatch", "release"]
)
def test_with_a_key_it_is_recorded_and_without_one_it_is_judged(event: str) -> None:
    for task in (Task.RUN, Task.RECORD, Task.AUDIT):
        inputs = Inputs(task)
        assert why_unrecorded(inputs, on(event), has_key=True) is None
        assert why_unrecorded(inputs, on(event), has_key=False) is Unrecorded.NO_KEY


@pytest.mark.parametrize(
    "event", ["pull_request", "pull_request_target", "merge_group"]
)
def test_what_is_proposed_is_never_recorded(event: str) -> None:
    for task in (Task.RUN, Task.STAGES, Task.RECORD):
        found = why_unrecorded(Inputs(task), on(event), has_key=True)
        assert found is Unrecorded.PULL_REQUEST


def test_an_event_about_a_pull_request_is_one() -> None:
    found = why_unrecorded(Inputs(), on("push", 7), has_key=True)

    assert found is Unrecorded.PULL_REQUEST


def test_stages_for_another_job_are_not_recorded_by_this_one() -> None:
    found = why_unrecorded(Inputs(Task.STAGES), on("push"), has_key=False)

    assert found is Unrecorded.ASKED


@pytest.mark.parametrize("event", ["issue_comment", "workflow_run", "an_event_to_come"])
def test_a_key_where_strangers_can_start_workflows_is_refused(event: str) -> None:
    with pytest.raises(UsageError, match="log-key is given to a workflow"):
        why_unrecorded(Inputs(), on(event), has_key=True)
    assert why_unrecorded(Inputs(), on(event), has_key=False) is Unrecorded.NO_KEY


@pytest.mark.parametrize("task", [Task.APPROVE, Task.ROLLOUT])
def test_approving_and_rolling_out_take_a_log_and_a_fitting_event(task: Task) -> None:
    assert why_unrecorded(Inputs(task), on("schedule"), has_key=True) is None
    with pytest.raises(UsageError, match="log-key is empty"):
        why_unrecorded(Inputs(task), on("workflow_dispatch"), has_key=False)
    for event in ("pull_request", "issue_comment"):
        with pytest.raises(UsageError, match="cannot be started by"):
            why_unrecorded(Inputs(task), on(event), has_key=True)
