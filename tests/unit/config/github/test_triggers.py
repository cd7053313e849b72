import pytest
from host_setups import only

from sluicegate.config.github.triggers import judge_triggers
from sluicegate.model.host_check import Standing

READS = "permissions: {contents: read}\n"


@pytest.mark.parametrize(
    ("text", "standing", "words"),
    [
        ("on: pull_request_target\n" + READS, Standing.PROBLEM, "opens a pull request"),
        ("on: workflow_run\n" + READS, Standing.PROBLEM, "another workflow"),
        (
            "on: issue_comment\n" + READS + "jobs: {a: {steps: [{run: 'true'}]}}",
            Standing.WARNING,
            "comments on an issue",
        ),
        (
            "on: issue_comment\njobs: {a: {steps: [{run: 'true'}]}}",
            Standing.PROBLEM,
            "a token that writes",
        ),
        (
            "on: issue_comment\n"
            + READS
            + "jobs: {a: {env: {K: '${{ secrets.KEY }}'}}}",
            Standing.PROBLEM,
            "secrets (KEY)",
        ),
        (
            "on: issue_comment\n"
            + READS
            + "jobs: {a: {uses: x/y@z, secrets: inherit}}",
            Standing.PROBLEM,
            "secrets (*)",
        ),
        (
            "on: [push, pull_request_target]\n"
            + READS
            + "jobs: {a: {steps: [{uses: c@v1, with:"
            " {ref: '${{ github.event.pull_request.head.sha }}'}}]}}",
            Standing.PROBLEM,
            "checked out",
        ),
    ],
)
def test_what_strangers_can_start_is_named_with_what_it_holds(
    text: str, standing: Standing, words: str
) -> None:
    (found,) = judge_triggers(only(text))

    assert found.standing is standing
    assert words in found.what
    assert found.places[0].line == 1


def test_the_jobs_own_token_is_no_secret() -> None:
    text = (
        "on: issue_comment\n"
        + READS
        + "jobs: {a: {env: {K: '${{ secrets.GITHUB_TOKEN }}'}}}"
    )
    (found,) = judge_triggers(only(text))

    assert found.standing is Standing.WARNING


def test_ordinary_events_are_fine() -> None:
    (found,) = judge_triggers(only("on: [push, pull_request, schedule]"))

    assert found.standing is Standing.FINE
