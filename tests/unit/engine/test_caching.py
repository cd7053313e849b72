"""When an earlier result is used, and when not: laws of `sluicegate.engine.reuse`."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from fakes import exited
from run_world import SOURCE, World, outcome, pipeline, stage

from sluicegate.model.decision import Outcome
from sluicegate.model.digest import Digest
from sluicegate.model.event import StageFinished
from sluicegate.model.source import WorkTree
from sluicegate.model.tool import Tool
from sluicegate.stages.pipeline import Pipeline


def chain(**more: Any) -> Pipeline:  # noqa: ANN401 - settings of any kind
    return pipeline(stage("first", **more), stage("second", "first"))


def cached(world: World) -> list[str]:
    """The stages of the run whose result was taken over."""
    ends = [e for e in world.record.all() if isinstance(e, StageFinished)]
    return [end.stage for end in ends if end.cached is not None]


def test_an_unchanged_commit_runs_no_program_and_opens_the_same_gates() -> None:
    before = World()
    before.start()
    world = before.again()

    run = world.start()

    assert outcome(run) is Outcome.OPEN
    assert world.programs() == []
    assert cached(world) == ["first", "second"]
    for name in ("first", "second"):
        old, new = before.record, run.stage(name).finished
        then = next(
            e for e in old.all() if isinstance(e, StageFinished) and e.stage == name
        )
        assert new is not None
        assert new.evidence == then.evidence
        assert new.gate == then.gate
        assert new.cached == f"R/{name}/1"


def test_a_result_taken_over_twice_names_the_attempt_that_ran() -> None:
    first = World()
    first.start()
    second = first.again()
    second.start()
    third = second.again()

    third.start()

    ends = [e for e in third.record.all() if isinstance(e, StageFinished)]
    assert [end.cached for end in ends] == ["R/first/1", "R/second/1"]


def change_files(world: World) -> Pipeline:
    world.fakes.repository.tree = WorkTree("b" * 40, "main", ())
    world.source = replace(SOURCE, commit="b" * 40)
    return world.pipeline


def change_definition(world: World) -> Pipeline:
    other = stage("first", gate="first.lines < 5")
    return replace(world.pipeline, stages=(other, world.pipeline.stages[1]))


def change_settings(world: World) -> Pipeline:
    other = stage("first", env={"A": "1"})
    return replace(world.pipeline, stages=(other, world.pipeline.stages[1]))


def change_tool(world: World) -> Pipeline:
    world.fakes.tools.others["first"] = Tool(
        "first", ("first",), "2.0", Digest.of(b"2"), ""
    )
    return world.pipeline


def change_environment(world: World) -> Pipeline:
    world.fakes.process.answers["probe"] = exited(0, b"a newer database")
    return world.pipeline


CHANGES: dict[str, Callable[[World], Pipeline]] = {
    "files": change_files,
    "definition": change_definition,
    "settings": change_settings,
    "tool": change_tool,
    "environment": change_environment,
}


@pytest.mark.parametrize("change", CHANGES)
def test_each_way_of_changing_an_input_runs_the_stage_again(change: str) -> None:
    before = World(chain(probe="probe"))
    before.start()
    what = CHANGES[change](before)
    world = before.again(replace_probe(what))

    run = world.start()

    assert outcome(run) is Outcome.OPEN
    assert "first" not in cached(world)
    # What the other stage depends on has not changed, unless it is the files of both.
    assert cached(world) == ([] if change == "files" else ["second"])


def replace_probe(what: Pipeline) -> Pipeline:
    """The probe stays whatever else a change makes of the first stage."""
    first = what.stages[0]
    settings = first.stage.model_copy(update={"probe": "probe"})
    return replace(what, stages=(replace(first, stage=settings), *what.stages[1:]))


@pytest.mark.parametrize(
    "more",
    [
        {"retries": {"count": 3}},
        {"timeout": "5s"},
        {"when": 'git.branch == "main"'},
    ],
    ids=["retries", "timeout", "when"],
)
def test_what_says_only_when_a_stage_runs_changes_no_result(
    more: dict[str, Any],
) -> None:
    before = World()
    before.start()
    world = before.again(chain(**more))

    world.start()

    assert cached(world) == ["first", "second"]


def test_another_branch_name_and_another_run_change_nothing() -> None:
    before = World()
    before.start()
    before.source = replace(SOURCE, branch="other")
    world = before.again()

    world.start()

    assert cached(world) == ["first", "second"]


@pytest.mark.parametrize("asks", ["commit", "date"])
def test_the_commit_and_the_day_count_for_a_stage_that_reads_them(asks: str) -> None:
    def run_twice(what: Pipeline) -> list[str]:
        before = World(what)
        before.start()
        before.source = replace(SOURCE, commit="c" * 40)
        # The same files in another commit.
        before.fakes.repository.content = lambda *_args, **_more: Digest.of(b"x")  # type: ignore[method-assign]
        before.fakes.clock.elapsed_ms += 24 * 3_600_000
        world = before.again()
        before.fakes.repository.tree = WorkTree("c" * 40, "main", ())
        world.start()
        return cached(world)

    assert "first" not in run_twice(chain(asks=(asks,)))


def test_an_upstream_artifact_that_is_another_one_is_an_input() -> None:
    what = chain(artifact="image", gate="first.lines < 9")
    before = World(what)
    before.start()
    before.fakes.process.answers["first"] = exited(0, b"other bytes\n")
    world = before.again(forced=["first"])

    world.start()

    assert world.programs() == ["first", "second"]


def test_an_upstream_stage_that_ran_again_with_the_same_result_is_no_change() -> None:
    before = World(chain(artifact="image"))
    before.start()
    world = before.again(forced=["first"])

    world.start()

    assert world.programs() == ["first"]
    assert cached(world) == ["second"]


def test_upstream_evidence_counts_only_for_a_gate_that_reads_it() -> None:
    reads = pipeline(
        stage("first", gate="first.lines < 9"),
        stage("second", "first", gate="second.lines == 0 && first.lines < 9"),
    )
    ignores = chain(gate="first.lines < 9")
    for what, expected in ((reads, []), (ignores, ["second"])):
        before = World(what)
        before.start()
        before.fakes.process.answers["first"] = exited(0, b"one line\n")
        world = before.again(forced=["first"])
        world.start()
        assert cached(world) == expected


def test_what_an_upstream_stage_may_leave_behind_counts_by_what_it_depends_on() -> None:
    before = World(chain(leaves=True, probe="probe"))
    before.start()
    before.fakes.process.answers["probe"] = exited(0, b"newer")
    world = before.again()

    world.start()

    assert world.programs() == ["first", "second"]


def test_a_result_whose_artifact_is_gone_is_not_used() -> None:
    before = World(chain(artifact="image"))
    before.start()
    before.fakes.process.answers["exists"] = exited(1)
    world = before.again()

    world.start()

    assert world.programs() == ["first"]


def test_a_result_whose_evidence_is_gone_is_not_used() -> None:
    before = World()
    before.fakes.workspace.files["/output/first-1/report"] = b"all good"
    before.start()
    before.fakes.evidence.kept.clear()
    world = before.again()

    world.start()

    assert world.programs() == ["first"]


@pytest.mark.parametrize("lines", [b"x\n", None], ids=["closed", "broken"])
def test_only_an_open_result_is_used_again(lines: bytes | None) -> None:
    before = World()
    before.fakes.process.answers["first"] = (
        exited(2) if lines is None else exited(0, lines)
    )
    before.start()
    before.fakes.process.answers.clear()
    world = before.again()

    run = world.start()

    assert outcome(run) is Outcome.OPEN
    assert world.programs() == ["first", "second"]


def test_a_result_opens_no_gate_that_its_evidence_does_not_open_now() -> None:
    before = World()
    before.start()
    world = before.again()
    for index, result in enumerate(world.fakes.results.earlier):
        lying = replace(
            result.finished,
            evidence=replace(result.finished.evidence, fields={"lines": 3}),
        )
        world.fakes.results.earlier[index] = replace(result, finished=lying)

    world.start()

    assert cached(world) == []


def test_declared_inputs_are_all_that_counts_of_the_files() -> None:
    before = World(chain(inputs=("data.csv",)))
    before.fakes.repository.files["data.csv"] = "1"
    before.start()
    before.fakes.repository.files["other.csv"] = "1"
    world = before.again()
    world.start()
    assert cached(world) == ["first", "second"]

    before.fakes.repository.files["data.csv"] = "2"
    world = before.again()
    world.start()
    assert cached(world) == ["second"]


def test_a_declared_input_that_is_not_there_breaks_the_stage() -> None:
    world = World(chain(inputs=("data.csv",)))

    run = world.start()

    assert outcome(run) is Outcome.BROKEN
    assert world.programs() == []


def test_declared_outputs_are_kept_and_put_back() -> None:
    before = World(chain(outputs=("model.bin",)))
    before.fakes.workspace.files["/project/model.bin"] = b"weights"
    before.start()
    del before.fakes.workspace.files["/project/model.bin"]
    world = before.again()

    world.start()

    assert world.programs() == []
    assert world.fakes.workspace.files["/project/model.bin"] == b"weights"


def test_an_output_that_was_not_written_breaks_the_stage() -> None:
    world = World(chain(outputs=("model.bin",)))

    assert outcome(world.start()) is Outcome.BROKEN


def test_force_runs_a_stage_although_its_result_stands() -> None:
    before = World()
    before.start()
    world = before.again(forced=["first", "second"])

    world.start()

    assert world.programs() == ["first", "second"]


def test_an_open_result_from_before_a_closed_one_is_not_used() -> None:
    first = World()
    first.start()
    second = first.again(forced=["first"])
    second.fakes.process.answers["first"] = exited(0, b"x\n")
    assert outcome(second.start()) is Outcome.CLOSED
    second.fakes.process.answers.clear()
    third = second.again()

    third.start()

    assert third.programs() == ["first"]
    fourth = third.again()
    fourth.start()
    assert cached(fourth) == ["first", "second"]


def test_the_same_stage_in_another_folder_of_the_repository_is_another_one() -> None:
    before = World(chain(inputs=("data.csv",)))
    before.fakes.repository.files["data.csv"] = "1"
    before.start()
    world = before.again()
    world.source = replace(SOURCE, root="/")

    world.start()

    assert cached(world) == []


def test_a_result_is_not_used_again_if_files_changed_while_it_was_found() -> None:
    before = World(chain(inputs=("data.csv",)))
    files = before.fakes.repository.files
    files["data.csv"] = "1"

    def edit() -> None:
        files["data.csv"] = "2"

    before.fakes.process.on_run = edit
    assert outcome(before.start()) is Outcome.OPEN
    files["data.csv"] = "1"
    before.fakes.process.on_run = lambda: None
    world = before.again()

    world.start()

    assert world.programs() == ["first"]


def test_a_result_is_not_used_again_if_the_tree_changed_while_it_was_found() -> None:
    before = World(pipeline(stage("first")))
    clean = before.fakes.repository.tree

    def edit() -> None:
        before.fakes.repository.tree = replace(
            clean, dirty=("x.py",), untracked=frozenset({"x.py"})
        )

    before.fakes.process.on_run = edit
    assert outcome(before.start()) is Outcome.OPEN
    before.fakes.repository.tree = clean
    before.fakes.process.on_run = lambda: None
    world = before.again()

    world.start()

    assert world.programs() == ["first"]


def test_a_stage_with_inputs_runs_where_nobody_knows_those_of_the_one_before() -> None:
    first = stage("first", leaves=True)
    second = stage("second", "first", inputs=("data.csv",))
    world = World(pipeline(first, second), source=replace(SOURCE, dirty=("x.py",)))
    world.fakes.repository.files["data.csv"] = "1"

    def write() -> None:
        world.fakes.repository.tree = WorkTree("a" * 40, "main", ("x.py", "y.py"))

    world.fakes.process.on_run = write

    run = world.start()

    assert outcome(run) is Outcome.OPEN
    assert world.programs() == ["first", "second"]
    for state in run.stages:
        assert state.finished is not None
        assert state.finished.inputs == {}
