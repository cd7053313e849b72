"""Unit tests of `sluicegate.stages.hadolint`."""

import json
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stage_harness import make_context
from tool_vectors import make_result

from sluicegate.errors import PermanentError
from sluicegate.model.tool import Tool
from sluicegate.stages.hadolint import HadolintStage
from sluicegate.stages.stage import Report, StageContext

STAGE = HadolintStage(uses="hadolint")
TOOL = Tool("hadolint", ("/bin/hadolint",), "2.15.1", None, "on PATH")


def context(dockerfile: bytes = b"FROM debian:12\n") -> StageContext:
    made = make_context("/project", "/out", tools={"hadolint": TOOL})
    return replace(made, files={"Dockerfile": dockerfile})


def found(*rows: tuple[str, str, int]) -> bytes:
    keys = ("code", "level", "line")
    return json.dumps(
        [{**dict(zip(keys, row, strict=True)), "message": "no"} for row in rows]
    ).encode()


def interpret(shown: bytes, everything: bytes) -> Report:
    steps = ("hadolint", "hadolint without settings")
    results = [
        make_result(name, stdout=said)
        for name, said in zip(steps, (shown, everything), strict=True)
    ]
    return STAGE.interpret(context(), results)


def test_the_second_run_knows_no_settings() -> None:
    first, second = STAGE.plan(context())

    assert first.command.cwd == "/project"
    assert second.command.cwd == "/out"
    assert second.command.env["HOME"] == "/out"
    assert "--disable-ignore-pragma" in second.command.argv
    assert "-uHADOLINT_IGNORE" in second.command.argv
    assert second.command.argv[-2:] == ("--", "/project/Dockerfile")


def test_what_the_pipeline_file_sets_is_heard_where_settings_are() -> None:
    stage = HadolintStage(uses="hadolint", env={"HADOLINT_IGNORE": "DL3008"})

    first, second = stage.plan(context())

    assert first.command.env["HADOLINT_IGNORE"] == "DL3008"
    assert "-uHADOLINT_IGNORE" not in first.command.argv
    assert "-uHADOLINT_IGNORE" in second.command.argv


@pytest.mark.parametrize(
    ("shown", "everything", "suppressed"),
    [
        ([("A", "error", 1)], [("A", "error", 1)], 0),
        ([], [("A", "error", 1)], 1),
        ([("A", "info", 1)], [("A", "error", 1)], 1),
        ([("A", "error", 1)], [("A", "info", 1)], 0),
        ([("A", "error", 1)], [("A", "error", 1), ("A", "error", 1)], 1),
        ([("A", "error", 1)], [("A", "error", 2)], 1),
        ([("L", "error", 1)], [], 0),
    ],
    ids=["same", "hidden", "milder", "harsher", "one of two", "other line", "more"],
)
def test_what_is_hidden_or_made_milder_is_suppressed(
    shown: list[tuple[str, str, int]],
    everything: list[tuple[str, str, int]],
    suppressed: int,
) -> None:
    report = interpret(found(*shown), found(*everything))

    assert report.fields["suppressed"] == suppressed


def test_a_report_after_another_format_is_read() -> None:
    text = b"Dockerfile:1 A error: no\n" + found(("A", "error", 1))

    assert interpret(text, found(("A", "error", 1))).fields["errors"] == 1


@given(st.binary(), st.binary(), st.integers(-20, 20))
def test_no_output_raises_anything_but_our_error(
    stdout: bytes, stderr: bytes, exit_code: int
) -> None:
    results = [
        make_result("hadolint", exit_code, stdout, stderr),
        make_result("hadolint without settings", stdout=b"[]"),
    ]
    with suppress(PermanentError):
        STAGE.interpret(context(), results)
