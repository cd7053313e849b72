from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from sluicegate.config.github.workflow import Text, Trigger, parse_workflow
from sluicegate.errors import UsageError

FULL = """\
on:
  push: {branches: [main, "release/*"], tags: v*}
  pull_request:
permissions: read-all
env: {A: "${{ secrets.TOP }}"}
jobs:
  call:
    uses: acme/x/.github/workflows/y.yml@main
    with: {environment: prod}
    secrets: {key: "${{ secrets['A-B'] || secrets.C }}"}
  work:
    runs-on: [self-hosted, gpu]
    environment: {name: prod}
    container: python:3.12
    services: {db: {image: postgres}}
    permissions:
      contents: write
      actions: read
    steps:
      - uses: actions/checkout@v4
        with: {ref: x}
      - run: |
          make test
        env: {B: c}
"""


def test_a_workflow_is_read_with_its_lines() -> None:
    found = parse_workflow(FULL.encode(), "w.yml")
    call, work = found.jobs

    assert found.triggers[0] == Trigger(
        "push", 2, ("main", "release/*"), ("v*",), frozenset({"branches", "tags"})
    )
    assert found.events == {"push", "pull_request"}
    assert found.permissions is not None
    assert found.permissions.writes == ()
    assert found.env["A"].secrets == {"TOP"}
    assert call.uses == Text("acme/x/.github/workflows/y.yml@main", 8)
    assert call.secrets["key"].secrets == {"A-B", "C"}
    assert call.given["environment"].text == "prod"
    assert [each.text for each in work.runners] == ["self-hosted", "gpu"]
    assert work.environment == Text("prod", 13)
    assert [each.text for each in work.images] == ["python:3.12", "postgres"]
    assert work.permissions is not None
    assert work.permissions.writes == ("contents",)
    assert work.steps[0].uses == Text("actions/checkout@v4", 20)
    assert work.steps[1].runs == Text("make test\n", 22)
    assert work.steps[1].env == {"B": Text("c", 24)}


def test_events_are_read_in_each_of_their_three_forms() -> None:
    for text in ("on: push", "on: [push]", "on: {push: {}}"):
        assert parse_workflow(text.encode(), "w.yml").events == {"push"}


def test_the_steps_of_an_action_are_one_job() -> None:
    action = "runs:\n  using: composite\n  steps:\n  - uses: a/b@v1\n"

    found = parse_workflow(action.encode(), "action.yml")

    assert [job.steps[0].uses for job in found.jobs] == [Text("a/b@v1", 4)]


@given(st.text(alphabet="onjbsteps: -[]{}\n\"'&*!|>runwith#", max_size=80))
def test_nothing_but_the_error_that_is_named_comes_of_any_text(text: str) -> None:
    with suppress(UsageError):
        parse_workflow(text.encode(), "w.yml")


def test_what_has_another_form_is_passed_over() -> None:
    odd = "on: {push: 3}\njobs: {a: [], b: {steps: {x: y}, permissions: [], uses: []}}"

    found = parse_workflow(odd.encode(), "w.yml")

    assert [job.name for job in found.jobs] == ["a", "b"]
    assert all(not job.steps and job.uses is None for job in found.jobs)
