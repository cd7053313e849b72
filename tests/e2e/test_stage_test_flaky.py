"""Tests that fail and pass without a change are told, never hidden."""

from pathlib import Path

import pytest
from pytest_runs import run_tests

from sluicegate.config.file import parse_pipeline
from sluicegate.model.decision import Verdict
from sluicegate.stages.stage import Report

HEAD = """\
import os, pathlib, pytest

HERE = pathlib.Path(__file__).parent


def second_time(name):
    marker = HERE.parent.parent / "output" / name
    if marker.exists():
        return True
    marker.touch()
    return False

"""
FLAKY = f"""\
{HEAD}

class TestGroup:
    @pytest.mark.parametrize("word", ["a b", "x::y[0]/z"])
    def test_flaky(self, word):
        assert second_time(word.replace("/", "_")), "not yet"


@pytest.fixture
def server():
    if not second_time("server"):
        raise RuntimeError("connection refused")


def test_needs_server(server):
    pass


def test_bad():
    assert 1 == 2


def test_good():
    pass
"""


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "tests").mkdir(parents=True)
    (folder / "tests" / "test_flaky.py").write_text(FLAKY)
    return folder


def judge(report: Report, *gate: str) -> Verdict:
    written = "".join(f"\n      - {condition!r}" for condition in gate)
    pipeline = parse_pipeline(
        "schema: sluicegate/v1\nname: a_b_v1.0\nstages:\n  test:\n"
        f"    uses: pytest\n    rerun_failed: true\n"
        f"{'    gate:' + written if gate else ''}\n".encode(),
        "sluicegate.yaml",
    )
    values = {f"test.{name}": value for name, value in report.fields.items()}
    return pipeline.stage("test").gate.judge(values)[1].verdict


@pytest.mark.parametrize("shards", [1, 2])
def test_what_passes_the_second_time_is_flaky_and_has_failed(
    project: Path, cache: Path, shards: int
) -> None:
    report = run_tests(project, cache, rerun_failed=True, shards=shards)

    found = {
        name: report.fields[name]
        for name in ("failed", "errors", "flaky", "failed_twice", "passed", "exit_code")
    }
    assert found == {
        "failed": 3,
        "errors": 1,
        "flaky": 3,
        "failed_twice": 1,
        "passed": 1,
        "exit_code": 1,
    }
    rules = [one.rule for one in report.findings]
    assert sorted(rules) == ["test-failed", *["test-flaky"] * 3]
    assert (
        "3 flaky, passed the second time (TestGroup.test_flaky[a b]" in report.summary
    )
    names = {file.name for file in report.files}
    assert {"junit.xml", "junit-again.xml"} <= names


def test_a_flaky_test_closes_the_default_gate_and_opens_one_that_allows_it(
    project: Path, cache: Path
) -> None:
    tests = project / "tests" / "test_flaky.py"
    tests.write_text(FLAKY.replace("1 == 2", "1 == 1"))

    report = run_tests(project, cache, rerun_failed=True)

    assert report.fields["failed_twice"] == 0
    assert judge(report) is Verdict.CLOSED
    assert judge(report, "test.failed_twice == 0 && test.flaky <= 2") is Verdict.CLOSED
    assert judge(report, "test.failed_twice == 0 && test.flaky <= 3") is Verdict.OPEN


def test_a_module_that_cannot_be_imported_is_not_flaky(
    project: Path, cache: Path
) -> None:
    (project / "tests" / "test_lost.py").write_text("import nowhere_to_be_found\n")

    report = run_tests(project, cache, rerun_failed=True)

    assert report.fields["flaky"] == 0
    assert report.fields["failed_twice"] == report.fields["errors"] == 1


def test_without_failures_nothing_is_run_again(project: Path, cache: Path) -> None:
    (project / "tests" / "test_flaky.py").write_text("def test_good(): pass\n")

    report = run_tests(project, cache, rerun_failed=True)

    assert report.fields["flaky"] == report.fields["failed_twice"] == 0
    assert report.fields["exit_code"] == 0
    assert "junit-again.xml" not in {file.name for file in report.files}


def test_a_second_run_that_dies_makes_nothing_flaky(project: Path, cache: Path) -> None:
    (project / "tests" / "test_flaky.py").write_text(
        HEAD + "def test_dies():\n    if second_time('x'):\n        os._exit(0)\n"
        "    assert False\n"
    )

    report = run_tests(project, cache, rerun_failed=True)

    assert (report.fields["failed"], report.fields["flaky"]) == (1, 0)
    assert report.fields["failed_twice"] == 1


def test_a_test_that_is_skipped_the_second_time_has_not_passed(
    project: Path, cache: Path
) -> None:
    (project / "tests" / "test_flaky.py").write_text(
        HEAD
        + "def test_it():\n    if second_time('x'):\n        pytest.skip('tired')\n"
        "    assert False\n"
    )

    report = run_tests(project, cache, rerun_failed=True)

    assert report.fields["flaky"] == 0
    assert report.fields["failed_twice"] == 1


@pytest.mark.parametrize("rerun_failed", [True, False])
def test_what_a_plugin_of_the_project_s_own_runs_again_is_told(
    project: Path, cache: Path, *, rerun_failed: bool
) -> None:
    (project / "requirements-dev.txt").write_text("pytest\npytest-rerunfailures\n")
    (project / "pytest.ini").write_text("[pytest]\naddopts = --reruns 2\n")
    (project / "tests" / "test_flaky.py").write_text(
        HEAD + "def test_it():\n    assert second_time('x')\n"
    )

    report = run_tests(project, cache, rerun_failed=rerun_failed)

    assert report.fields["failed"] == 0
    assert report.fields["exit_code"] == 0
    assert report.fields.get("flaky") == (1 if rerun_failed else None)
    assert "1 flaky, passed when a plugin ran it again (test_it)" in report.summary
    (finding,) = report.findings
    assert finding.rule == "test-flaky"
