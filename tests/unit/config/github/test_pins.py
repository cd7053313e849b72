from dataclasses import replace

import pytest
from host_setups import COMMIT, SETTINGS, only

from sluicegate.config.github.pins import judge_pins
from sluicegate.config.github.workflow import parse_workflow
from sluicegate.model.host_check import HostCheck, Place, Standing


def judged(text: str) -> list[HostCheck]:
    return list(judge_pins(only(text), None))


def steps(uses: str) -> str:
    return f'jobs:\n  a:\n    steps:\n      - uses: "{uses}"\n'


@pytest.mark.parametrize(
    "uses",
    [
        f"actions/checkout@{COMMIT}",
        f"a/b/c/d@{COMMIT}",
        f"a/b@{COMMIT + COMMIT[:24]}",
        "./local",
        "$/local",
        "docker://x@sha256:" + "0" * 64,
    ],
)
def test_what_is_pinned_to_what_was_looked_at_is_fine(uses: str) -> None:
    assert [each.standing for each in judged(steps(uses))] == [Standing.FINE]


@pytest.mark.parametrize(
    "uses",
    [
        *("actions/checkout@v4", "a/b@main", f"a/b@{COMMIT[:39]}", "a/b", "a/b@"),
        *(
            f"a/b@{COMMIT.upper()}",
            f"a/b@{'0' * 40}",
            "docker://x:1",
            "docker://x",
            "a/b@${{ x }}",
        ),
    ],
)
def test_what_others_can_move_is_a_problem_with_its_line(uses: str) -> None:
    (found,) = judged(steps(uses))

    assert found.standing is Standing.PROBLEM
    assert found.places == (Place(".github/workflows/a.yml", 4, uses),)


def test_the_fix_is_a_command_that_finds_the_commit() -> None:
    (found,) = judged(steps("github/codeql-action/upload-sarif@v3"))

    assert found.fix == (
        "uses: github/codeql-action/upload-sarif"
        "@$(gh api repos/github/codeql-action/commits/v3 --jq .sha)  # v3"
    )


def test_a_name_out_of_a_file_is_quoted_in_the_command() -> None:
    (found,) = judged(steps("a/b@v1;touch pwned"))

    assert "$(gh api 'repos/a/b/commits/v1;touch pwned' --jq .sha)" in found.fix


def test_of_a_placeholder_the_newest_commit_is_looked_up() -> None:
    (found,) = judged(steps(f"a/b@{'0' * 40}"))

    assert "repos/a/b/commits/HEAD" in found.fix


def test_reusable_workflows_are_looked_at_too() -> None:
    (found,) = judged("jobs:\n  a:\n    uses: x/y/.github/workflows/z.yml@v1\n")

    assert found.places[0].line == 3


def test_actions_of_the_repository_itself_are_looked_into() -> None:
    action = parse_workflow(b"runs:\n  steps:\n  - uses: a/b@v1\n", "action.yml")
    files = replace(only("on: push"), actions=(action,))

    (found,) = judge_pins(files, None)

    assert found.places == (Place("action.yml", 3, "a/b@v1"),)


def test_images_by_a_tag_are_warned_of() -> None:
    text = "jobs:\n  a:\n    container: python:3\n    services: {d: {image: pg:1}}\n"

    warned = [each for each in judged(text) if each.standing is Standing.WARNING]

    assert [place.what for place in warned[0].places] == ["python:3", "pg:1"]


def test_it_is_said_whether_github_enforces_pins() -> None:
    files = only(steps("./x"))
    said = [
        list(judge_pins(files, replace(SETTINGS, pins_required=each)))[-1].standing
        for each in (True, False)
    ]

    assert said == [Standing.FINE, Standing.NOTE]
