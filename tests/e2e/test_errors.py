"""What a newcomer does wrong, and what is said: a sentence, and what to do about it."""

import shutil
from pathlib import Path

import pytest
from cli_project import CliProject

HEAD = "schema: sluicegate/v1\nname: a_b_v1.0\nstages:\n"
GOOD = HEAD + "  one: {uses: command, run: 'true'}\n"

# The stages of a file, and the problems that are named, each with its line.
FILES: list[tuple[str, tuple[str, ...]]] = [
    ("  a:\n\t\tuses: ruff\n", (":5: a tab indents this line; YAML wants spaces",)),
    ("  a: {uses: ruff}\n  a: {uses: ruff}\n", (":5: key 'a' is already given",)),
    ("  a: {uses: rufff}\n", (":4:", "did you mean 'ruff'?")),
    ("  a: {use: ruff}\n", (":4:", "'uses' is missing: here it is called 'use'")),
    ("  a: pytest\n", (":4:", "like {uses: pytest}")),
    ("  - a\n", (":3:", "each stage by its name, like lint: {uses: ruff}")),
    ("", (":3:", "each stage by its name, like lint: {uses: ruff}")),
    ("  a: {uses: ruff, paths: src}\n", (":4:", 'write ["src"]')),
    ("  a: {uses: ruff, timeout: 10}\n", (":4:", "like 10m")),
    ("  a: {uses: ruff, timout: 10m}\n", (":4:", "did you mean 'timeout'?")),
    ("  a: {uses: ruff, gate: [a.finding == 0]}\n", (":4:", "mean 'a.findings'?")),
    ("  a: {uses: ruff, gate: [a.findings = 0]}\n", (":4:", "compare with ==")),
    (
        "  a: {uses: ruff}\n  b: {uses: ruff, needs: [c]}\n",
        (":5:", "unknown stage 'c'"),
    ),
    ("  a-b: {uses: ruff}\n", (":4:", "write a_b")),
    ("  a: {uses: ruff\n", (":4:", "close it with }")),
    ("  a: {uses: command, run: echo a: b}\n", (":4:", "in quotes")),
    ("  a: &x {uses: ruff}\n", (":4:", "anchors (&name) are not supported")),
    ("  a: {uses: canary, environment: p}\n", (":4:", "unknown environment 'p'")),
    ("  a: {uses: ruff}\nstagess: 1\n", (":5:", "did you mean 'stages'?")),
    (
        "  a: {uses: rufff}\n  b: {uses: ruff, gat: []}\n  c: {uses: ruff, needs: d}\n",
        (":4:", "'ruff'?", ":5:", "did you mean 'gate'?", ":6:", 'write ["d"]'),
    ),
]

# What is called, and words of the answer.
CALLS: list[tuple[str, tuple[str, ...]]] = [
    ("rum", ("No such command 'rum'.", "Did you mean 'run'?")),
    ("help", ("Did you mean '--help'?",)),
    ("verify", ("Did you mean 'audit verify'?",)),
    ("xyzzy", ("'sluice --help' lists them.",)),
    ("audit verfy", ("Did you mean 'verify'?",)),
    ("--versoin", ("Did you mean '--version'?",)),
    ("run --alow-dirty", ("Did you mean '--allow-dirty'?",)),
    ("run --only noe", ("there is no stage 'noe'", "hint:")),
    ("run -f nope.yaml", ("there is no pipeline file nope.yaml", "`sluice init`")),
    ("run -f .", ("is a folder, not a pipeline file", "sluicegate.yaml")),
    ("resume", ("there is no run yet", "`sluice run`")),
    ("init nope", ("Directory 'nope' does not exist",)),
    ("completion tcsh", ("'tcsh' is not one of 'bash', 'zsh', 'fish'",)),
    ("schema -o sluicegate.yaml", ("is no JSON Schema",)),
    ("audit log", ("there is no log in", "`sluice run` begins one")),
    ("approvals", ("there is no log in", "with --log PLACE", "sent as a file")),
    ("approvals c826fad4", ("there is no log in", "with --log PLACE")),
    ("audit verify --key x", ("not a verifier key", "a key looks like")),
]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> CliProject:
    """A clean repository in which nothing is ever run."""
    return CliProject.make(tmp_path_factory.mktemp("calls"), {"sluicegate.yaml": GOOD})


