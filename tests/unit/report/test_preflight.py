"""What is said before a rollout, to people and programs."""

import json
from math import inf

from sluicegate.canary.outlook import Forecast, Outlook, Reach
from sluicegate.canary.preflight import Schedule, Traffic
from sluicegate.canary.settings import JudgeSettings
from sluicegate.canary.sigma import Estimate
from sluicegate.report.preflight import forecast_document, forecast_text

GOOD = Outlook(1.0, 1379.0, 1140.0, 3660.0, 0.88, 0.0, Reach.LIKELY)
TWICE = Outlook(2.0, 4912.0, inf, inf, 0.02, 0.1, Reach.IMPOSSIBLE)
FIVE = Outlook(5.0, 496.0, 3900.0, 4000.0, 0.0, 0.4, Reach.UNLIKELY)


def forecast(*outlooks: Outlook, noise: Estimate | None = None) -> Forecast:
    return Forecast(
        stage="canary",
        schedule=Schedule((10,), 60.0, 1, 3600.0),
        traffic=Traffic(5.0, 0.005),
        settings=JudgeSettings(),
        outlooks=outlooks,
        least_regression=2.19,
        noise=noise,
    )


def test_a_person_reads_a_table_and_what_no_method_can_do_and_what_would_help() -> None:
    assert forecast_text(forecast(GOOD, TWICE)) == (
        "canary: 5 requests/s, 0.5 % of them fail; 10 % on the canary, blocks of 1 min,"
        " 1 h in all\n"
        "\n"
        "the canary              any method  half within  nine in ten"
        "  by the deadline\n"
        "is as good as stable    23 min      19 min       1 h 1 min"
        "    88 % promoted\n"
        "fails 2 times as often  1 h 22 min  -            -"
        "            2 % promoted, 10 % aborted\n"
        "\n"
        "Any method takes at least so long to promote 99 of 100 good canaries, or to"
        " abort\n"
        "95 of 100 worse ones. The rest is from 50 rehearsals of each, judged by"
        " failed\n"
        "requests alone; real traffic is noisier.\n"
        "\n"
        "5 requests/s x 10 %: at 0.5 % errors no method can tell a canary that fails"
        " 2 times as often in 1 h: it takes at least 1 h 22 min to find 95 of 100 such"
        " and abort at most 1 of 100 good ones.\n"
        "\n"
        "  a longer deadline: 1 h 22 min at the very least: nine in ten took longer"
        " than was tried\n"
        "  a larger share: steps: [50] takes any method at least 33 min\n"
        "  less to ask for: a regression of 2.2 times can be told in time (--times)"
    )


def test_what_is_merely_not_likely_is_a_warning() -> None:
    text = forecast_text(forecast(GOOD, FIVE))
    assert (
        "A canary that fails 5 times as often is not likely to be aborted within 1 h:"
        " half of them take 1 h 5 min or longer." in text
    )
    assert "a longer deadline: 1 h 7 min or more" in text
    assert forecast(GOOD, FIVE).reach is Reach.UNLIKELY


def test_without_doubts_there_is_nothing_after_the_table() -> None:
    text = forecast_text(forecast(GOOD))
    assert text.endswith("real traffic is noisier.")


def test_steps_longer_than_the_deadline_promote_nothing() -> None:
    late = Outlook(1.0, 7200.0, 7200.0, 7200.0, 0.0, 0.0, Reach.IMPOSSIBLE)
    found = forecast(late)
    steps = Forecast(
        found.stage,
        Schedule((10, 20), 60.0, 60, 3600.0),
        found.traffic,
        found.settings,
        found.outlooks,
        None,
        None,
    )
    assert "steps and min_duration alone take 2 h." in forecast_text(steps)


def test_the_noise_of_a_history_is_told_with_what_to_set() -> None:
    known = forecast_text(forecast(GOOD, noise=Estimate(119, 0.1, 0.184)))
    assert "sigma 0.10, at most 0.18 by 119 blocks" in known
    assert "judge: {sigma: 0.18}" in known
    unknown = forecast_text(forecast(GOOD, noise=Estimate(4, 0.0, None)))
    assert (
        "too little of the noise (4 blocks with failures): sigma stays 0.3" in unknown
    )


def test_a_program_gets_seconds_and_null_for_what_never_comes() -> None:
    document = json.loads(forecast_document(forecast(GOOD, TWICE)))
    assert document["verdict"] == "impossible"
    assert document["outlooks"][1] == {
        "times": 2.0,
        "limit_seconds": 4912.0,
        "half_seconds": None,
        "most_seconds": None,
        "promoted": 0.02,
        "aborted": 0.1,
        "reach": "impossible",
    }
    assert len(document["warnings"]) == 1
    assert len(document["hints"]) == 3
