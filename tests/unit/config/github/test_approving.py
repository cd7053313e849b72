from dataclasses import replace

from host_setups import ASKED, GOOD_FILES, bad, checkout, judged, settings

from sluicegate.config.github.checkout import Checkout
from sluicegate.model.host_check import Standing

APPROVE = ".github/workflows/approve.yml"
ROLLOUT = ".github/workflows/rollout.yml"
RELEASE = ".github/workflows/release.yml"


def without(*paths: str) -> Checkout:
    found = checkout()
    left = tuple(w for w in found.workflows if w.path not in paths)
    return replace(found, workflows=left)


def test_a_policy_that_counts_runs_of_a_workflow_needs_it() -> None:
    assert bad(judged(without(APPROVE))) == [("approve.yml", Standing.PROBLEM)]
    assert bad(judged(without(APPROVE), replace(ASKED, answering=frozenset()))) == []


def test_what_goes_on_by_ticks_is_asked_of_the_full_set_up_alone() -> None:
    by_signature = replace(ASKED, answering=frozenset())

    (asked,) = [x for x in judged(without(ROLLOUT)) if x.topic == "rollout.yml"]
    one_step = [x.topic for x in judged(without(ROLLOUT, RELEASE), by_signature)]

    assert (asked.standing, asked.fix) == (Standing.NOTE, "sluice init --github=full")
    assert "rollout.yml" not in one_step


def test_a_file_that_the_protected_branch_has_not_approves_nothing() -> None:
    found = judged(checkout(behind=frozenset({APPROVE})))

    assert bad(found) == [("approve.yml", Standing.WARNING)]


def test_what_the_protected_branch_has_can_be_unknown() -> None:
    assert {each for each, _ in bad(judged(checkout(behind=None)))} == {
        *("approve.yml", "rollout.yml")
    }


def test_an_approval_is_started_by_a_person_alone() -> None:
    text = GOOD_FILES[APPROVE].replace("on: workflow_dispatch", "on: [push]")

    found = judged(checkout({APPROVE: text}), host=settings())

    assert bad(found) == [("approve.yml", Standing.PROBLEM)]
    assert "started by push, not by a dispatch" in next(
        each.what for each in found if each.standing is Standing.PROBLEM
    )
