"""Unit tests of `sluicegate.stages.ruff`."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stage_harness import make_context
from tool_vectors import PROJECT, load_results, make_result

from sluicegate.errors import PermanentError
from sluicegate.model.tool import Tool
from sluicegate.stages.ruff import RuffStage
from sluicegate.stages.stage import Report

STAGE = RuffStage(uses="ruff")
RUFF = Tool("ruff", ("/bin/ruff",), "0.9.1", None, "sluicegate's own")
CONTEXT = make_context(PROJECT, "/out", tools={"ruff": RUFF})
NOTHING = b'{"runs": [{"results": []}]}'
SYNTAX = (
    b'{"runs": [{"results": [{"ruleId": null, "message": {"text": "SyntaxError"},'
    b' "locations": [{"physicalLocation": {"artifactLocation": {"uri": "b.py"}}}]}]}]}'
)


def interpret(case: str) -> Report:
    return STAGE.interpret(CONTEXT, load_results(case))


def with_format(
    exit_code: int, stdout: bytes, stderr: bytes, *, sarif: bytes
) -> Report:
    found = int(sarif != NOTHING)
    check = make_result("ruff check", found, files={"ruff.sarif": sarif})
    layout = make_result("ruff format", exit_code, stdout, stderr)
    return STAGE.interpret(CONTEXT, (check, layout))


def test_paths_cannot_become_options_and_nothing_is_changed_or_cached() -> None:
    stage = RuffStage(uses="ruff", paths=("--fix", "src"))

    for step in stage.plan(CONTEXT):
        argv = step.command.argv
        assert argv[argv.index("--") :] == ("--", "--fix", "src")
        assert "--no-cache" in argv
        assert {"--no-fix", "--check"} & set(argv)
        assert step.command.cwd == PROJECT


def test_a_clean_project_is_clean() -> None:
    report = interpret("ruff-clean")

    assert report.fields == {
        "findings": 0,
        "unformatted": 0,
        "ruff_version": "0.9.1",
        "ruff_origin": "sluicegate's own",
    }
    assert report.findings == ()


def test_findings_and_unformatted_files_are_counted_and_located() -> None:
    report = interpret("ruff-findings")

    found = {(one.rule, one.path, one.line) for one in report.findings}
    assert {("F401", "a.py", 4), ("F821", "pkg/b.py", 2)} <= found
    assert ("unformatted", "pkg/b.py", 0) in found
    assert report.fields["findings"] == len(found) - 1
    assert report.fields["unformatted"] == 1


def test_a_file_that_cannot_be_parsed_counts_as_both() -> None:
    report = interpret("ruff-syntax-error")

    assert report.fields["unformatted"] == 2
    assert {one.path for one in report.findings} == {"a.py", "broken.py"}


def test_without_python_files_nothing_is_claimed() -> None:
    report = interpret("ruff-no-files")

    assert not {"findings", "unformatted"} & report.fields.keys()


def test_settings_that_cannot_be_read_are_no_verdict() -> None:
    with pytest.raises(PermanentError, match=r"(?s)ruff check failed.*line-length"):
        interpret("ruff-bad-settings")


def test_the_words_of_ruff_before_0_15_are_understood_too() -> None:
    report = with_format(  # captured from ruff 0.9.1
        2,
        b"Would reformat: a.py\nWould reformat: c.py\n"
        b"2 files would be reformatted, 1 file already formatted\n",
        b"error: Failed to parse broken.py:1:7: Expected a parameter or the end\n",
        sarif=SYNTAX,
    )

    assert report.fields["unformatted"] == 3


@pytest.mark.parametrize(
    ("exit_code", "stdout", "stderr", "sarif"),
    [
        (0, b"Would reformat: a.py\n1 file would be reformatted\n", b"", NOTHING),
        (1, b"", b"", NOTHING),
        (1, b"Would reformat: a.py\n2 files would be reformatted\n", b"", NOTHING),
        (1, b"something new\n3 files would be reformatted\n", b"", NOTHING),
        (2, b"", b"error: Failed to parse b.py:1:7: Expected\n", NOTHING),
        (2, b"", b"ruff crashed\n", SYNTAX),
        (101, b"", b"thread 'main' panicked\n", NOTHING),
    ],
)
def test_a_formatter_that_makes_no_sense_is_no_verdict(
    exit_code: int, stdout: bytes, stderr: bytes, sarif: bytes
) -> None:
    with pytest.raises(PermanentError):
        with_format(exit_code, stdout, stderr, sarif=sarif)


@pytest.mark.parametrize("exit_code", [0, 2, -9, 101])
def test_findings_with_another_exit_code_are_no_verdict(exit_code: int) -> None:
    check, layout = load_results("ruff-findings")
    check = replace(check, result=replace(check.result, exit_code=exit_code))

    with pytest.raises(PermanentError):
        STAGE.interpret(CONTEXT, (check, layout))


def test_no_findings_with_the_exit_code_of_some_are_no_verdict() -> None:
    check, layout = load_results("ruff-clean")
    check = replace(check, result=replace(check.result, exit_code=1))

    with pytest.raises(PermanentError, match="0 findings but"):
        STAGE.interpret(CONTEXT, (check, layout))


def test_a_missing_report_is_no_verdict() -> None:
    check, layout = load_results("ruff-clean")

    with pytest.raises(PermanentError):
        STAGE.interpret(CONTEXT, (replace(check, files={}), layout))


@given(st.binary(), st.binary(), st.binary(), st.integers(-3, 3), st.integers(-3, 3))
def test_no_output_raises_anything_but_our_error(
    sarif: bytes, stdout: bytes, stderr: bytes, first: int, second: int
) -> None:
    for document in (sarif, NOTHING, SYNTAX):
        check = make_result("ruff check", first, files={"ruff.sarif": document})
        layout = make_result("ruff format", second, stdout, stderr)
        with suppress(PermanentError):
            STAGE.interpret(CONTEXT, (check, layout))
