"""What whoever only looks sees of a rollout under way."""

from dataclasses import replace
from datetime import timedelta

from rollout_events import STARTED, at, block, weight

from sluicegate.canary.bounds import Bounds
from sluicegate.model.event import CanaryReady, RolloutDrifted
from sluicegate.model.state_item import OpenRollout
from sluicegate.report.open_rollouts import OpenView, rollouts_text
from sluicegate.report.rollout import follow
from sluicegate.report.rollout_bars import ASCII, RolloutTerms

TERMS = RolloutTerms(
    {"errors": Bounds(abort=4_000_000, promote=3_000_000)}, timedelta(seconds=60)
)
SEEN = (CanaryReady("canary"), weight(5, 10), block(10, 70, 500_000, 2_000_000))
VIEW = OpenView(
    item=OpenRollout(
        environment="production",
        run_id="01M82NSTC8CHFZD95J1C0BS4MK",
        stage="canary",
        canary=STARTED.canary,
        stable=STARTED.stable,
        index=1,
    ),
    term=None,
    progress=follow((STARTED, *SEEN)),
    lease=None,
    is_conducted=False,
    said=(),
    now=at(100),
    goes_by=TERMS,
)


def test_rates_have_intervals_and_evidence_has_bars() -> None:
    assert rollouts_text([VIEW]).splitlines() == [
        "production: v2 beside v1, 5 % of the traffic, 1 block",
        "  canary fails     2 % of  50  95 % Wilson interval 0.35 % to 10 %",
        "  stable fails   1.1 % of 950  95 % Wilson interval 0.57 % to 1.9 %",
        "  evidence  abort                       promote",
        "  errors    ██▌·················  12 %  █████████████·······  66 %",
        "  run      1C0BS4MK, stage canary",
        "  conducts nobody now",
        "  next     `sluice rollout tick production` does what is due",
    ]


def test_rates_and_bars_fit_a_narrow_terminal_without_block_characters() -> None:
    lines = rollouts_text([VIEW], 40, ASCII).splitlines()

    assert all(len(line) <= 40 for line in lines[1:5])
    assert lines[4].startswith("  errors    =......  12 %  ####=..")
    assert lines[4].isascii()


def test_without_the_pipeline_of_the_run_the_missing_bars_are_explained() -> None:
    text = rollouts_text([replace(VIEW, goes_by=None)])

    assert "errors" not in text
    assert "what it takes is in the run's pipeline" in text
    assert "95 % Wilson interval" in text


def test_before_the_first_block_there_is_nothing_to_show() -> None:
    early = replace(VIEW, progress=follow((STARTED, *SEEN[:2])), goes_by=None)

    assert "evidence" not in rollouts_text([early])


def test_what_others_have_changed_is_told_and_what_to_do_about_it() -> None:
    drifted = RolloutDrifted("canary", "it has 0 %, not 5 %\x1b[2J", at(80))
    progress = follow((STARTED, *SEEN, drifted))
    text = rollouts_text([replace(VIEW, progress=progress)])

    assert "  DRIFTED  just now: it has 0 %, not 5 %" in text
    assert "`sluice rollout resume production --reason ...` sets it anew" in text
    assert "\x1b" not in text
