"""The test stage with the real pytest, in environments made for small projects."""

import json
from pathlib import Path

import pytest
from pytest_runs import run_tests

from sluicegate.errors import PermanentError

MIXED = """\
import pytest

@pytest.fixture
def lost():
    raise RuntimeError("no database")

class TestGroup:
    def test_good(self):
        assert 1 + 1 == 2

    def test_bad(self):
        value = 3
        assert value == 4, "three is not four"

def test_error(lost):
    pass

@pytest.mark.skip(reason="not today")
def test_skipped():
    pass

@pytest.mark.xfail
def test_expected():
    assert False
"""


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def test_outcomes_are_counted_and_failures_located(project: Path, cache: Path) -> None:
    (project / "tests").mkdir()
    (project / "tests" / "test_mixed.py").write_text(MIXED)

    report = run_tests(project, cache)

    counts = {
        name: report.fields[name]
        for name in ("collected", "passed", "failed", "errors", "skipped", "exit_code")
    }
    assert counts == {
        "collected": 5,
        "passed": 1,
        "failed": 1,
        "errors": 1,
        "skipped": 2,
        "exit_code": 1,
    }
    failed, error = report.findings
    assert (failed.path, failed.line) == ("tests/test_mixed.py", 13)
    assert failed.message.startswith("TestGroup.test_bad: AssertionError: three is not")
    assert error.path == "tests/test_mixed.py"
    assert "no database" in error.message
    assert "coverage" not in report.fields, "pytest-cov is not there"
    assert report.summary == (
        "1 passed, 1 failed, 1 with errors, 2 skipped (TestGroup.test_bad, test_error)"
    )


def test_a_project_without_tests_has_nothing_passed(project: Path, cache: Path) -> None:
    (project / "module.py").write_text("x = 1\n")

    report = run_tests(project, cache)

    assert report.fields["passed"] == 0
    assert report.fields["exit_code"] == 5
    assert report.summary == "no tests were found"


def test_a_module_that_cannot_be_imported_is_an_error(
    project: Path, cache: Path
) -> None:
    (project / "test_good.py").write_text("def test_good(): pass\n")
    (project / "test_lost.py").write_text("import nowhere_to_be_found\n")

    report = run_tests(project, cache)

    assert report.fields["errors"] == 1
    assert report.fields["exit_code"] != 0
    assert any("test_lost" in one.message for one in report.findings)


def test_an_interpreter_that_dies_breaks_the_stage(project: Path, cache: Path) -> None:
    (project / "test_dies.py").write_text(
        "import os\ndef test_dies():\n    os.kill(os.getpid(), 11)\n"
    )

    with pytest.raises(PermanentError, match="signal 11"):
        run_tests(project, cache)


def test_tests_that_call_exit_do_not_pass(project: Path, cache: Path) -> None:
    (project / "test_exit.py").write_text(
        "import os\ndef test_good(): pass\ndef test_exit():\n    os._exit(0)\n"
    )

    with pytest.raises(PermanentError, match="exit code 0"):
        run_tests(project, cache)


def test_tests_that_end_pytest_itself_do_not_pass(project: Path, cache: Path) -> None:
    (project / "test_exit.py").write_text(
        "import pytest\n"
        "def test_good(): pass\n"
        "def test_exit(): pytest.exit('enough', returncode=0)\n"
        "def test_never(): assert False\n"
    )

    with pytest.raises(PermanentError, match="1 test of 3 never ran"):
        run_tests(project, cache)


def test_the_slowest_tests_are_kept_and_the_slowest_is_named(
    project: Path, cache: Path
) -> None:
    (project / "test_slow.py").write_text(
        "import time\n"
        "def test_quick(): pass\n"
        "def test_slow(): time.sleep(1.1)\n"
        "def test_between(): time.sleep(0.3)\n"
    )

    report = run_tests(project, cache)

    assert isinstance(report.fields["slowest_ms"], int)
    assert report.fields["slowest_ms"] >= 1100
    assert report.summary.startswith("3 passed; slowest: test_slow, 1.")
    (slowest,) = (file.data for file in report.files if file.name == "slowest.json")
    rows = json.loads(slowest)
    assert [row["test"] for row in rows] == ["test_slow", "test_between", "test_quick"]
    assert rows[0]["path"] == "test_slow.py"
    assert rows[0]["line"] == 3


def test_nothing_is_written_into_the_project(project: Path, cache: Path) -> None:
    (project / "module.py").write_text("def f():\n    return 1\n")
    (project / "test_it.py").write_text(
        "import module\ndef test_it():\n    assert module.f() == 1\n"
    )

    report = run_tests(project, cache)

    assert report.fields["passed"] == 1
    assert {path.name for path in project.rglob("*")} == {"module.py", "test_it.py"}


@pytest.mark.parametrize("coverage", ["auto", True])
def test_coverage_is_measured_with_the_project_s_own_pytest_cov(
    project: Path, cache: Path, *, coverage: str | bool
) -> None:
    (project / "requirements-dev.txt").write_text("pytest\npytest-cov\n")
    (project / "module.py").write_text(
        "def f():\n    return 1\n\n\ndef g():\n    return 2\n"
    )
    (project / "test_it.py").write_text(
        "import module\n\n\ndef test_it():\n    assert module.f() == 1\n"
    )

    report = run_tests(project, cache, coverage=coverage)

    assert report.fields["coverage"] == pytest.approx(6 / 7, abs=1e-6)
    assert {file.name for file in report.files} == {
        "junit.xml",
        "slowest.json",
        "coverage.xml",
        "coverage.json",
    }
    assert b"sluicegate" not in b"".join(file.data for file in report.files)
    assert not (project / ".coverage").exists()
    assert (
        report.fields["python_origin"] == "made from the project's requirements files"
    )


def test_a_threshold_of_the_project_s_own_closes_too(
    project: Path, cache: Path
) -> None:
    (project / "requirements-dev.txt").write_text("pytest\npytest-cov\n")
    (project / "module.py").write_text("def f():\n    return 1\n")
    (project / "test_it.py").write_text("import module\ndef test_it(): pass\n")

    report = run_tests(project, cache, args=["--cov-fail-under=100"])

    assert report.fields["failed"] == 0
    assert report.fields["exit_code"] != 0
    assert "exit code" in report.summary


def test_an_environment_without_pytest_says_what_to_do(
    project: Path, cache: Path
) -> None:
    (project / "requirements.txt").write_text("iniconfig\n")

    with pytest.raises(PermanentError, match="pytest is not installed") as caught:
        run_tests(project, cache)

    assert caught.value.hint == "add pytest to requirements-dev.txt"
