"""Shards of the test stage: every test is in exactly one, and the results add up."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from pytest_runs import run_tests

from sluicegate.errors import PermanentError
from sluicegate.stages.stage import Report

MODULE = (
    "def f(n):\n    if n:\n        return 1\n    return 0\n\n\ndef g():\n    return 2\n"
)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    for number in range(7):
        path = folder / "tests" / f"test_{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        tests = (f"def test_{n}(): pass\n" for n in range(number + 1))
        path.write_text("".join(tests))
    return folder


def needs(project: Path, *packages: str) -> None:
    (project / "requirements-dev.txt").write_text("\n".join(["pytest", *packages]))


def file(report: Report, name: str) -> bytes:
    (data,) = (one.data for one in report.files if one.name == name)
    return data


def kept(report: Report) -> list[Mapping[str, int]]:
    return [share["kept"] for share in json.loads(file(report, "shards.json"))]


def test_shards_run_every_test_once(project: Path, cache: Path) -> None:
    report = run_tests(project, cache, shards=3)

    assert report.fields["collected"] == 28
    assert report.fields["passed"] == 28
    assert report.fields["exit_code"] == 0
    shares = kept(report)
    assert len(shares) == 3
    files = [name for share in shares for name in share]
    assert sorted(files) == [f"tests/test_{n}.py" for n in range(7)]
    assert [sum(share.values()) for share in shares] == [10, 9, 9]
    assert file(report, "junit.xml").count(b"<testcase ") == 28


def test_more_shards_than_files_leave_some_empty(project: Path, cache: Path) -> None:
    report = run_tests(project, cache, shards=9)

    assert report.fields["passed"] == 28
    assert report.fields["exit_code"] == 0
    assert [len(share) for share in kept(report)].count(0) == 2


def test_a_project_without_tests_is_empty_in_every_shard(
    project: Path, cache: Path
) -> None:
    report = run_tests(project, cache, shards=2, args=["--ignore=tests"])

    assert report.fields["passed"] == 0
    assert report.fields["exit_code"] == 5
    assert report.summary == "no tests were found"


def test_failures_in_two_shards_are_both_reported(project: Path, cache: Path) -> None:
    for number in (5, 6):
        with (project / "tests" / f"test_{number}.py").open("a") as tests:
            tests.write("def test_bad():\n    assert False\n")

    report = run_tests(project, cache, shards=2)

    assert report.fields["failed"] == 2
    assert report.fields["passed"] == 28
    assert report.fields["exit_code"] == 1
    assert {(one.path, one.line) for one in report.findings} == {
        ("tests/test_5.py", 8),
        ("tests/test_6.py", 9),
    }


def test_a_module_that_cannot_be_imported_is_one_error(
    project: Path, cache: Path
) -> None:
    (project / "tests" / "test_lost.py").write_text("import nowhere_to_be_found\n")

    report = run_tests(project, cache, shards=3)

    assert report.fields["errors"] == 1
    assert report.fields["exit_code"] == 2


def test_a_shard_that_dies_breaks_the_stage(project: Path, cache: Path) -> None:
    (project / "tests" / "test_dies.py").write_text(
        "import os\ndef test_dies():\n    os._exit(0)\n"
    )

    with pytest.raises(PermanentError, match=r"pytest \(shard \d\) failed"):
        run_tests(project, cache, shards=2)


def test_what_every_process_collects_differently_breaks_the_stage(
    project: Path, cache: Path
) -> None:
    (project / "tests" / "test_chance.py").write_text(
        "import os, pytest\n"
        "@pytest.mark.parametrize('n', range(os.getpid() % 1000 + 1))\n"
        "def test_it(n): pass\n"
    )

    with pytest.raises(PermanentError, match="did not collect the same") as caught:
        run_tests(project, cache, shards=2)

    assert "tests/test_chance.py" in str(caught.value)


def test_the_second_run_balances_by_the_time_of_the_first(
    project: Path, cache: Path
) -> None:
    (project / "tests" / "test_0.py").write_text(
        "import time\ndef test_slow(): time.sleep(1)\n"
    )
    first = run_tests(project, cache, shards=2)
    assert "tests/test_6.py" in kept(first)[0], "the most tests, as no time is known"

    second = run_tests(project, cache, shards=2)

    assert kept(second)[0] == {"tests/test_0.py": 1}
    assert second.fields["passed"] == 28


def test_coverage_of_shards_is_added_up(project: Path, cache: Path) -> None:
    needs(project, "pytest-cov")
    (project / "module.py").write_text(MODULE)
    (project / "conftest.py").write_text("")
    for number in (0, 1):
        (project / "tests" / f"test_{number}.py").write_text(
            f"import module\ndef test_it(): assert module.f({number}) == {number}\n"
        )

    whole = run_tests(project, cache)
    report = run_tests(project, cache, shards=7)

    assert isinstance(whole.fields["coverage"], float)
    assert 0.9 < whole.fields["coverage"] < 1
    assert report.fields["coverage"] == whole.fields["coverage"]
    assert b"module.py" in file(report, "coverage.xml")


def test_a_threshold_of_the_project_s_own_judges_the_sum(
    project: Path, cache: Path
) -> None:
    needs(project, "pytest-cov")
    (project / "module.py").write_text(MODULE)
    (project / "conftest.py").write_text("")
    for number in (0, 1):
        (project / "tests" / f"test_{number}.py").write_text(
            f"import module\ndef test_it(): assert module.f({number}) == {number}\n"
        )

    passing = run_tests(project, cache, shards=2, args=["--cov-fail-under=90"])
    failing = run_tests(project, cache, shards=2, args=["--cov-fail-under=99"])

    assert passing.fields["exit_code"] == 0
    assert failing.fields["exit_code"] == 1
    assert failing.summary.endswith("the project's own threshold of 99 %")


def test_the_parts_of_a_matrix_are_the_whole(project: Path, cache: Path) -> None:
    reports = [run_tests(project, cache, shard=f"{n}/4") for n in range(1, 5)]

    parts = [part for report in reports for part in kept(report)]
    files = sorted(name for part in parts for name in part)
    assert files == [f"tests/test_{n}.py" for n in range(7)]
    assert sum(int(report.fields["passed"]) for report in reports) == 28
    assert {report.fields["in_all_shards"] for report in reports} == {28}
    assert {report.fields["exit_code"] for report in reports} == {0}
    assert all("coverage" not in report.fields for report in reports)


def test_an_empty_part_is_fine_and_says_so(project: Path, cache: Path) -> None:
    reports = [run_tests(project, cache, shard=f"{n}/40") for n in range(1, 6)]

    (empty, *_) = [report for report in reports if report.fields["collected"] == 0]
    assert empty.fields["exit_code"] == 0
    assert empty.fields["in_all_shards"] == 28
    assert empty.summary.endswith("/40: no tests are in this shard")


def test_the_part_is_taken_from_a_label(project: Path, cache: Path) -> None:
    part = run_tests(
        project, cache, shard="label.shard", labels={"shard": "2-of-4", "os": "linux"}
    )
    whole = run_tests(project, cache, shard="label.shard")

    assert part.fields["shard"] == "2/4"
    assert part.summary.startswith("shard 2/4: ")
    assert whole.fields["shard"] == "all"
    assert whole.fields["passed"] == 28
    with pytest.raises(PermanentError, match="number of a shard") as caught:
        run_tests(project, cache, shard="label.shard", labels={"shard": "5-of-4"})
    assert caught.value.hint == "give the run a label like --label shard=2-of-5"


def test_workers_of_xdist_within_a_part_run_the_part(
    project: Path, cache: Path
) -> None:
    needs(project, "pytest-xdist", "pytest-cov")
    alone = run_tests(project, cache, shard="1/2")

    shared = run_tests(project, cache, shard="1/2", args=["-n2"])

    assert kept(shared) == kept(alone)
    assert shared.fields["passed"] == alone.fields["passed"]
    assert shared.fields["in_all_shards"] == 28


def test_shards_take_the_place_of_xdist_s_workers(project: Path, cache: Path) -> None:
    needs(project, "pytest-xdist", "pytest-cov")
    (project / "pytest.ini").write_text("[pytest]\naddopts = -n2\n")

    report = run_tests(project, cache, shards=2)

    assert report.fields["passed"] == 28
