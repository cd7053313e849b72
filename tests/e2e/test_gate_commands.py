"""`sluice gate test` and `sluice gate explain` as a policy's owner uses them."""

import re
from pathlib import Path

import pytest
from cli_project import CliProject

GUIDE = (Path(__file__).parents[2] / "docs" / "gate-tests.md").read_text("utf-8")
PIPELINE, CASES = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)[:2]
TABLE = "gate-tests.yaml"


@pytest.fixture
def project(tmp_path: Path) -> CliProject:
    """The example of the guide, as somebody copies it from the page."""
    return CliProject.make(tmp_path, {"sluicegate.yaml": PIPELINE, TABLE: CASES})


def test_the_example_of_the_guide_is_as_expected(project: CliProject) -> None:
    done = project.sluice("gate", "test", TABLE, check=0)

    shown = re.findall(r"\$ sluice gate test .*?\n(.*?)```", GUIDE, re.DOTALL)[0]
    for line in shown.splitlines():
        if line.strip() != "...":
            assert line in done.stdout.splitlines()
    assert done.stdout.count("✓") == CASES.count("name:")


def test_a_rule_that_was_loosened_is_found(project: CliProject) -> None:
    loose = PIPELINE.replace('["@ml-leads", "@security"], ex', '["@ml-leads"], ex')
    loose = loose.replace("count: 2, one", "count: 1, one")
    assert loose != PIPELINE
    (project.folder / "sluicegate.yaml").write_text(loose)

    document = project.document("gate", "test", TABLE, check=1)

    bad = {each["name"]: each for each in document["cases"] if not each["as_expected"]}
    assert document["as_expected"] is False
    case = bad["two leads are not enough"]
    assert (case["expected"], case["verdict"]) == ("pending", "open")


def test_policies_that_are_extended_are_judged_too(project: CliProject) -> None:
    shared = (
        "schema: sluicegate-policy/v1\n"
        'environments: {"*": {gate: ["time.hour < 12"]}}\n'
    )
    (project.folder / "org.yaml").write_text(shared)
    extending = PIPELINE.replace("people:", "extends: org.yaml\npeople:")
    (project.folder / "sluicegate.yaml").write_text(extending)

    done = project.sluice("gate", "test", TABLE, check=1)

    assert "time.hour < 12: it is 12" in done.stdout


def test_a_table_elsewhere_names_its_pipeline_file(project: CliProject) -> None:
    folder = project.folder / "policy" / "tests"
    folder.mkdir(parents=True)
    named = f"pipeline: ../../sluicegate.yaml\n{CASES}"
    (folder / TABLE).write_text(named)

    project.sluice("gate", "test", f"policy/tests/{TABLE}", check=0)
    (project.folder / "sluicegate.yaml").rename(project.folder / "other.yaml")
    project.sluice("gate", "test", f"policy/tests/{TABLE}", "-f", "other.yaml", check=0)


def test_mistakes_in_a_table_are_told_with_their_places(project: CliProject) -> None:
    wrong = CASES.replace("evidence: {scan.critical: 1}", "evidence: {scan.critcal: 1}")
    (project.folder / TABLE).write_text(wrong.replace("stage: scan,", "stage: scam,"))

    said = project.sluice("gate", "test", TABLE, check=2).stderr

    line = CASES[: CASES.index("stage: scan,")].count("\n") + 1
    assert f"{TABLE}:{line}: cases.13.stage: unknown stage 'scam'" in said


def test_a_table_that_is_not_there_is_told(project: CliProject) -> None:
    done = project.sluice("gate", "test", "cases.yaml", check=2)

    assert "there is no file cases.yaml" in done.stderr


# --- explain ------------------------------------------------------------------------

RUN = """\
schema: sluicegate/v1
name: churn_check_v1.0
stages:
  count:
    uses: command
    run: 'echo "{\\"rows\\": $(wc -l < data.txt)}" > "$SLUICEGATE_OUTPUT/e.json"'
    evidence: {file: e.json, fields: {rows: integer}}
    gate: ["count.rows >= 2"]
  late: {uses: command, run: "true"}
"""


@pytest.fixture
def counting(tmp_path: Path) -> CliProject:
    files = {
        "sluicegate.yaml": RUN,
        "data.txt": "one\n",
        ".gitignore": ".sluicegate/\n",
    }
    return CliProject.make(tmp_path, files)


def test_a_gate_is_explained_as_the_log_has_it(counting: CliProject) -> None:
    assert "no log" in counting.sluice("gate", "explain", "count", check=2).stderr
    counting.sluice("run", check=1)

    said = counting.sluice("gate", "explain", "count", check=0).stdout
    late = counting.sluice("gate", "explain", "late", check=0).stdout
    document = counting.document("gate", "explain", "count", check=0)
    misspelt = counting.sluice("gate", "explain", "cuont", check=2).stderr

    assert "did you mean 'count'?" in misspelt
    lines = [line.split("  ")[0] for line in map(str.strip, said.splitlines())]
    assert "gate of count: closed" in lines
    assert "✗ count.rows >= 2" in lines
    assert "count.rows      = 1" in said
    assert "count.exit_code = 0 (exit code)" in said
    assert "gate of late: not judged, the stage was not run: count is closed" in late
    assert "· late.exit_code == 0" in late
    (gate,) = document["gates"]
    (rows,) = [c for c in gate["conditions"] if c["condition"] == "count.rows >= 2"]
    assert (gate["verdict"], rows["verdict"]) == ("closed", "closed")
    assert rows["values"][0]["value"] == 1
