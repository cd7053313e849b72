"""What a look ahead is made of: options, a history, the pipeline file."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from sluicegate.errors import UsageError
from sluicegate.wiring.preflight import Question, look

ASKED = Question(
    file=None,
    stage=None,
    requests_per_second=1000.0,
    error_rate=0.02,
    steps=(50,),
    deadline=timedelta(hours=1),
    history=None,
    alike=False,
    regressions=(10.0,),
)
LINE = (
    '{"t": %d, "metric": "errors", "kind": "bernoulli",'
    ' "canary": {"n": 100, "x": 1}, "stable": {"n": 900, "x": 9}}\n'
)
PIPELINE = """\
schema: sluicegate/v1
name: birds_release_v1.0
stages:
  build: {uses: docker-build, image: registry.example/birds}
  canary:
    uses: canary
    environment: production
    needs: [build]
    steps: [20, 40]
    block: 30s
    step_blocks: 3
    min_duration: 7m
    deadline: 20m
    judge: {sigma: 0.5, fuse: 0.5}
    metrics: {errors: {ratio: 3}}
environments:
  production: {target: {uses: docker, port: 8000}}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_a_pipeline_file_options_and_defaults_say_all() -> None:
    found = look(ASKED)
    assert found.stage is None
    assert (found.schedule.steps, found.schedule.block_seconds) == ((50,), 60)
    assert found.settings.sigma == 0.3
    assert [each.times for each in found.outlooks] == [1, 10]


def test_the_canary_stage_says_what_options_do_not(folder: Path) -> None:
    (folder / "sluicegate.yaml").write_text(PIPELINE)
    found = look(replace(ASKED, steps=(), deadline=None))
    schedule, settings = found.schedule, found.settings
    assert (found.stage, schedule.steps, schedule.block_seconds) == (
        "canary",
        (20, 40),
        30,
    )
    assert (schedule.step_blocks, schedule.deadline_seconds) == (3, 1200)
    assert (settings.sigma, settings.ratio, settings.min_seconds) == (0.5, 3, 420)
    assert settings.alpha == 0.005  # the fuse has the other half
    assert found.outlooks[0].half_seconds >= 420
    assert look(ASKED).schedule.steps == (50,)


def test_a_pipeline_without_a_canary_is_passed_over_unless_it_is_named(
    folder: Path,
) -> None:
    text = PIPELINE[: PIPELINE.index("  canary:")]
    (folder / "sluicegate.yaml").write_text(text)
    assert look(ASKED).stage is None
    with pytest.raises(UsageError, match="has no canary stage"):
        look(replace(ASKED, file=Path("sluicegate.yaml")))
    with pytest.raises(UsageError, match="has no canary stage 'canary'"):
        look(replace(ASKED, stage="canary"))


def test_a_history_says_traffic_where_no_option_does(folder: Path) -> None:
    (folder / "past.jsonl").write_text("".join(LINE % (n * 10) for n in (1, 2, 3)))
    asked = replace(ASKED, history="past.jsonl", requests_per_second=None)
    assert look(asked).traffic.requests_per_second == pytest.approx(100)
    assert look(asked).traffic.error_rate == 0.02
    unsure = look(replace(asked, alike=True))
    assert unsure.noise is not None
    assert unsure.noise.upper is None
    assert unsure.settings.sigma == 0.3


def test_only_default_regressions_are_left_out_where_they_are_impossible() -> None:
    found = look(replace(ASKED, error_rate=0.3, regressions=()))
    assert [each.times for each in found.outlooks] == [1, 2]


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (replace(ASKED, requests_per_second=None), "without --rps"),
        (replace(ASKED, error_rate=None), "without --error-rate"),
        (replace(ASKED, error_rate=0.8), "nothing would be unacceptable"),
        (replace(ASKED, error_rate=5.0), "between 0 and 1"),
        (replace(ASKED, steps=(50, 10)), "weights rise"),
        (replace(ASKED, steps=(0,)), "weights rise"),
        (replace(ASKED, steps=(95,)), "at most 90 %"),
        (replace(ASKED, regressions=(1.0, 2.0)), "above 1 times, got 1"),
        (replace(ASKED, regressions=(51.0,)), "more than all requests"),
        (replace(ASKED, regressions=(float("nan"),)), "nan"),
        (replace(ASKED, alike=True), "about a history"),
        (replace(ASKED, history="none.jsonl"), "cannot read none.jsonl"),
        (replace(ASKED, file=Path("none.yaml")), "no pipeline file none.yaml"),
    ],
)
def test_what_cannot_be_answered_says_what_is_missing(
    question: Question, words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        look(question)


def test_a_history_of_something_else_is_refused_by_its_name(folder: Path) -> None:
    (folder / "past.jsonl").write_text(LINE % 10)
    with pytest.raises(UsageError, match=r"past\.jsonl: a history needs at least two"):
        look(replace(ASKED, history="past.jsonl"))
