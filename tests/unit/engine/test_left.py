"""Unit tests of `sluicegate.engine.left`: what stages leave for those behind them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

import pytest
from fakes import exited
from handed_over import Parcel, hand_over, runner_with
from run_world import CountStage, World, outcome, pipeline, stage
from typing_extensions import override

from sluicegate.engine.handing import Handing
from sluicegate.engine.outputs import is_declared
from sluicegate.errors import PermanentError
from sluicegate.model.command import Command
from sluicegate.model.decision import Outcome
from sluicegate.model.digest import Digest
from sluicegate.model.event import StageFinished
from sluicegate.model.evidence import KeptFile, Value
from sluicegate.model.hand_over import HandedFile, HandedOutput
from sluicegate.stages.pipeline import NamedStage, Pipeline
from sluicegate.stages.stage import StageContext

MODEL = "/project/model.bin"
LISTED = [("model.bin", Digest.of(b"weights"))]


class Trainer(CountStage):
    """Leaves a file that ``look`` looks for; ``keeps`` says whether it is kept."""

    left_needs: ClassVar[tuple[str, ...]] = ("look",)
    keeps: bool = True

    @override
    def kept(self) -> tuple[str, ...]:
        return ("model.bin",) if self.keeps else ()

    @override
    def left_is_kept(self) -> bool:
        return self.keeps

    @override
    def check_kept(self, found: Mapping[str, Value], kept: Sequence[KeptFile]) -> None:
        if self.keeps and [(each.path, each.digest) for each in kept] != LISTED:
            raise PermanentError("not those that were listed")

    @override
    def left(
        self, context: StageContext, found: Mapping[str, Value]
    ) -> tuple[Command, ...]:
        argv = (*context.tools["look"].argv, str(found["lines"]))
        return (Command(argv, context.project, timedelta(seconds=5)),)


def trained(*, keeps: bool = True) -> Pipeline:
    first = stage("first")
    trainer = Trainer(program="first", keeps=keeps)
    return pipeline(
        NamedStage("first", trainer, (), first.gate), stage("second", "first")
    )


def world_of(what: Pipeline) -> World:
    world = World(what)
    world.fakes.workspace.files[MODEL] = b"weights"
    return world


def lose(world: World) -> None:
    world.fakes.process.answers["look"] = exited(1, b"other files")


def ran(world: World) -> list[str]:
    return [program for program in world.programs() if program != "look"]


def ends(world: World) -> dict[str, StageFinished]:
    return {e.stage: e for e in world.record.all() if isinstance(e, StageFinished)}


def test_a_stage_behind_runs_where_all_is_as_it_was_left() -> None:
    world = world_of(trained())

    assert outcome(world.start()) is Outcome.OPEN
    assert world.programs() == ["first", "look", "second"]
    (looked,) = [c for c in world.fakes.process.ran if c.argv[0] == "look"]
    assert looked.argv == ("look", "0")


def test_a_stage_behind_does_not_run_on_anything_else() -> None:
    world = world_of(trained())
    lose(world)

    assert outcome(world.start()) is Outcome.BROKEN
    assert ran(world) == ["first"]
    assert "what first has left is not here any more: other files" in (
        ends(world)["second"].reason
    )


def test_what_is_kept_must_be_what_was_listed() -> None:
    world = world_of(trained())
    world.fakes.workspace.files[MODEL] = b"written over meanwhile"

    assert outcome(world.start()) is Outcome.BROKEN
    assert "not those that were listed" in ends(world)["first"].reason


def test_an_earlier_result_gives_the_very_bytes_back() -> None:
    before = world_of(trained())
    before.start()
    before.fakes.workspace.files[MODEL] = b"something else"
    world = before.again()

    world.start()

    assert ran(world) == []
    assert world.fakes.workspace.files[MODEL] == b"weights"


@pytest.mark.parametrize("keeps", [True, False])
def test_an_earlier_result_that_cannot_give_them_is_not_used(*, keeps: bool) -> None:
    before = world_of(trained(keeps=keeps))
    before.start()
    lose(before)
    world = before.again()

    world.start()

    assert ran(world) == ["first"]
    assert ends(world)["first"].cached is None


def test_what_is_not_kept_counts_only_where_it_still_is() -> None:
    before = world_of(trained(keeps=False))
    before.start()
    world = before.again()

    world.start()

    assert ran(world) == []
    assert ends(world)["first"].cached == "R/first/1"


# --- in another job -------------------------------------------------------------


def handed(world: World) -> Parcel:
    return hand_over(world)["first"]


def test_a_job_that_runs_stages_gets_what_another_has_left() -> None:
    here = World(trained())
    parcel = handed(world_of(trained()))

    handing = Handing({"first": parcel.taken()})
    run = runner_with(here, handing).start("R", here.started())

    assert outcome(run) is Outcome.OPEN
    assert here.fakes.workspace.files[MODEL] == b"weights"
    assert ran(here) == ["second"]


def test_a_job_that_runs_nothing_of_the_project_gets_none_of_it() -> None:
    here = World(trained())
    parcel = handed(world_of(trained()))

    handing = Handing({"first": parcel.taken()}, takes_only=True)
    runner_with(here, handing).start("R", here.started())

    assert MODEL not in here.fakes.workspace.files
    assert ends(here)["first"].outcome is Outcome.OPEN


def test_a_job_that_runs_stages_finds_out_that_it_lacks_what_was_left() -> None:
    here = World(trained(keeps=False))
    lose(here)
    parcel = handed(world_of(trained(keeps=False)))

    handing = Handing({"first": parcel.taken()})
    run = runner_with(here, handing).start("R", here.started())

    assert outcome(run) is Outcome.BROKEN
    assert ran(here) == []


def with_outputs(parcel: Parcel, *paths: str) -> Parcel:
    """The same with *paths*, each a file with the same content, as its outputs."""
    file = HandedFile(Digest.of(b"evil"), 4)
    outputs = tuple(HandedOutput(path, file, executable=False) for path in paths)
    return Parcel(
        replace(parcel.result, outputs=outputs), {**parcel.files, file.digest: b"evil"}
    )


@pytest.mark.parametrize("takes_only", [True, False])
def test_other_files_than_those_listed_are_not_taken_over(*, takes_only: bool) -> None:
    here = World(trained())
    parcel = with_outputs(handed(world_of(trained())), "model.bin")

    handing = Handing({"first": parcel.taken()}, takes_only=takes_only)
    runner_with(here, handing).start("R", here.started())

    assert ends(here)["first"].outcome is Outcome.BROKEN
    assert "not those that were listed" in ends(here)["first"].reason
    assert MODEL not in here.fakes.workspace.files


@pytest.mark.parametrize("takes_only", [True, False])
def test_nothing_that_is_not_declared_is_kept_or_gets_into_the_work_tree(
    *, takes_only: bool
) -> None:
    here = World(trained())
    parcel = with_outputs(handed(world_of(trained())), "model.bin", ".trivyignore")

    handing = Handing({"first": parcel.taken()}, takes_only=takes_only)
    runner_with(here, handing).start("R", here.started())

    assert "no declared output" in ends(here)["first"].reason
    assert here.fakes.workspace.files.keys() & {MODEL, "/project/.trivyignore"} == set()


@pytest.mark.parametrize(
    ("path", "pattern", "is_so"),
    [
        ("model/w.bin", "model", True),
        ("model/w.bin", "model/", True),
        ("model/deep/w.bin", "model", True),
        ("model/w.bin", "model/*.bin", True),
        ("model/w.bin", "**/*.bin", True),
        ("w.bin", "**/*.bin", True),
        ("a/b/c/w.bin", "a/**/w.bin", True),
        ("w.bin", ".", True),
        ("models/w.bin", "model", False),
        ("model", "model/w.bin", False),
        ("model/w.txt", "model/*.bin", False),
        ("model/../.trivyignore", "model", False),
        ("/model/w.bin", "model", False),
        ("./model", "model", False),
        ("", "**", False),
    ],
)
def test_a_path_is_declared_by_a_pattern_or_a_folder(
    path: str, pattern: str, *, is_so: bool
) -> None:
    assert is_declared(path, [pattern]) is is_so
