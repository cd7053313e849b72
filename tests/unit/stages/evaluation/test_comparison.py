"""`sluicegate.stages.evaluation.comparison`: claims, shown, refuted, or neither."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.stages.evaluation.comparison import Answer, Question, conclude, look

SHARE = Question("noninferior", 0.01, is_share=True)
MEAN = Question("noninferior", 0.5, is_share=False)


def ask(
    question: Question, gains: list[float], *, least: int = 2, confidence: float = 0.95
) -> Answer:
    found = look(question, gains, confidence)
    (answer,) = conclude(
        [question], [found], confidence, power=0.8, corrects=True, least=least
    )
    return answer


def table(gained: int, lost: int, n: int) -> list[float]:
    return [1.0] * gained + [-1.0] * lost + [0.0] * (n - gained - lost)


@pytest.mark.parametrize(
    ("gained", "lost", "n", "holds"),
    [
        (50, 50, 10_000, True),
        (500, 500, 2000, None),
        (25, 25, 500, None),
        (0, 0, 500, True),
        (0, 0, 200, None),
        (20, 300, 2000, False),
        (300, 20, 2000, True),
    ],
)
def test_no_worse_by_a_point_is_shown_refuted_or_neither(
    gained: int,
    lost: int,
    n: int,
    holds: bool | None,  # noqa: FBT001 - what is found
) -> None:
    answer = ask(SHARE, table(gained, lost, n))

    assert answer.holds is holds
    assert (answer.needed is None) == (holds is not None)


def test_the_sample_size_of_a_share_is_the_textbooks() -> None:
    answer = ask(SHARE, table(25, 25, 500))

    assert answer.needed == pytest.approx(6183, rel=0.03)  # one in ten is discordant


def test_a_claim_of_more_is_not_shown_by_as_good_and_says_that_none_would() -> None:
    question = replace(SHARE, test="superior", margin=0.0)

    assert ask(question, table(30, 30, 1000)).holds is None
    assert ask(question, table(30, 30, 1000)).needed is None
    assert ask(question, table(60, 30, 1000)).holds is True
    assert ask(question, table(30, 60, 1000)).holds is False
    needed = ask(question, table(35, 30, 1000)).needed
    assert needed is not None
    assert needed > 1000


def test_below_the_least_number_nothing_is_concluded() -> None:
    gains = [0.1, 0.2] * 10

    assert ask(MEAN, gains, least=20).holds is True
    few = ask(MEAN, gains, least=21)
    assert (few.holds, few.needed) == (None, 21)


@pytest.mark.parametrize("seed", [None, b"seed"])
def test_means_are_shown_refuted_or_neither(seed: bytes | None) -> None:
    question = replace(MEAN, bootstrap=seed)
    noise = [-1.0, 1.0, -2.0, 2.0] * 25

    assert ask(question, noise).holds is True
    assert ask(question, [each - 0.4 for each in noise]).holds is None
    assert ask(question, [each - 2 for each in noise]).holds is False


def test_claims_together_are_held_to_the_confidence() -> None:
    question = replace(SHARE, test="superior", margin=0.0)
    found = look(question, table(30, 17, 500), 0.95)
    assert 0.025 < found.p < 0.05

    def holds(count: int, *, corrects: bool) -> set[bool | None]:
        answers = conclude(
            [question] * count,
            [found] * count,
            0.95,
            power=0.8,
            corrects=corrects,
            least=2,
        )
        return {answer.holds for answer in answers}

    assert holds(1, corrects=True) == holds(3, corrects=False) == {True}
    assert holds(3, corrects=True) == {None}


@settings(max_examples=40)
@given(
    st.lists(st.sampled_from([-1.0, 0.0, 0.0, 0.0, 1.0]), min_size=30, max_size=300),
    st.floats(0.001, 0.3),
)
def test_a_wider_margin_never_refutes_what_was_shown(
    gains: list[float], margin: float
) -> None:
    narrow = ask(replace(SHARE, margin=margin), gains)
    wide = ask(replace(SHARE, margin=margin * 1.5), gains)

    assert not (narrow.holds is True and wide.holds is not True)
    assert not (wide.holds is False and narrow.holds is not False)


@settings(max_examples=40)
@given(st.integers(2, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_verdict_and_the_bounds_agree(counts: tuple[int, int]) -> None:
    lost, n = counts
    answer = ask(replace(SHARE, margin=0.05), table(0, lost, n))

    assert (answer.holds is True) == (answer.bounds.lower > -0.05)
    assert (answer.holds is False) == (answer.bounds.upper < -0.05)
