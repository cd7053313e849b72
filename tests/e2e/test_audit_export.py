"""Tests of ``sluice audit export`` on a log in a folder."""

import csv
import io
import json
from pathlib import Path

import click
import pytest
from cli_project import CliProject

from sluicegate.cli.audit.export import export
from sluicegate.report.export.formats import FORMATS
from sluicegate.tlog.hashes import hash_leaf

PIPELINE = (
    "schema: sluicegate/v1\nname: a_b_v1.0\nstages:\n"
    '  make: {uses: command, run: "true"}\n'
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> CliProject:
    made = CliProject.make(
        tmp_path_factory.mktemp("export"), {"sluicegate.yaml": PIPELINE}
    )
    for _ in range(2):
        made.sluice("run", check=0)
    return made


def test_every_format_can_be_asked_for() -> None:
    [choice] = [each for each in export.params if each.name == "form"]

    assert isinstance(choice.type, click.Choice)
    assert list(choice.type.choices) == list(FORMATS)


def raw(project: CliProject, index: int) -> bytes:
    said = project.sluice("audit", "show", str(index), "--raw", check=0)
    return said.stdout.removesuffix("\n").encode()


def test_every_row_has_the_leaf_hash_of_its_entry(project: CliProject) -> None:
    said = project.sluice("audit", "export", "--format", "csv", check=0)

    rows = list(csv.DictReader(io.StringIO(said.stdout)))
    entries = project.entries()
    assert [int(row["index"]) for row in rows] == list(range(len(entries)))
    assert [row["event_id"] for row in rows] == [each["event_id"] for each in entries]
    assert rows[3]["leaf_hash"] == hash_leaf(raw(project, 3)).hex()
    checked = project.document("audit", "verify")
    assert (rows[3]["log_size"], rows[3]["log_root"]) == (
        str(checked["size"]),
        checked["root"],
    )


def test_statements_of_one_run_go_into_a_folder_each(
    project: CliProject, tmp_path: Path
) -> None:
    run = project.entries()[1]["run_id"]
    folder = tmp_path / "statements"

    project.sluice(
        *("audit", "export", "--format", "in-toto", "--run", run, "-o", str(folder)),
        check=0,
    )

    [path] = folder.iterdir()
    statement = json.loads(path.read_text())
    ours = statement["predicate"]["sluicegate_log"]
    assert path.name == f"{ours['index']:09d}-0-svr.json"
    assert ours["leafHash"]["sha256"] == hash_leaf(raw(project, ours["index"])).hex()
    assert project.entries()[ours["index"]]["run_id"] == run


def test_a_table_cannot_go_into_a_folder(project: CliProject, tmp_path: Path) -> None:
    done = project.sluice(
        "audit", "export", "--format", "csv", "-o", str(tmp_path), check=2
    )

    assert "name a file, like log.csv" in done.stderr


def test_an_export_of_a_changed_log_is_refused_and_leaves_nothing(
    project: CliProject, tmp_path: Path
) -> None:
    width = len(project.entries())
    bundle = project.folder / f".sluicegate/audit/tile/entries/000.p/{width}"
    good = bundle.read_bytes()
    bundle.write_bytes(good.replace(b"make", b"fake"))
    place = tmp_path / "log.csv"

    done = project.sluice(
        "audit", "export", "--format", "csv", "-o", str(place), check=5
    )
    bundle.write_bytes(good)

    assert "error:" in done.stderr
    assert list(tmp_path.iterdir()) == []
