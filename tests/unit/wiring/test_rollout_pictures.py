"""Unit tests of `sluicegate.wiring.rollout_pictures`."""

import pytest
from fakes import FakeEvidence
from rollout_events import STARTED, block, weight
from run_events import RUN_ID, begin, end, planned, started

from sluicegate.canary.bounds import Bounds
from sluicegate.canary.plot.figure import MEDIA_TYPE, PICTURE
from sluicegate.engine.machine import fold
from sluicegate.errors import UsageError
from sluicegate.model.decision import Outcome
from sluicegate.model.event import CanaryReady, Event, WeightRequested
from sluicegate.model.evidence import Evidence, EvidenceFile
from sluicegate.wiring.rollout_pictures import picture_of

BOUNDS = {"canary": {"errors": Bounds(4_605_171, 2_995_733)}}
GOING: tuple[Event, ...] = (
    started(planned("canary")),
    begin("canary"),
    STARTED,
    CanaryReady("canary"),
    WeightRequested("canary", 5),
    weight(5, 0),
)


def test_the_picture_that_was_kept_is_shown_as_it_was() -> None:
    evidence = FakeEvidence()
    file = EvidenceFile(PICTURE, MEDIA_TYPE, 5, evidence.keep(b"<svg>"))
    finished = end("canary", Outcome.CLOSED, evidence=Evidence({}, (file,)))
    run = fold(RUN_ID, (*GOING, block(0, 60), finished))

    assert picture_of(run, evidence, dict) == b"<svg>"


def test_a_rollout_that_goes_on_is_drawn_as_it_stands() -> None:
    run = fold(RUN_ID, (*GOING, block(0, 60)))

    data = picture_of(run, FakeEvidence(), lambda: BOUNDS)

    assert b"no verdict after 1 min" in data


def test_what_cannot_be_drawn_is_said() -> None:
    evidence = FakeEvidence()
    none = fold(RUN_ID, GOING[:2])
    early = fold(RUN_ID, GOING)
    run = fold(RUN_ID, (*GOING, block(0, 60)))

    with pytest.raises(UsageError, match="no rollout in run"):
        picture_of(none, evidence, lambda: BOUNDS)
    with pytest.raises(UsageError, match="nothing was compared"):
        picture_of(early, evidence, lambda: BOUNDS)
    with pytest.raises(UsageError, match="no canary stage canary"):
        picture_of(run, evidence, dict)
