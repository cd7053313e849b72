"""Unit tests of `sluicegate.gates.order`."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from hearings import NOW, REQUEST

from sluicegate.gates.order import judge_after
from sluicegate.model.decision import Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.policy import After
from sluicegate.model.release_request import Artifact, ArtifactKind, ReleaseRequest
from sluicegate.model.rollout import Release
from sluicegate.model.state_item import StableRelease

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
IMAGE, OTHER = Digest.of(b"image"), Digest.of(b"another image")
ARTIFACT = Artifact("churn", ArtifactKind.CONFIG, IMAGE)
ASKED = replace(REQUEST, artifacts=(ARTIFACT,), rollback=False)
A_DAY = After("staging", 24 * HOUR)


def stable(age: timedelta, image: Digest = IMAGE) -> Mapping[str, StableRelease]:
    """What staging has run for *age*."""
    release = Release(image, "v1.2.0", "c" * 40)
    return {"staging": StableRelease("staging", release, "run", NOW - age, 7)}


def judge(
    there: Mapping[str, StableRelease],
    after: After = A_DAY,
    request: ReleaseRequest = ASKED,
) -> tuple[Verdict, str]:
    (result,) = judge_after([after], request, there, NOW)
    return result.verdict, result.reason


def test_where_nothing_must_come_before_there_are_no_results() -> None:
    assert judge_after([], ASKED, {}, NOW) == ()


def test_an_artifact_that_was_stable_for_the_soak_may_go_on() -> None:
    verdict, reason = judge(stable(24 * HOUR))

    assert verdict is Verdict.OPEN
    assert reason.startswith("stable in staging since ")


def test_a_moment_before_the_soak_is_over_it_may_not() -> None:
    verdict, reason = judge(stable(24 * HOUR - SECOND))

    assert verdict is Verdict.PENDING
    assert "; 1 s of 1 d are left, until " in reason


def test_it_is_said_how_long_is_left() -> None:
    _, reason = judge(stable(3 * HOUR + SECOND))

    assert "; 21 h of 1 d are left, until " in reason


def test_without_a_soak_it_is_enough_that_it_arrived() -> None:
    assert judge(stable(timedelta(0)), After("staging"))[0] is Verdict.OPEN


def test_a_clock_that_was_set_back_shortens_nothing() -> None:
    recorded_later = stable(-48 * HOUR)

    verdict, reason = judge(recorded_later)

    assert verdict is Verdict.PENDING
    assert "; 1 d of 1 d are left, until " in reason


def test_where_nothing_is_stable_yet_it_must_go_first() -> None:
    assert judge({}) == (
        Verdict.PENDING,
        "nothing is stable in staging yet; release it there",
    )


def test_another_artifact_there_does_not_count_and_is_named() -> None:
    verdict, reason = judge(stable(48 * HOUR, OTHER))

    assert verdict is Verdict.PENDING
    assert reason == (
        f"staging runs v1.2.0 (image {OTHER.hex[:12]}), not this artifact;"
        " release it there first"
    )


def test_the_digest_of_a_manifest_is_not_that_of_an_image() -> None:
    manifest = replace(ARTIFACT, kind=ArtifactKind.MANIFEST)
    request = replace(ASKED, artifacts=(manifest,))

    assert judge(stable(48 * HOUR), request=request)[0] is Verdict.CLOSED


def test_of_two_images_it_cannot_be_told_which_was_stable() -> None:
    request = replace(ASKED, artifacts=(ARTIFACT, replace(ARTIFACT, digest=OTHER)))

    assert judge(stable(48 * HOUR), request=request)[0] is Verdict.CLOSED


def test_the_registrys_digest_of_the_same_image_is_no_second_one() -> None:
    manifest = Artifact("churn", ArtifactKind.MANIFEST, OTHER)
    request = replace(ASKED, artifacts=(manifest, ARTIFACT))

    assert judge(stable(48 * HOUR), request=request)[0] is Verdict.OPEN


def test_the_way_back_is_not_held_up() -> None:
    back = replace(ASKED, rollback=True)

    assert judge(stable(48 * HOUR, OTHER), request=back) == (
        Verdict.OPEN,
        "a rollback need not be stable in staging first",
    )


@pytest.mark.parametrize(
    ("after", "text"),
    [(After("staging"), "stable in staging"), (A_DAY, "stable in staging for 1 d")],
)
def test_the_text_of_a_result_says_what_the_rule_is(after: After, text: str) -> None:
    (result,) = judge_after([after], ASKED, {}, NOW)

    assert result.condition == text


def test_each_environment_that_must_come_before_is_judged_by_itself() -> None:
    results = judge_after([After("staging"), After("canary")], ASKED, stable(HOUR), NOW)

    assert [result.verdict for result in results] == [Verdict.OPEN, Verdict.PENDING]
