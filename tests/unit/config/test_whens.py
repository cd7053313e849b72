"""Unit tests of `sluicegate.config.whens` and `sluicegate.config.pools`."""

import pytest

from sluicegate.config.file import parse_pipeline
from sluicegate.errors import PipelineFileError

HEAD = "schema: sluicegate/v1\nname: churn_release_v1.0\nstages:\n"


def problems(text: str) -> list[str]:
    with pytest.raises(PipelineFileError) as refused:
        parse_pipeline(text.encode(), "s.yaml")
    return [problem.removeprefix("s.yaml:") for problem in refused.value.problems]


@pytest.mark.parametrize(
    ("when", "names"),
    [
        ('git.branch == "main"', ("git.branch",)),
        ('label.os != "windows" && !git.dirty', ("git.dirty", "label.os")),
        ("lint.findings == 0", ("lint.findings",)),
    ],
)
def test_a_condition_may_ask_git_labels_and_evidence_upstream(
    when: str, names: tuple[str, ...]
) -> None:
    stages = f"  lint: {{uses: ruff}}\n  test:\n    uses: pytest\n    when: '{when}'\n"

    pipeline = parse_pipeline((HEAD + stages).encode(), "s.yaml")

    condition = pipeline.stage("test").when
    assert condition is not None
    assert condition.names == names
    assert pipeline.stage("lint").when is None


@pytest.mark.parametrize(
    ("when", "problem"),
    [
        ("git.brunch == 1", "6: stages.test.when: 'git.brunch == 1': unknown"),
        ("test.failed == 0", "6: stages.test.when: 'test.failed == 0': unknown"),
        ("git.branch", "6: stages.test.when: 'git.branch': not a yes-or-no question"),
        ("1 == 1", "6: stages.test.when: '1 == 1': reads no evidence"),
        ("", "6: stages.test.when: must not be empty"),
        ("labels.os == 1", "6: stages.test.when: 'labels.os == 1': unknown evidence"),
    ],
)
def test_a_condition_that_asks_nothing_there_is_refused(
    when: str, problem: str
) -> None:
    stages = f"  lint: {{uses: ruff}}\n  test:\n    when: '{when}'\n    uses: pytest\n"
    text = f"schema: sluicegate/v1\nname: churn_release_v1.0\nstages:\n{stages}"

    [found] = problems(text)

    assert found.startswith(problem)


MODEL = """  data: {uses: command, run: make}
  train:
    uses: train
    run: make
    inputs: [a]
    model: [model]
    metrics: {file: m.json, fields: {loss: number}}
    when: 'WHEN'
  build: {uses: docker-build, image: churn}
  check: {uses: command, run: make, needs: []}
  prod: {uses: canary, environment: production, needs: [build]}
"""
PLACE = "environments:\n  production: {target: {uses: docker, port: 8000}}\n"


@pytest.mark.parametrize(
    ("when", "place"),
    [
        ("stable.train.loss > 0.03", "production"),
        ("stable.build.size_bytes > 3", "production"),  # its run had found it before
        ("environment.release_age_hours > 720.0", "production"),
        ('environment.first_release || label.x == "y"', "production"),
        ("data.exit_code == 0", None),
    ],
)
def test_a_condition_may_ask_what_is_released_where_it_goes(
    when: str, place: str | None
) -> None:
    text = HEAD + MODEL.replace("WHEN", when) + PLACE

    assert parse_pipeline(text.encode(), "s.yaml").stage("train").when_in == place


@pytest.mark.parametrize(
    ("when", "more", "said"),
    [
        ("stable.train.lost > 1", "", "unknown"),
        ("stable.check.exit_code == 0", "", "unknown"),  # nothing of it is released
        ("stable.train.loss == true", "", ""),
        (
            "stable.train.loss > 0.03",
            "  other: {uses: canary, environment: staging, needs: [build]}\n",
            "of production or staging? Both come after the stage",
        ),
    ],
)
def test_a_condition_that_asks_what_no_release_can_have_is_refused(
    when: str, more: str, said: str
) -> None:
    place = PLACE + "  staging: {target: {uses: docker, port: 8001}}\n" * bool(more)
    (found,) = problems(HEAD + MODEL.replace("WHEN", when) + more + place)

    assert "stages.train.when" in found
    assert said in found


def test_what_leads_to_no_environment_asks_no_release() -> None:
    stages = "  lint: {uses: ruff, when: 'stable.lint.findings > 0'}\n"
    (found,) = problems(HEAD + stages)

    assert "no environment comes after the stage" in found
    assert "environments." not in found


def test_a_label_asked_for_by_the_wrong_name_is_answered_with_the_right_one() -> None:
    [found] = problems(f"{HEAD}  test: {{uses: pytest, when: \"labels.os == 'a'\"}}\n")

    assert "(did you mean 'label.os'?)" in found


@pytest.mark.parametrize("name", ["git", "label"])
def test_no_stage_is_called_what_conditions_ask(name: str) -> None:
    [found] = problems(f"{HEAD}  {name}: {{uses: ruff}}\n")

    assert "means something else in conditions" in found


def test_pools_are_declared_once_and_taken_by_name() -> None:
    text = f"pools: {{gpu: 4}}\n{HEAD}  train: {{uses: ruff, pools: {{gpu: 2}}}}\n"

    pipeline = parse_pipeline(text.encode(), "s.yaml")

    assert pipeline.pools == {"gpu": 4}
    assert pipeline.stage("train").stage.pools == {"gpu": 2}


@pytest.mark.parametrize(
    ("head", "pools", "problem"),
    [
        ("pools: {gpu: 4}\n", "gpv: 1", "unknown pool 'gpv' (did you mean 'gpu'?)"),
        ("", "gpu: 2", "unknown pool 'gpu'; declare it at the top: pools: {gpu: 2}"),
        ("pools: {gpu: 4}\n", "gpu: 5", "wants 5 slots, but the pool has 4"),
        ("pools: {gpu: 4}\n", "gpu: 0", "must be at least 1, not 0"),
        ("pools: {gpu: 0}\n", "gpu: 1", "must be at least 1, not 0"),
    ],
)
def test_a_stage_that_could_never_start_is_refused(
    head: str, pools: str, problem: str
) -> None:
    found = problems(f"{head}{HEAD}  train: {{uses: ruff, pools: {{{pools}}}}}\n")

    assert any(each.endswith(problem) for each in found)


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ("inputs: []", "must not be empty"),
        ("inputs: [/etc]", "must be a path relative to the pipeline file"),
        ("outputs: ['~/x']", "must be a path relative to the pipeline file"),
        ("retries: 11", "must be at most 10, not 11"),
        ("retries: {count: 1, backoff: 0s}", "must be more than zero"),
        ("retries: true", "must be a whole number, or keys and values like {count: 2"),
        ("retries: many", "must be a whole number, or keys and values like {count: 2"),
    ],
)
def test_what_all_stages_share_is_checked(setting: str, problem: str) -> None:
    [found] = problems(f"{HEAD}  make: {{uses: command, run: x, {setting}}}\n")

    assert problem in found
