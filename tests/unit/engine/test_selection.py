"""Unit tests of `sluicegate.engine.selection`."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sluicegate.engine.selection import (
    Selection,
    choose_stages,
    leave_out_earlier,
    leave_out_releases,
    take_over,
)
from sluicegate.errors import UsageError
from sluicegate.gates.gate import Gate
from sluicegate.model.digest import Digest
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.command import ShellStage
from sluicegate.stages.pipeline import AuditSettings, NamedStage, Pipeline
from sluicegate.stages.stage import Stage
from sluicegate.stages.train import TrainStage

SHELL = ShellStage(uses="command", run="true")
CANARY = CanaryStage(uses="canary", environment="staging")
GRAPH: dict[str, tuple[Stage, tuple[str, ...]]] = {
    "lint": (SHELL, ()),
    "test": (SHELL, ("lint",)),
    "docs": (SHELL, ()),
    "build": (SHELL, ("test",)),
    "staging": (CANARY, ("build",)),
    "check": (SHELL, ("staging",)),
}
PIPELINE = Pipeline(
    name="p_release_v1.0",
    stages=tuple(NamedStage(n, s, needs, Gate(())) for n, (s, needs) in GRAPH.items()),
    environments={},
    audit=AuditSettings("dir:audit", timedelta(days=400)),
    definition=Digest.of(b""),
)
TABLE = [
    (Selection(), "lint test docs build staging check", ""),
    (Selection(until="test"), "lint test", ""),
    (Selection(until="docs"), "docs", ""),
    (Selection(only=("docs",)), "docs", ""),
    (Selection(only=("build", "docs")), "lint test docs build", "lint test"),
    (Selection(first="build", until="staging"), "lint test build staging", "lint test"),
    (Selection(first="build"), "lint test build staging check", "lint test"),
]


@pytest.mark.parametrize(("selection", "stages", "earlier"), TABLE)
def test_a_selection_holds_what_it_names_and_what_that_needs(
    selection: Selection, stages: str, earlier: str
) -> None:
    chosen = choose_stages(PIPELINE, selection)

    assert [named.name for named in chosen.stages] == stages.split()
    assert chosen.earlier == set(earlier.split())


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        (Selection(only=("tset",)), "there is no stage 'tset' (did you mean 'test'?)"),
        (Selection(first="x"), "there is no stage 'x'"),
        (Selection(first="build", until="lint"), "leaves no stage"),
        (Selection(only=("check",)), "leaves out stage 'staging'"),
    ],
)
def test_a_selection_that_cannot_be_run_is_refused(
    selection: Selection, message: str
) -> None:
    with pytest.raises(UsageError) as refused:
        choose_stages(PIPELINE, selection)

    assert message in str(refused.value)


def test_a_selection_is_written_as_its_options() -> None:
    assert str(Selection()) == ""
    assert (
        str(Selection(("a", "b"), "c", "d")) == "--only a --only b --from c --until d"
    )


def test_releases_are_left_out_with_all_that_needs_them() -> None:
    chosen = leave_out_releases(PIPELINE, choose_stages(PIPELINE, Selection()))

    assert [named.name for named in chosen.stages] == ["lint", "test", "docs", "build"]


def test_a_selection_of_releases_alone_leaves_nothing() -> None:
    chosen = choose_stages(PIPELINE, Selection(first="staging", until="staging"))
    chosen = replace(chosen, stages=chosen.stages[-1:])

    with pytest.raises(UsageError, match="every stage"):
        leave_out_releases(PIPELINE, chosen)


def test_what_is_handed_over_need_not_have_opened_before_and_is_not_repeated() -> None:
    chosen = choose_stages(PIPELINE, Selection(only=("build",)))

    found = take_over(chosen, {"test"}, only=False)
    assert found.earlier == {"lint"}
    assert found.once == {"test"}

    found = take_over(chosen, {"test"}, only=True)
    assert found.once == {"lint", "test", "build"}


def test_a_job_that_decides_nothing_leaves_out_what_it_does_not_have() -> None:
    chosen = choose_stages(PIPELINE, Selection(only=("build",)))

    found = leave_out_earlier(take_over(chosen, {"test"}, only=False))

    assert found.names == {"test", "build"}
    assert found.earlier == frozenset()


TRAIN = TrainStage.model_validate(
    {"uses": "train", "run": "a", "inputs": ["a"], "model": ["model"]}
)


def trained() -> Pipeline:
    graph: dict[str, tuple[Stage, tuple[str, ...]]] = {
        "train": (TRAIN, ()),
        "build": (SHELL, ("train",)),
        "scan": (SHELL, ("build",)),
    }
    stages = [NamedStage(n, s, needs, Gate(())) for n, (s, needs) in graph.items()]
    return replace(PIPELINE, stages=tuple(stages))


def test_a_job_that_has_no_model_does_not_run_what_takes_it() -> None:
    chosen = choose_stages(trained(), Selection(only=("build",)))

    with pytest.raises(UsageError, match="build takes what train leaves"):
        leave_out_earlier(chosen)
    handed = leave_out_earlier(take_over(chosen, {"train"}, only=False))
    assert handed.names == {"train", "build"}


def test_what_was_made_of_a_model_elsewhere_stands_for_it() -> None:
    chosen = choose_stages(trained(), Selection(only=("scan",)))

    found = leave_out_earlier(take_over(chosen, {"build"}, only=False))

    assert found.names == {"build", "scan"}
