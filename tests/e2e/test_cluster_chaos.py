"""What goes wrong between a controller and its cluster, and how a rollout ends then.

The real engine and the real targets reach the stand-in over HTTP; its controllers are
played, and requests are counted by where the shares in force send them. However it goes
on, a rollout ends promoted, rolled back or held with a reason, its log tells what
happened, and what serves is what the log says. A sample with a printed seed by default;
every trouble at every target with SLUICE_FULL=1.
"""

import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from cluster_place import Place, opened
from cluster_process import Job
from cluster_stage import Stage, staged
from draws import begin_draw
from kube_api import Problem
from kube_gateway_world import OWNER
from kube_served import KINDS, NAMESPACE

from sluicegate.engine.rollout_drift import MOST_DRIFTS
from sluicegate.model.event import (
    CanaryJudged,
    DriftEnded,
    RolloutDirected,
    RolloutDrifted,
)
from sluicegate.model.rollout import RolloutResult

pytestmark = [pytest.mark.exhaustive, pytest.mark.played]

FULL = os.environ.get("SLUICE_FULL") == "1"
PROMOTED, ROLLED_BACK = RolloutResult.PROMOTED, RolloutResult.ROLLED_BACK


def after(seconds: float, act: Callable[[], object]) -> None:
    """Do *act* later, of the wall's time; what fails by then is of no matter."""

    def run() -> None:
        with suppress(Problem, AssertionError, KeyError):
            act()

    timer = threading.Timer(seconds, run)
    timer.daemon = True
    timer.start()


# --- the line to the API server: it costs time and nothing else --------------


def the_server_is_slow(it: Stage) -> None:
    it.trouble = lambda: it.faults.slow(0.05, times=40)
    it.conduct()
    assert it.result is PROMOTED


def it_answers_429_with_retry_after(it: Stage) -> None:
    it.trouble = lambda: it.faults.throttle(1, times=12)
    it.conduct()
    assert it.result is PROMOTED


def it_is_unavailable(it: Stage) -> None:
    def trouble() -> None:
        for status in (500, 502, 503, 504):
            it.faults.answer(status, times=2)

    it.trouble = trouble
    it.conduct()
    assert it.result is PROMOTED


def others_write_first(it: Stage) -> None:
    """409, whatever is about to be written."""
    hand, count = it.hand("kubectl-label"), iter(range(10**6))

    def touch() -> None:
        with suppress(Problem):
            hand.touch(str(next(count)))

    others = rf"^(?!.*/leases/).*{NAMESPACE}"
    it.trouble = lambda: it.faults.interfere(touch, "PATCH|PUT", others, times=6)
    it.conduct()
    assert it.result is PROMOTED
    assert next(count) == 6


def watches_expire(it: Stage) -> None:
    """410, as the status and as an event."""

    def trouble() -> None:
        it.faults.expire("GET", "watch=", times=2)
        it.faults.watch("expire", after=1, times=3)

    it.trouble = trouble
    it.conduct()
    assert it.result is PROMOTED


def connections_are_cut(it: Stage) -> None:
    """In the middle of a watch and of an event, and after a write was done."""

    def trouble() -> None:
        it.faults.watch("cut", after=1, times=2)
        it.faults.watch("half", times=2)
        it.faults.cut("after", "PATCH", times=2)
        it.cluster.cut_connections()

    it.trouble = trouble
    it.conduct()
    assert it.result is PROMOTED


def the_token_expires(it: Stage) -> None:
    """Nobody may do anything, until somebody has logged in again."""

    def trouble() -> None:
        refused = it.faults.unauthorized(times=None)
        after(1.0, lambda: setattr(refused, "times", 0))

    it.trouble = trouble
    it.conduct()
    assert it.result is PROMOTED
    assert any("Unauthorized" in each for each in [*it.said, *it.errors])


# --- others who change what serves -------------------------------------------


def a_weight_is_edited(it: Stage) -> None:
    """It is held, and rolled back at the deadline."""
    it.deadline = timedelta(minutes=3)
    it.trouble = lambda: it.hand("kubectl-edit").weigh(50)
    it.conduct()
    drift = it.drifts[0]
    assert isinstance(drift, RolloutDrifted)
    assert "not 25 %" in drift.what or "not 25" in drift.what
    assert it.result is ROLLED_BACK
    assert _cause(it) == "deadline"


def a_weight_is_edited_and_put_back(it: Stage) -> None:
    def trouble() -> None:
        it.hand(OWNER).weigh(50)
        after(1.0, lambda: it.hand(OWNER).weigh(25))

    it.trouble = trouble
    it.conduct()
    assert it.result is PROMOTED
    assert [type(each) for each in it.drifts] == [RolloutDrifted, DriftEnded]


def a_weight_is_edited_and_people_resume(it: Stage) -> None:
    it.answers = True
    it.trouble = lambda: it.hand(OWNER).weigh(50)
    it.conduct()
    assert it.result is PROMOTED
    assert [type(each) for each in it.drifts] == [RolloutDrifted]
    assert any(isinstance(each, RolloutDirected) for each in it.events)


