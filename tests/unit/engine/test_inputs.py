"""Unit tests of `sluicegate.engine.inputs`: which files count."""

from collections.abc import Sequence

import pytest
from fakes import FakePorts, FakeRepository
from run_world import SOURCE, CountStage, pipeline
from typing_extensions import override

from sluicegate.engine.inputs import digest_files
from sluicegate.engine.situation import Situation
from sluicegate.model.digest import Digest


class Listener(FakeRepository):
    """Remembers what it was asked for."""

    asked: tuple[str, ...] = ()

    @override
    def content(self, paths: Sequence[str], *, declared: bool = False) -> Digest:
        self.asked = tuple(paths)
        return Digest.of(b"")


@pytest.mark.parametrize(
    ("setting", "is_all"),
    [
        ("../lib", True),
        ("--rootdir=..", True),
        ("tests/../../lib", True),
        ("-p ../plugin", True),
        ("v1..v2", False),
        ("wait...", False),
        ("tests/..hidden", False),
    ],
)
def test_a_stage_that_is_told_to_leave_its_folder_depends_on_the_repository(
    setting: str, *, is_all: bool
) -> None:
    ports, what = FakePorts(), pipeline()
    ports.repository = Listener()
    stage = CountStage(env={"OPTIONS": setting})
    situation = Situation(what, SOURCE, "R")
    context = situation.context("first", "/output", (), ports.ports())

    digest_files(stage, situation, context, ports.ports())

    assert (ports.repository.asked == (":(top)",)) is is_all
