"""Unit tests of `sluicegate.engine.going_back`: which release is gone back to."""

from contextlib import suppress
from dataclasses import replace

import pytest
from fakes import START
from fakes_target import release
from hypothesis import given
from hypothesis import strategies as st
from run_events import started

from sluicegate.engine.going_back import choose_release
from sluicegate.errors import UsageError
from sluicegate.model.deployment import Deployment, Standing

REGISTRY = "registry.example/churn@sha256:" + "ab" * 32


def row(
    name: str,
    standing: Standing = Standing.PROMOTED,
    before: str | None = None,
    *,
    rollback: str | None = None,
    live: bool = False,
    run_id: str | None = None,
) -> Deployment:
    return Deployment(
        environment="production",
        release=release(name),
        before=None if before is None else release(before),
        standing=standing,
        reason="",
        run_id=run_id or f"RUN-{name}".upper(),
        run=started(rollback=rollback),
        stages=(),
        start_ts=START,
        end_ts=None if standing is Standing.UNDER_WAY else START,
        live=live,
    )


V1 = row("v1", Standing.DEPLOYED)
V2 = row("v2", before="v1")
BAD = row("bad", Standing.ROLLED_BACK, "v2")
V3 = row("v3", before="v2", live=True)
ROWS = [V1, V2, BAD, V3]
BACK = row("v2", before="v3", rollback="RUN-V2", live=True, run_id="RUN-BACK")
AFTER = [V1, V2, BAD, replace(V3, live=False), BACK]


def refusal(rows: list[Deployment], to: str | None = None) -> str:
    with pytest.raises(UsageError) as caught:
        choose_release(rows, "production", to)
    return f"{caught.value} -- {caught.value.hint}"


def test_the_release_before_the_live_one_is_the_default() -> None:
    assert choose_release(ROWS, "production", None) is V2


def test_after_a_rollback_the_next_one_goes_further_back_not_forth() -> None:
    assert choose_release(AFTER, "production", None) is V1


def test_the_release_before_is_the_one_that_was_live_then() -> None:
    mended = row("v4", before="v2", live=True)
    rows = [*AFTER[:-1], replace(BACK, live=False), mended]

    assert choose_release(rows, "production", None) is V2


@pytest.mark.parametrize("to", ["v1", "RUN-V1", "run-v1", str(release("v1").image)])
def test_a_release_is_named_by_its_name_its_run_or_its_digest(to: str) -> None:
    assert choose_release(ROWS, "production", to) is V1


def test_a_release_is_named_by_its_digest_in_the_registry() -> None:
    published = replace(V1, release=replace(V1.release, reference=REGISTRY))
    rows = [published, V2, V3]

    for to in (REGISTRY, REGISTRY.rpartition("@")[2], "abababab"):
        assert choose_release(rows, "production", to) is published


def test_a_rollback_leads_to_the_run_that_has_the_evidence() -> None:
    v4 = row("v4", before="v2", live=True)
    rows = [*AFTER[:-1], replace(BACK, live=False), v4]

    assert choose_release(rows, "production", "RUN-BACK") is V2
    assert choose_release(rows, "production", "v2") is V2


def test_a_name_of_two_images_says_which_there_are() -> None:
    other = replace(V2, release=replace(V2.release, name="v1"), run_id="RUN-OTHER")

    said = refusal([V1, other, V3], "v1")

    assert "'v1' names 2 releases there: v1 " in said
    assert choose_release([V1, other, V3], "production", "RUN-OTHER") is other


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        (Standing.ROLLED_BACK, "its canary was taken back"),
        (Standing.UNFINISHED, "its rollout never ended"),
        (Standing.FOUND, "by other means than a rollout of this log"),
    ],
)
def test_what_never_got_through_the_gates_is_refused(
    standing: Standing, said: str
) -> None:
    other = row("other", standing, "v1")

    told = refusal([V1, other, V3], "other")

    assert "other never got through the gates of production" in told
    assert said in told