def a_tool_reverts_for_ever(it: Stage) -> None:
    """It has the last word on the weights; the log says so, in a few entries."""
    it.deadline = timedelta(minutes=3)

    def trouble() -> None:
        for number in range(60):
            after(0.1 * number, lambda: it.hand("argocd-controller").weigh(0))

    it.trouble = trouble
    it.conduct(times=2)
    assert 1 <= len(it.drifts) <= 2 * MOST_DRIFTS
    if it.result is None:
        assert "argocd-controller" in it.errors[-1]
    else:
        assert it.result is ROLLED_BACK
    assert it.served.share("v2") == 0


def what_serves_is_deleted(it: Stage) -> None:
    """Nobody knows any more what served: held, with that as the reason."""
    it.deadline = timedelta(minutes=2)
    it.trouble = lambda: it.hand("kubectl").delete()
    it.conduct(times=2)
    drift = it.drifts[0]
    assert isinstance(drift, RolloutDrifted)
    assert "gone" in drift.what or "deleted" in drift.what
    assert it.result is None
    assert "there is no" in it.errors[-1]


def the_node_of_the_canary_is_lost(it: Stage) -> None:
    def trouble() -> None:
        world, image = it.served.world, it.release.reference or ""
        world.pods.fares[image].crashes = (137, "the node was lost")
        for pod in it.served.hand("node-controller").list("Pod", NAMESPACE):
            if pod["spec"]["containers"][0]["image"] == image:
                with suppress(Problem):
                    world.pods.crash(pod, 137, "the node was lost")

    it.trouble = trouble
    it.conduct()
    assert it.result is ROLLED_BACK
    assert _cause(it) == "crashed"


def _cause(it: Stage) -> str:
    return next(each.cause for each in it.events if isinstance(each, CanaryJudged))


TROUBLES: tuple[Callable[[Stage], None], ...] = (
    the_server_is_slow,
    it_answers_429_with_retry_after,
    it_is_unavailable,
    others_write_first,
    watches_expire,
    connections_are_cut,
    the_token_expires,
    a_weight_is_edited,
    a_weight_is_edited_and_put_back,
    a_weight_is_edited_and_people_resume,
    a_tool_reverts_for_ever,
    what_serves_is_deleted,
    the_node_of_the_canary_is_lost,
)


@pytest.mark.parametrize("kind", KINDS if FULL else [None])
@pytest.mark.parametrize(
    "trouble", TROUBLES if FULL else [None], ids=lambda each: each and each.__name__
)
def test_a_rollout_in_trouble_ends_as_its_log_says(
    kind: str | None, trouble: Callable[[Stage], None] | None, tmp_path: Path
) -> None:
    if kind is None or trouble is None:
        draw = begin_draw()
        kind, trouble = draw.choice(KINDS), draw.choice(TROUBLES)
        print(f"{kind}, {trouble.__name__}")
    with staged(kind, tmp_path) as it:
        trouble(it)
        it.check()


# --- two controllers ---------------------------------------------------------


def another_log_is_kept_out(place: Place) -> None:
    _is_kept_out(place, lambda: place.job(name="v3", log="another"))


def another_run_of_the_log_is_kept_out(place: Place) -> None:
    _is_kept_out(place, lambda: place.job(name="v3"))


def _is_kept_out(place: Place, other: Callable[[], Job]) -> None:
    first = place.job()
    with place.under_way(first) as process:
        code, said = place.run(other())
    assert code == 4, said
    assert "is conducting a rollout there" in said
    process.communicate(timeout=120)
    assert process.returncode == 0
    assert place.check(first).result is PROMOTED


def who_slept_too_long_changes_nothing(place: Place) -> None:
    """Its lease is over, and another machine has ended its rollout."""
    first = place.job()
    with place.under_way(first) as process:
        os.kill(process.pid, signal.SIGSTOP)
        try:
            after_it = place.elsewhere(first)
            code, said = place.run(after_it)
            assert code == 0, said
            ended = place.events(first)
        finally:
            os.kill(process.pid, signal.SIGCONT)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 4, said
    assert place.events(first) == ended
    assert place.check(first).result is PROMOTED


MEETINGS: tuple[Callable[[Place], None], ...] = (
    another_log_is_kept_out,
    another_run_of_the_log_is_kept_out,
    who_slept_too_long_changes_nothing,
)


@pytest.mark.parametrize("kind", KINDS if FULL else [None])
@pytest.mark.parametrize(
    "meeting", MEETINGS if FULL else [None], ids=lambda each: each and each.__name__
)
def test_there_are_never_two_controllers_at_once(
    kind: str | None, meeting: Callable[[Place], None] | None, tmp_path: Path
) -> None:
    if kind is None or meeting is None:
        draw = begin_draw()
        kind, meeting = draw.choice(KINDS), draw.choice(MEETINGS)
        print(f"{kind}, {meeting.__name__}")
    with opened(kind, tmp_path) as place:
        meeting(place)
