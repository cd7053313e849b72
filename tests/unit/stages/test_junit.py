"""Unit tests of `sluicegate.stages.junit`."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tool_vectors import load_results

from sluicegate.errors import PermanentError
from sluicegate.stages.junit import (
    Case,
    CaseOutcome,
    case_key,
    merge_reports,
    parse_cases,
)

BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE bomb [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<testsuites><testsuite><testcase name="&b;"/></testsuite></testsuites>
"""


def load(case: str) -> bytes:
    (step,) = load_results(case)
    return step.files["junit.xml"]


def test_reads_what_pytest_writes() -> None:
    path = "tests/test_mixed.py"

    cases = parse_cases(load("pytest-mixed"))

    assert tuple(replace(case, ms=0) for case in cases) == (
        Case("TestGroup.test_good", CaseOutcome.PASSED, "", path, 10),
        Case(
            "TestGroup.test_bad[3]",
            CaseOutcome.FAILED,
            "AssertionError: three is not four",
            path,
            15,
        ),
        Case("TestGroup.test_bad[4]", CaseOutcome.PASSED, "", path, 13),
        Case(
            "test_error",
            CaseOutcome.ERROR,
            'failed on setup with "RuntimeError: no database"',
            path,
            6,
        ),
        Case("test_skipped", CaseOutcome.SKIPPED, "not today", path, 22),
        Case("test_expected", CaseOutcome.SKIPPED, "", path, 27),
    )


def test_a_report_without_tests_is_empty() -> None:
    assert parse_cases(load("pytest-none")) == ()


def test_a_test_that_failed_and_then_broke_is_an_error() -> None:
    (case,) = parse_cases(
        b'<testsuite><testcase name="t"><failure message="a"/><error message="b"/>'
        b"</testcase></testsuite>"
    )

    assert (case.outcome, case.message) == (CaseOutcome.ERROR, "b")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_definition_is_refused(encoding: str) -> None:
    with pytest.raises(PermanentError, match="document type"):
        parse_cases(
            BOMB.decode()
            .replace('"1.0"', f'"1.0" encoding="{encoding}"')
            .encode(encoding)
        )


def test_a_report_cut_short_anywhere_is_refused() -> None:
    document = load("pytest-mixed").rstrip()

    for end in range(0, len(document), 97):
        with pytest.raises(PermanentError):
            parse_cases(document[:end])


@pytest.mark.parametrize("line", ["x", "-5", "99999999999999999999999", "1e3", "²"])
def test_a_line_that_makes_no_sense_does_not_matter(line: str) -> None:
    document = f'<testsuite><testcase name="t" line="{line}"/></testsuite>'

    (case,) = parse_cases(document.encode())

    assert 0 <= case.line <= 10**9 + 1


@given(
    st.binary() | st.text(alphabet="<>/= &;\"'!?testcaseuiline0123\n").map(str.encode)
)
def test_no_bytes_raise_anything_but_our_error(data: bytes) -> None:
    with suppress(PermanentError):
        parse_cases(data)


@given(st.data())
def test_no_damage_raises_anything_but_our_error(data: st.DataObject) -> None:
    document = bytearray(load("pytest-mixed"))
    place = data.draw(st.integers(0, len(document) - 1))
    document[place] = data.draw(st.integers(0, 255))

    with suppress(PermanentError):
        parse_cases(bytes(document))


@pytest.mark.parametrize(
    ("time", "ms"),
    [("1.2345", 1234), ("0", 0), ("", 0), ("-1", 0), ("nan", 0), ("inf", 10**12)],
)
def test_times_are_milliseconds(time: str, ms: int) -> None:
    (case,) = parse_cases(f'<testsuite><testcase time="{time}"/></testsuite>'.encode())

    assert case.ms == ms


def test_reports_are_merged_in_order() -> None:
    one, two = load("pytest-mixed"), load("pytest-coverage")

    assert parse_cases(merge_reports([one, two])) == (
        *parse_cases(one),
        *parse_cases(two),
    )


def test_a_module_that_no_process_could_import_is_merged_into_one_error() -> None:
    document = load("pytest-import-error")

    merged = merge_reports([document, load("pytest-mixed"), document])

    assert len(parse_cases(merged)) == 1 + 6
    assert b'errors="0" failures="0" skipped="0" tests="0"' in merged


def test_the_name_of_a_test_leads_to_its_case() -> None:
    cases = {(case.path, case.name) for case in parse_cases(load("pytest-mixed"))}

    assert case_key("tests/test_mixed.py::TestGroup::test_bad[3]") in cases
    assert case_key("tests/test_mixed.py::test_error") in cases
    assert case_key("a.py::T::t[x::y]") == ("a.py", "T.t[x::y]")