def refused(project: CliProject, *arguments: str) -> str:
    """What is said on standard error, where nothing else is said and nothing done."""
    done = project.sluice(*arguments, check=2)
    assert "internal error" not in done.stderr
    assert done.stdout == ""
    return done.stderr


@pytest.mark.parametrize(("stages", "words"), FILES, ids=[text for text, _ in FILES])
def test_a_slip_in_the_file_is_named_with_its_line_and_the_remedy(
    repository: CliProject, tmp_path: Path, stages: str, words: tuple[str, ...]
) -> None:
    file = tmp_path / "pipeline.yaml"
    file.write_text(HEAD + stages)

    said = refused(repository, "run", "-f", str(file))

    places = [said.find(word) for word in words]
    assert -1 not in places, said
    assert places == sorted(places), said


@pytest.mark.parametrize(("call", "words"), CALLS, ids=[call for call, _ in CALLS])
def test_a_slip_in_the_call_is_answered_with_what_was_meant(
    repository: CliProject, call: str, words: tuple[str, ...]
) -> None:
    said = refused(repository, *call.split())

    assert all(word in said for word in words), said
    assert not (repository.folder / ".sluicegate").exists()


def test_a_file_of_another_name_is_not_passed_over(tmp_path: Path) -> None:
    project = CliProject.make(tmp_path, {"sluicegate.yml": GOOD})

    said = refused(project, "run")

    assert "there is sluicegate.yml" in said
    assert "`git mv sluicegate.yml sluicegate.yaml`" in said


def test_the_file_above_is_named_in_a_folder_below_it(tmp_path: Path) -> None:
    project = CliProject.make(tmp_path, {"sluicegate.yaml": GOOD, "src/a/b.py": ""})
    below = CliProject(project.folder / "src/a", project.home)

    said = refused(below, "run")

    assert f"there is one above it, in {project.folder}" in said
    assert "`sluice run -f ../../sluicegate.yaml`" in said


def test_a_part_of_a_repository_is_not_taken_for_a_project(tmp_path: Path) -> None:
    project = CliProject.make(tmp_path, {"pyproject.toml": "", "src/a.py": ""})
    below = CliProject(project.folder / "src", project.home)

    said = refused(below, "run")

    assert f"a part of the repository {project.folder}" in said
    assert f"`cd {project.folder} && sluice run`" in said


@pytest.mark.parametrize("call", ["run", "init"])
def test_an_empty_folder_has_nothing_to_be_run(tmp_path: Path, call: str) -> None:
    project = CliProject.make(tmp_path, {})

    said = refused(project, call)

    assert "there is nothing in" in said


def test_a_folder_without_git_or_a_commit_is_told_to_make_one(tmp_path: Path) -> None:
    project = CliProject.make(tmp_path, {"a.py": ""})
    shutil.rmtree(project.folder / ".git")
    without_git = refused(project, "run")
    project.git("init", "-q")
    without_commit = refused(project, "run")

    assert "is not in a Git repository" in without_git
    assert "`git init`" in without_git
    assert "has no commit yet" in without_commit
    assert "`git commit`" in without_commit


def test_a_run_is_found_by_the_end_of_its_id(tmp_path: Path) -> None:
    project = CliProject.make(tmp_path, {"sluicegate.yaml": GOOD})
    run_id = project.document("run", check=0)["run_id"]

    by_end = refused(project, "resume", run_id[-6:].lower())
    unknown = refused(project, "resume", "nope")

    assert f"run {run_id} is over: open" in by_end
    assert "the log holds no run nope" in unknown
    assert "takes the newest" in unknown
