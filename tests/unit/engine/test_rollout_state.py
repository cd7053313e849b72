"""The blocks between two looks."""

from fakes import START as BEGINNING
from rollouts import PLAN, under_way

from sluicegate.engine.rollout import block_from, fold
from sluicegate.model.rollout import Scrape
from sluicegate.model.traffic import NO_REQUESTS, RequestCounts


def test_a_counter_that_went_backwards_started_again_at_zero() -> None:
    state = fold(PLAN, under_way(at=BEGINNING, stable=500, canary=70))
    scrape = Scrape(BEGINNING + PLAN.block, RequestCounts(520, 1), RequestCounts(30, 2))
    block = block_from(PLAN, state, scrape)
    assert block.stable == RequestCounts(20, 1)
    assert block.canary == RequestCounts(30, 2)
    assert block.canary_total == RequestCounts(30, 2)


def test_failures_that_outgrow_the_requests_mean_that_the_counter_started_again() -> (
    None
):
    state = fold(PLAN, under_way(at=BEGINNING, stable=10, canary=10))
    scrape = Scrape(BEGINNING + PLAN.block, NO_REQUESTS, RequestCounts(12, 9))
    assert block_from(PLAN, state, scrape).canary == RequestCounts(12, 9)
