"""Unit tests of `sluicegate.engine.beginning`."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sluicegate.engine.beginning import begin, check_resumable
from sluicegate.engine.machine import fold
from sluicegate.errors import UsageError
from sluicegate.model.decision import Outcome
from sluicegate.model.digest import Digest
from sluicegate.model.event import RunFinished
from sluicegate.model.run import Run
from sluicegate.model.source import Source
from sluicegate.stages.pipeline import AuditSettings, Pipeline

NOW = datetime(2026, 11, 22, tzinfo=UTC)
PIPELINE = Pipeline(
    name="churn_release_v1.0",
    stages=(),
    environments={},
    audit=AuditSettings("dir:.sluicegate/audit", timedelta(days=400)),
    definition=Digest.of(b"1"),
)
CLEAN = Source("/p", "a" * 40, "main", None, (), None)
DIRTY = replace(CLEAN, dirty=("a.py", "b.py"))


def begun(source: Source = CLEAN) -> Run:
    return fold("R", [begin(PIPELINE, source, NOW, allow_dirty=True)])


def test_a_dirty_tree_needs_to_be_allowed_and_is_named_and_recorded() -> None:
    with pytest.raises(UsageError, match=r"a\.py, b\.py") as caught:
        begin(PIPELINE, DIRTY, NOW, allow_dirty=False)

    assert caught.value.hint is not None
    assert "--allow-dirty" in caught.value.hint
    assert begin(PIPELINE, DIRTY, NOW, allow_dirty=True).dirty


def test_only_a_few_of_many_changed_files_are_listed() -> None:
    many = replace(CLEAN, dirty=tuple(f"{n}.py" for n in range(9)))

    with pytest.raises(UsageError, match=r"4\.py and 4 more$"):
        begin(PIPELINE, many, NOW, allow_dirty=False)


def test_a_run_that_was_cut_off_can_go_on() -> None:
    check_resumable(begun(), PIPELINE, CLEAN)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda: (begun(), PIPELINE, replace(CLEAN, commit="b" * 40)), "checked out"),
        (
            lambda: (begun(), replace(PIPELINE, definition=Digest.of(b"2")), CLEAN),
            "not the one",
        ),
        (lambda: (begun(), PIPELINE, DIRTY), "was clean"),
        (lambda: (begun(DIRTY), PIPELINE, CLEAN), "had changes"),
    ],
    ids=["commit", "pipeline", "dirty", "clean"],
)
def test_a_run_cannot_go_on_as_something_else(
    change: Callable[[], tuple[Run, Pipeline, Source]], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        check_resumable(*change())


def test_a_run_that_is_over_stays_over() -> None:
    ended = RunFinished(Outcome.CLOSED, "no stage ran", NOW, NOW, 1)
    run = fold("R", [begin(PIPELINE, CLEAN, NOW, allow_dirty=False), ended])

    with pytest.raises(UsageError, match="is over: closed"):
        check_resumable(run, PIPELINE, CLEAN)
