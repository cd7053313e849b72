"""`sluice canary preflight`, as a person calls it."""

import json
from pathlib import Path
from typing import Any

import pytest
from cli_project import CliProject

PIPELINE = """\
schema: sluicegate/v1
name: birds_release_v1.0
stages:
  build: {uses: docker-build, image: registry.example/birds}
  canary: {uses: canary, environment: production, needs: [build], steps: [10]}
environments:
  production: {target: {uses: docker, port: 8000}}
"""


@pytest.fixture
def project(tmp_path: Path) -> CliProject:
    return CliProject.make(tmp_path, {"README.md": "birds\n"})


def preflight(project: CliProject, *arguments: str, code: int = 0) -> str:
    done = project.sluice("canary", "preflight", *arguments, check=code)
    assert "Traceback" not in done.stderr
    return done.stdout if code < 2 else done.stderr


def document(project: CliProject, *arguments: str) -> dict[str, Any]:
    return project.document("canary", "preflight", *arguments, check=0)


def test_what_no_method_can_tell_in_time_is_refused_with_what_would_help(
    project: CliProject,
) -> None:
    said = preflight(
        project,
        *("--rps", "300", "--weight", "10", "--error-rate", "0.5%", "--times", "2"),
        *("--deadline", "1m"),
        code=1,
    )
    assert (
        "300 requests/s x 10 %: at 0.5 % errors no method can tell a canary that fails"
        " 2 times as often in 1 min: it takes at least 1 min 22 s" in said
    )
    assert "a longer deadline: " in said
    assert "a larger share: steps: [50] takes any method at least 33 s" in said


def test_what_is_possible_and_not_likely_is_no_more_than_a_warning(
    project: CliProject,
) -> None:
    found = document(
        project,
        *("--rps", "300", "--weight", "10", "--error-rate", "0.5%", "--times", "2"),
        *("--deadline", "90s"),
    )
    assert found["verdict"] == "unlikely"
    assert any("2 times as often is not likely" in text for text in found["warnings"])


def test_the_stage_of_the_pipeline_file_says_what_no_option_does(
    project: CliProject,
) -> None:
    project.commit({"sluicegate.yaml": PIPELINE}, "release")
    found = document(project, "--rps", "300", "--error-rate", "1%", "--times", "5")
    assert (found["stage"], found["steps"]) == ("canary", [10])
    assert (found["block_seconds"], found["verdict"]) == (60, "likely")
    said = preflight(
        project, "--rps", "5", "--error-rate", "1%", "--stage", "other", code=2
    )
    assert "these are: canary" in said


def test_a_history_says_traffic_errors_and_noise(project: CliProject) -> None:
    lines = [
        json.dumps(
            {
                "t": 60 * (n + 1),
                "metric": "errors",
                "kind": "bernoulli",
                "canary": {"n": 9000, "x": 90 + n % 3},
                "stable": {"n": 9000, "x": 90},
            }
        )
        for n in range(40)
    ]
    (project.folder / "past.jsonl").write_text("\n".join(lines))
    asked = "--history", "past.jsonl", "--alike", "--times", "5"
    found = document(project, *asked)
    assert found["requests_per_second"] == pytest.approx(300)
    assert found["error_rate"] == pytest.approx(0.01, rel=0.01)
    assert found["sigma"] < 0.3
    assert document(project, *asked) == found


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("--rps 5", "without --error-rate"),
        ("--rps 5 --error-rate 1% --deadline soon", "like 10m"),
        ("--history README.md", "README.md:1"),
    ],
)
def test_what_cannot_be_answered_says_what_is_missing(
    project: CliProject, arguments: str, words: str
) -> None:
    assert words in preflight(project, *arguments.split(), code=2)