def test_a_release_that_got_through_another_time_is_taken() -> None:
    again = replace(row("bad", before="v2"), run_id="RUN-AGAIN")

    assert choose_release([V1, V2, BAD, again, V3], "production", "bad") is again


def test_what_is_live_already_is_refused() -> None:
    assert "v3 is what production runs already" in refusal(ROWS, "v3")
    assert "v2 is what production runs already" in refusal(AFTER, "v2")


def test_what_is_not_known_is_refused_with_what_there_is() -> None:
    assert "production never ran 'v9'" in refusal(ROWS, "v9")
    assert "v3, v2, v1" in refusal(ROWS, "v9")
    assert "production never ran 'v'" in refusal(ROWS, "v")
    with pytest.raises(UsageError, match="no release in 'prod'") as caught:
        choose_release(ROWS, "prod", None)
    assert caught.value.hint == "there are releases in: production"


def test_before_the_first_release_there_was_none() -> None:
    alone = replace(V1, live=True)

    assert "nothing that the log knows of was live before v1" in refusal([alone])


def test_where_nothing_is_live_the_release_must_be_named() -> None:
    gone = [replace(each, live=False) for each in (V1, V2)]

    assert "nothing is live there" in refusal(gone)
    assert choose_release(gone, "production", "v2") is gone[1]


def test_what_came_by_other_means_is_left_for_what_was_live_before_it() -> None:
    found = row("found", Standing.FOUND, live=True)

    assert choose_release([V1, V2, found], "production", None) is V2


def test_what_was_there_before_by_other_means_cannot_be_gone_back_to() -> None:
    found = row("found", Standing.FOUND)
    live = row("v3", before="found", live=True)

    assert "found never got through the gates" in refusal([V1, found, live])


def test_what_was_pruned_cannot_be_gone_back_to() -> None:
    pruned = replace(row("old", Standing.FOUND), run=None)
    live = row("v3", before="old", live=True)

    for to in (None, "old"):
        assert "what was found for old is not in the log any more" in refusal(
            [pruned, live], to
        )
    assert "what was found for v2" in refusal(
        [row("v1"), replace(BACK, live=False), V3], "RUN-BACK"
    )


@pytest.mark.parametrize("standing", [Standing.HELD, Standing.UNDER_WAY])
def test_beside_a_canary_it_must_be_said_which_of_the_two_is_to_go(
    standing: Standing,
) -> None:
    canary = row("v4", standing, "v3")

    said = refusal([*ROWS, canary])

    assert "v4 shares the traffic with v3" in said
    assert "`sluice rollback production --to v3` takes it out" in said
    assert choose_release([*ROWS, canary], "production", "v3") is V3
    assert choose_release([*ROWS, canary], "production", "v2") is V2
    assert "v4 never got through" in refusal([*ROWS, canary], "v4")


def test_other_environments_are_not_gone_back_to() -> None:
    elsewhere = replace(V2, environment="staging")

    said = refusal([V1, elsewhere, replace(V3, before=release("v2"))], "v2")

    assert "production never ran 'v2'" in said


STANDINGS = st.sampled_from([each for each in Standing if each is not Standing.FOUND])


@given(st.lists(STANDINGS, max_size=8), st.none() | st.sampled_from("012345678"))
def test_only_what_was_live_by_a_rollout_is_ever_chosen(
    standings: list[Standing], to: str | None
) -> None:
    rows, before = [], None
    for number, standing in enumerate(standings):
        rows.append(row(f"{number}", standing, before, run_id=f"RUN-{number}"))
        if standing in {Standing.DEPLOYED, Standing.PROMOTED}:
            rows = [replace(each, live=False) for each in rows]
            rows[-1] = replace(rows[-1], live=True)
            before = f"{number}"
    with suppress(UsageError):
        chosen = choose_release(rows, "production", to)

        assert chosen.standing in {Standing.DEPLOYED, Standing.PROMOTED}
        assert to in {None, chosen.release.name}
        is_shared = rows[-1].standing in {Standing.HELD, Standing.UNDER_WAY}
        assert is_shared or not chosen.live
