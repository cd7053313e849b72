"""Unit tests of `sluicegate.config.notify`: whom to tell, right and wrong."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from sluicegate.config.file import parse_pipeline
from sluicegate.config.schema import json_schema
from sluicegate.errors import PipelineFileError
from sluicegate.model.notification import ATTENTION, Occasion
from sluicegate.stages.notify import CommandNotify, WebhookNotify, secret_variables
from sluicegate.stages.pipeline import Pipeline

HEAD = "schema: sluicegate/v1\nname: churn_release_v1.0\nstages: {lint: {uses: ruff}}\n"
ADDRESS = "https://hooks.example/services/T0/B0/s3cret"
ADVICE = (
    "a webhook's address is a secret: put it into an environment variable and name"
    " that one, like {env: SLACK_WEBHOOK_URL}"
)


def parse(text: str) -> Pipeline:
    return parse_pipeline((HEAD + text).encode(), "s.yaml")


def problems(*entries: str) -> list[str]:
    """The problems of a file with these entries; the first stands in line 5."""
    with pytest.raises(PipelineFileError) as refused:
        parse("notify:\n" + "".join(f"  - {entry}\n" for entry in entries))
    return list(refused.value.problems)


def test_nobody_is_told_and_nothing_belongs_unless_the_file_says_so() -> None:
    pipeline = parse("")

    assert (pipeline.notify, pipeline.paths) == ((), ())


def test_paths_besides_the_folder_are_kept_once() -> None:
    assert parse("paths: [../shared, lib/**, ../shared]\n").paths == (
        "../shared",
        "lib/**",
    )


@pytest.mark.parametrize("path", ["/shared", "~/shared", "':!shared'", "''"])
def test_a_path_elsewhere_is_refused_with_its_line(path: str) -> None:
    with pytest.raises(PipelineFileError) as refused:
        parse(f"paths: [{path}]\n")

    (problem,) = refused.value.problems
    assert problem.startswith("s.yaml:4: paths.0: must be a path relative to")


def test_a_webhook_and_a_command_are_read() -> None:
    webhook, line, program = parse(
        "notify:\n"
        "  - {uses: webhook, url: {env: HOOK}, template: slack, on: [abort, closed]}\n"
        "  - {uses: command, run: mail ops}\n"
        "  - {uses: command, run: [mail, ops team], on: [pending]}\n"
    ).notify

    assert isinstance(webhook, WebhookNotify)
    assert isinstance(line, CommandNotify)
    assert isinstance(program, CommandNotify)
    assert (webhook.template, webhook.on) == (
        "slack",
        (Occasion.ABORT, Occasion.CLOSED),
    )
    assert (line.on, line.argv) == (ATTENTION, ("sh", "-c", "mail ops"))
    assert program.argv == ("mail", "ops team")
    assert secret_variables([webhook, line, program]) == {"HOOK"}
    assert [each.destination for each in (webhook, line, program)] == [
        "webhook HOOK",
        "command mail",
        "command mail",
    ]


@pytest.mark.parametrize(
    "url",
    [
        ADDRESS,
        f"{{env: '{ADDRESS}'}}",
        f"{{'{ADDRESS}'}}",
        f"[{ADDRESS}]",
        f"{{env: HOOK, default: '{ADDRESS}'}}",
        "$SLACK_WEBHOOK_URL",
        "5",
    ],
)
def test_a_literal_address_is_refused_and_not_repeated(url: str) -> None:
    (problem,) = problems(f"{{uses: webhook, url: {url}}}")

    assert problem == f"s.yaml:5: notify.0.url: {ADVICE}"


@given(
    key=st.sampled_from(["uses", "url", "template", "on", "run", "tmplate"]),
    wrap=st.sampled_from(["'%s'", "['%s']", "{'%s': 1}", "{env: '%s'}", "{'a': '%s'}"]),
    uses=st.sampled_from(["webhook", "command"]),
)
def test_an_address_is_not_repeated_wherever_it_was_put(
    key: str, wrap: str, uses: str
) -> None:
    entry = {"uses": uses, key: wrap % ADDRESS}
    text = ", ".join(f"{name}: {value}" for name, value in entry.items())
    said = ""
    try:
        parse(f"notify:\n  - {{{text}}}\n")
    except PipelineFileError as refused:
        said = str(refused)
    assert "s3cret" not in said
    # A command to run is the user's own; any other place is refused.
    assert said or (uses, key) == ("command", "run")


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (
            "{uses: webhook, url: {env: A}, template: slak}",
            (
                "notify.0.template: must be 'slack', 'teams' or 'generic', not"
                " \"slak\" (did you mean 'slack'?)"
            ),
        ),
        ("{uses: webhook, url: {env: A}, on: []}", "notify.0.on: must not be empty"),
        (
            "{uses: webhook, url: {env: A}, on: [abrt]}",
            (
                "notify.0.on.0: must be 'pending', 'abort', 'broken', 'closed',"
                " 'promoted' or 'override', not \"abrt\" (did you mean 'abort'?)"
            ),
        ),
        (
            "{uses: webhook, url: {env: A}, on: [abort, abort]}",
            "notify.0.on.1: 'abort' is already given",
        ),
        (
            "{uses: webhook, url: {env: A}, run: mail}",
            "notify.0.run: a webhook has a url; what to run is for uses: command",
        ),
        (
            "{uses: command, run: mail, url: {env: A}}",
            "notify.0.url: a command has what to run; a url is for uses: webhook",
        ),
        ("{uses: webhook}", "notify.0: 'url' is missing"),
        ("{uses: command}", "notify.0: 'run' is missing"),
        ("{uses: command, run: []}", "notify.0.run: must not be empty"),
        (
            "{uses: webhok, url: {env: A}}",
            "notify.0.uses: unknown kind 'webhok' (did you mean 'webhook'?)",
        ),
        ("{run: mail}", "notify.0: 'uses' is missing (one of command, webhook)"),
        ("{uses: 5}", "notify.0.uses: must be text (one of command, webhook)"),
        ("mail", "notify.0: must say what it uses (one of command, webhook)"),
    ],
)
def test_a_slip_is_named_with_its_line(entry: str, problem: str) -> None:
    assert problems(entry) == [f"s.yaml:5: {problem}"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            "{uses: webhook, url: {env: A}, template: slack}",
            "{uses: webhook, url: {env: A}, on: [closed, abort]}",
        ),
        ("{uses: command, run: mail}", "{uses: command, run: mail, on: [abort]}"),
    ],
)
def test_the_same_is_not_told_twice_at_the_same_place(first: str, second: str) -> None:
    assert problems(first, second) == [
        "s.yaml:6: notify.1: tells of abort where notify.0 already does"
    ]


def test_one_place_may_get_different_occasions_in_different_forms() -> None:
    notify = parse(
        "notify:\n"
        "  - {uses: webhook, url: {env: A}, on: [abort]}\n"
        "  - {uses: webhook, url: {env: A}, on: [closed]}\n"
        "  - {uses: webhook, url: {env: B}, on: [abort]}\n"
    ).notify

    assert len(notify) == 3


def test_it_must_be_a_list_of_bounded_length() -> None:
    with pytest.raises(PipelineFileError, match="notify: must be a list"):
        parse("notify: {uses: command, run: mail}\n")
    many = [f"{{uses: command, run: mail {number}}}" for number in range(21)]
    assert problems(*many) == ["s.yaml:4: notify: must have at most 20 entries"]


@pytest.mark.parametrize(
    ("entry", "fits"),
    [
        ("{uses: webhook, url: {env: HOOK}, template: teams, on: [abort]}", True),
        ("{uses: command, run: [mail, ops]}", True),
        (f"{{uses: webhook, url: '{ADDRESS}'}}", False),
        ("{uses: webhook, url: {env: HOOK}, template: slak}", False),
        ("{uses: webhook, url: {env: HOOK}, on: []}", False),
        ("{uses: webhook, url: {env: HOOK}, run: mail}", False),
        ("{uses: command}", False),
    ],
)
def test_the_editor_sees_the_same_slips(entry: str, *, fits: bool) -> None:
    text = f"{HEAD}notify: [{entry}]\n".replace("on:", '"on":')  # PyYAML is YAML 1.1
    document: Any = yaml.safe_load(text)

    assert Draft202012Validator(json.loads(json_schema())).is_valid(document) is fits
