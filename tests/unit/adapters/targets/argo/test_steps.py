"""The steps of a Rollout: where it waits, and which can be conducted."""

import pytest
from kube_players.argo_counts import approximate
from kube_players.documents import Document
from kube_worlds_argo_kserve import held_steps, rollout

from sluicegate.adapters.kubernetes.objects import ROLLOUT, Obj
from sluicegate.adapters.targets.argo.shares import nearest_share, refuse_shares
from sluicegate.adapters.targets.argo.steps import (
    Hold,
    Steps,
    find_refusal,
    read_steps,
)


def steps(*given: Document) -> Steps:
    return read_steps(Obj(ROLLOUT, rollout(steps=list(given))))


def test_a_pause_without_duration_is_where_it_waits_for_somebody() -> None:
    found = steps(
        {"setCanaryScale": {"replicas": 1}},
        {"pause": {}},
        {"setWeight": 5},
        {"pause": {"duration": "10m"}},
        {"pause": {}},
        {"setWeight": 20},
        {"analysis": {"templates": [{"templateName": "errors"}]}},
        {"pause": {}},
    )

    assert found.holds == (Hold(1, 0, 0), Hold(4, 2, 5), Hold(7, 5, 20))
    assert found.hold(20) == Hold(7, 5, 20)
    assert (found.hold(10), found.is_seen) == (None, True)
    assert find_refusal(found, [5, 20], is_routed=True) is None


def test_a_missing_weight_is_refused_with_both_lists() -> None:
    refusal = find_refusal(steps(*held_steps(5, 25)), [5, 10, 25], is_routed=True)

    assert refusal is not None
    assert refusal.reason == (
        "it does not wait for us at 10 %: the pipeline's steps are 5 %, 10 %, 25 %, and"
        " it waits at 5 %, 25 %"
    )
    assert "`setWeight: 10` and then `pause: {}`" in refusal.hint


@pytest.mark.parametrize(
    "beginning",
    [
        [{"setWeight": 5}, {"pause": {}}],
        [{"pause": {}}, {"setWeight": 5}, {"pause": {}}],
        [{"setWeight": 0}, {"pause": {}}, {"setWeight": 5}, {"pause": {}}],
        [
            {"setCanaryScale": {"replicas": 1}},
            {"setCanaryScale": {"matchTrafficWeight": True}},
            {"pause": {}},
            {"setWeight": 5},
            {"pause": {}},
        ],
    ],
    ids=["traffic at once", "no pods", "no pods at weight 0", "scaled back"],
)
def test_a_canary_without_pods_before_its_first_weight_is_refused(
    beginning: list[Document],
) -> None:
    refusal = find_refusal(steps(*beginning), [5], is_routed=True)

    assert refusal is not None
    assert "does not begin at weight 0 with pods" in refusal.reason
    assert "`setCanaryScale: {replicas: 1}`, `pause: {}`" in refusal.hint


def test_weights_that_fall_on_the_way_are_refused() -> None:
    given = steps(*held_steps(5), {"setWeight": 60}, *held_steps(25)[3:])
    refusal = find_refusal(given, [5, 25], is_routed=True)

    assert refusal is not None
    assert refusal.reason == "the weights of its steps do not rise: 5 %, 60 %, 25 %"


def test_what_comes_after_the_last_of_ours_does_not_matter() -> None:
    given = steps(*held_steps(5, 25), {"setWeight": 100}, {"setWeight": 10})

    assert find_refusal(given, [5, 25], is_routed=True) is None


def test_the_nearest_share_is_the_one_that_argo_comes_to() -> None:
    for surge in (0, 1):
        for replicas in range(13):
            for weight in range(101):
                share = nearest_share(replicas, weight, surge)
                wanted = approximate(replicas, weight, surge)
                found = (share.canary, share.total - share.canary)
                assert found == wanted, (replicas, weight, surge)


def test_a_share_that_whole_pods_cannot_make_is_refused() -> None:
    near = [nearest_share(4, 25, 1), nearest_share(20, 5, 0)]
    far = nearest_share(4, 5, 1)

    assert refuse_shares(near) is None
    refusal = refuse_shares([*near, far])
    assert refusal is not None
    assert refusal.reason.endswith("are too few: 5 % would be 1 of 5 pods, 20 %")
