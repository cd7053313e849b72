"""The first minutes with sluicegate, in five shapes of repository; all is real."""

import json
import os
import pty
import select
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import docker
import pytest
from cli_project import CliProject, clean_environment
from e2e.trivydb.build import build
from repositories import (
    bare_repository,
    monorepo,
    poetry_project,
    requirements_project,
    uv_project,
)

needs_trivy = [
    pytest.mark.trivy,
    pytest.mark.skipif(shutil.which("trivy") is None, reason="needs Trivy on PATH"),
]
OWNER = f"sluicegate-test-{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def trivy_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("advisories")
    options = ("--no-deps", "--quiet", "--dest", str(folder), "safety-db==2021.7.17")
    subprocess.run([sys.executable, "-m", "pip", "download", *options], check=True)
    cache = tmp_path_factory.mktemp("trivy") / "cache"
    build(next(folder.glob("*.whl")), cache, datetime.now(UTC) - timedelta(hours=2))
    return cache


@pytest.fixture
def images() -> Iterator[None]:
    """Removes the images that are built under our owner's name."""
    yield
    client = docker.from_env()
    try:
        for image in client.images.list():
            for tag in image.tags:
                if OWNER in tag:
                    client.images.remove(tag, force=True)
    finally:
        client.close()


def make(root: Path, files: Mapping[str, str], trivy: Path | None = None) -> CliProject:
    """A clone of a repository on GitHub that holds *files*.

    With *trivy*, the cache of its database, it is for runs, which share one cache.
    """
    project = CliProject.make(root, files)
    project.git("remote", "add", "origin", f"git@github.com:{OWNER}/sample.git")
    if trivy is not None:
        project.environ |= {
            "XDG_CACHE_HOME": str(trivy.parent / "shared"),
            "TRIVY_CACHE_DIR": str(trivy),
        }
    return project


def verdicts(document: Mapping[str, Any]) -> dict[str, str]:
    return {stage["name"]: stage["verdict"] for stage in document["stages"]}


def all_open(*stages: str) -> dict[str, str]:
    return dict.fromkeys(stages, "open")


def initialised(project: CliProject) -> str:
    """Let `sluice init` write the file, and commit it, as it says itself."""
    done = project.sluice("init", check=0)
    assert "git add" in done.stdout
    project.commit({}, "Add a release gate")
    return done.stdout


@pytest.mark.docker
@pytest.mark.usefixtures("images")
class TestAUvProject:
    pytestmark = needs_trivy

    def test_goes_through_lint_test_build_and_scan(
        self, tmp_path: Path, trivy_cache: Path
    ) -> None:
        project = make(tmp_path, uv_project(), trivy_cache)

        said = initialised(project)
        document = project.document("run", check=0)

        assert "pytest, for 1 test file" in said
        assert "uv.lock" in said
        assert verdicts(document) == all_open("lint", "test", "build", "scan")
        (test, image) = (document["stages"][n]["evidence"] for n in (1, 2))
        assert test["passed"] == 1
        assert "uv.lock" in test["python_origin"]
        assert image["image"].startswith(f"ghcr.io/{OWNER}/sample:")

    def test_is_told_how_it_would_be_served(self, tmp_path: Path) -> None:
        project = make(tmp_path, uv_project())

        text = project.sluice("init", "--print", check=0).stdout

        assert "port: 8000, publish: 8080, health: /healthz" in text
        assert "churn/routes.py names it" in text


class TestAPoetryProject:
    pytestmark = needs_trivy

    def test_goes_through_lint_test_and_scan_and_builds_nothing(
        self, tmp_path: Path, trivy_cache: Path
    ) -> None:
        project = make(tmp_path, poetry_project(), trivy_cache)

        said = initialised(project)
        document = project.document("run", check=0)

        assert "no Dockerfile: nothing is built" in said
        assert verdicts(document) == all_open("lint", "test", "scan")
        assert "poetry.lock" in document["stages"][1]["evidence"]["python_origin"]


@pytest.mark.docker
@pytest.mark.usefixtures("images")
class TestAProjectOfRequirements:
    pytestmark = needs_trivy

    def test_runs_the_same_without_a_file_and_with_the_one_that_init_writes(
        self, tmp_path: Path, trivy_cache: Path
    ) -> None:
        project = make(tmp_path, requirements_project(), trivy_cache)

        first = project.sluice("run", check=0)
        initialised(project)
        second = project.sluice("run", check=0)

        assert "there is no sluicegate.yaml, so this is run" in first.stdout
        assert "made from requirements-dev.txt and requirements.txt" in first.stdout
        assert "1 model file (1 .pkl)" in first.stdout
        assert "open: all 4 gates are open" in first.stdout
        assert "there is no sluicegate.yaml" not in second.stdout
        runs = [e for e in project.entries() if e["type"] == "run.started"]
        assert len(runs) == 2
        assert runs[0]["definition"] == runs[1]["definition"]


@pytest.mark.docker
@pytest.mark.usefixtures("images")
class TestAMonorepo:
    pytestmark = needs_trivy

    def test_has_a_pipeline_for_each_service(
        self, tmp_path: Path, trivy_cache: Path
    ) -> None:
        project = make(tmp_path, monorepo(), trivy_cache)

        undecided = project.sluice("run", check=2)
        said = initialised(project)
        elsewhere = project.sluice("run", check=2)
        documents = [
            project.document("run", "-f", f"services/{name}/sluicegate.yaml", check=0)
            for name in ("api", "worker")
        ]

        assert "here are services/api, services/worker" in undecided.stderr
        assert "code in libs belongs to no single service" in said
        assert "`sluice run -f services/api/sluicegate.yaml`" in elsewhere.stderr
        for document in documents:
            assert verdicts(document) == all_open("lint", "test", "build", "scan")
        names = [
            (project.folder / f"services/{name}/sluicegate.yaml").read_text()
            for name in ("api", "worker")
        ]
        assert "name: api_release_v1.0" in names[0]
        assert "context: ../..," in names[0]
        assert "name: worker_release_v1.0" in names[1]
        assert "context:" not in names[1]


class TestAServiceOfAMonorepo:
    def test_is_the_same_from_its_own_folder(self, tmp_path: Path) -> None:
        project = make(tmp_path, monorepo())
        service = CliProject(project.folder / "services/api", project.home)

        before = service.document("plan")
        printed = service.sluice("init", "--print", check=0).stdout
        initialised(project)
        after = service.document("plan")

        file = service.folder / "sluicegate.yaml"
        assert printed == file.read_text()
        assert "paths: [../../libs]" in printed
        # Nobody has written a version yet: what is found may change at any time.
        assert before["pipeline"] == "api_release_v0.0"
        assert after["pipeline"] == "api_release_v1.0"
        assert before["stages"] == after["stages"]


class TestABareRepository:
    pytestmark = needs_trivy

    def test_is_linted_and_scanned_and_told_what_was_not_done(
        self, tmp_path: Path, trivy_cache: Path
    ) -> None:
        project = make(tmp_path, bare_repository(), trivy_cache)

        done = project.sluice("run", check=0)

        before, _, after = done.stdout.partition("open: all 2 gates are open")
        assert "no tests: nothing is tested" in before
        assert "no Dockerfile: nothing is built" in before
        assert "note: no tests: nothing was tested" in after
        assert "note: no Dockerfile: nothing was built" in after

    def test_claims_of_a_part_of_it_nothing_that_was_not_done(
        self, tmp_path: Path, trivy_cache: Path
    ) -> None:
        project = make(tmp_path, bare_repository(), trivy_cache)

        done = project.sluice("run", "--only", "lint", check=0)

        _, _, after = done.stdout.partition("open: the gate is open")
        assert "note: no Dockerfile: nothing was built" in after
        assert "scanned" not in after

    def test_keeps_its_notes_out_of_the_json_document(
        self, tmp_path: Path, trivy_cache: Path
    ) -> None:
        project = make(tmp_path, bare_repository(), trivy_cache)

        done = project.sluice("run", "--json", check=0)

        assert verdicts(json.loads(done.stdout)) == all_open("lint", "scan")
        assert "note: no tests: nothing was tested" in done.stderr

    def test_is_resumed_without_a_file_too(
        self, tmp_path: Path, trivy_cache: Path
    ) -> None:
        project = make(tmp_path, bare_repository(), trivy_cache)
        project.environ["TRIVY_CACHE_DIR"] = str(tmp_path / "none")
        project.sluice("run", check=4)

        project.environ["TRIVY_CACHE_DIR"] = str(trivy_cache)
        document = project.document("resume", check=0)

        assert verdicts(document) == all_open("lint", "scan")


# --- what `sluice init` writes, and does not ------------------------------------------


def test_a_file_that_is_there_is_not_overwritten_where_nobody_can_be_asked(
    tmp_path: Path,
) -> None:
    project = make(tmp_path, {**bare_repository(), "sluicegate.yaml": "mine\n"})

    refused = project.sluice("init", check=2)
    refused_too = project.sluice("init", "--yes", check=2)
    kept = (project.folder / "sluicegate.yaml").read_text()
    project.sluice("init", "--force", check=0)

    assert "sluicegate.yaml would be overwritten; nothing was written" in refused.stderr
    assert refused_too.stderr == refused.stderr
    assert kept == "mine\n"
    assert not list(project.folder.glob(".sluicegate.yaml.*"))
    assert "uses: ruff" in (project.folder / "sluicegate.yaml").read_text()


def test_nothing_is_written_where_one_of_several_files_is_in_the_way(
    tmp_path: Path,
) -> None:
    project = make(tmp_path, {**monorepo(), "services/worker/sluicegate.yaml": "mine"})

    project.sluice("init", check=2)

    assert not (project.folder / "services/api/sluicegate.yaml").exists()


def test_what_is_there_already_is_left_as_it_is(tmp_path: Path) -> None:
    project = make(tmp_path, bare_repository())
    project.sluice("init", check=0)

    again = project.sluice("init", check=0)

    assert "sluicegate.yaml is as it should be already" in again.stdout


def test_the_file_and_its_schema_are_all_that_is_written(tmp_path: Path) -> None:
    project = make(tmp_path, bare_repository())

    project.sluice("init", check=0)

    assert project.git("status", "--porcelain") == "?? sluicegate.yaml"
    schema = json.loads((project.folder / ".sluicegate/schema.json").read_text())
    assert "stages" in schema["properties"]
    assert list(project.home.iterdir()) == []


def test_printing_writes_nothing_and_says_the_rest_beside_the_file(
    tmp_path: Path,
) -> None:
    project = make(tmp_path, bare_repository())

    done = project.sluice("init", "--print", check=0)

    assert done.stdout.startswith("# yaml-language-server: ")
    assert "no tests: nothing is tested" in done.stderr
    assert project.git("status", "--porcelain", "--ignored") == ""


def test_a_folder_can_be_named_and_need_not_be_under_git(tmp_path: Path) -> None:
    project = make(tmp_path, {"a": ""})
    place = tmp_path / "elsewhere"
    place.mkdir()
    (place / "serve.py").write_text("")

    done = project.sluice("init", str(place), check=0)

    assert (place / "sluicegate.yaml").exists()
    assert "git init && git add ../elsewhere/sluicegate.yaml" in done.stdout


def test_what_git_ignores_is_not_found(tmp_path: Path) -> None:
    files = {**bare_repository(), ".gitignore": "build/\n"}
    project = make(tmp_path, files)
    (project.folder / "build").mkdir()
    (project.folder / "build/Dockerfile").write_text("FROM scratch\n")
    (project.folder / "build/test_it.py").write_text("")

    done = project.sluice("init", "--print", check=0)

    assert "uses: docker-build" not in done.stdout
    assert "uses: pytest" not in done.stdout


def answer(project: CliProject, answers: str, *arguments: str) -> tuple[int, str]:
    """Call the command on a terminal; its exit code, and what it said to *answers*."""
    ours, theirs = pty.openpty()
    environ = clean_environment(project.home, TERM="xterm", **project.environ)
    process = subprocess.Popen(
        project.argv(*arguments),
        cwd=project.folder,
        env=environ,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    os.write(ours, answers.encode())
    said = b""
    while process.poll() is None or select.select([ours], [], [], 0)[0]:
        if select.select([ours], [], [], 0.1)[0]:
            try:
                said += os.read(ours, 65536)
            except OSError:  # the other side is closed
                break
    os.close(ours)
    return process.wait(), said.decode()


def test_on_a_terminal_the_changes_are_shown_and_a_no_leaves_the_file(
    tmp_path: Path,
) -> None:
    project = make(tmp_path, {**bare_repository(), "sluicegate.yaml": "mine: 1\n"})

    code, said = answer(project, "n\n", "init")

    assert code == 0
    assert "-mine: 1" in said
    assert "overwrite sluicegate.yaml with this?" in said
    assert "nothing was written" in said
    assert (project.folder / "sluicegate.yaml").read_text() == "mine: 1\n"


def test_on_a_terminal_a_yes_overwrites(tmp_path: Path) -> None:
    project = make(tmp_path, {**bare_repository(), "sluicegate.yaml": "mine: 1\n"})

    code, _ = answer(project, "y\n", "init")

    assert code == 0
    assert "uses: ruff" in (project.folder / "sluicegate.yaml").read_text()


def test_an_interrupted_question_is_no_verdict(tmp_path: Path) -> None:
    project = make(tmp_path, bare_repository())

    code, _ = answer(project, "\x04", "init")

    assert code == 130
    assert not (project.folder / "sluicegate.yaml").exists()


# --- doctor ---------------------------------------------------------------------------


def checks(project: CliProject, *arguments: str, check: int) -> dict[str, Any]:
    document = project.document("doctor", *arguments, check=check)
    return {each["name"]: each for each in document["checks"]}


def test_the_doctor_makes_nothing(tmp_path: Path) -> None:
    project = make(tmp_path, {**poetry_project(), ".gitignore": ""})

    project.sluice("doctor")

    assert project.git("status", "--porcelain", "--ignored") == ""
    assert list(project.home.iterdir()) == []


def test_the_doctor_says_what_is_missing_and_what_to_do(tmp_path: Path) -> None:
    project = make(tmp_path, bare_repository())
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "git").symlink_to(shutil.which("git") or "")
    project.environ["PATH"] = str(tools)

    done = project.sluice("doctor", check=4)
    found = checks(project, check=4)

    assert done.stdout.splitlines()[-1] == "not ready: trivy"
    assert found["trivy"]["state"] == "missing"
    assert found["trivy"]["needed"]
    assert found["trivy"]["advice"]
    assert found["docker client"]["state"] == "missing"
    assert not found["docker client"]["needed"]
    assert found["ruff"]["state"] == "found"
    assert found["git"]["where"] == str(tools / "git")


def test_the_doctor_looks_at_the_log_its_key_and_the_clock(tmp_path: Path) -> None:
    text = (
        "schema: sluicegate/v1\nname: a_b_v1.0\n"
        "stages: {one: {uses: command, run: 'true'}}\n"
    )
    project = make(tmp_path, {"sluicegate.yaml": text})
    project.sluice("run", check=0)

    well = checks(project, check=0)
    (key,) = (project.home / ".config/sluicegate/keys").iterdir()
    key.chmod(0o644)
    ill = checks(project, check=4)
    key.unlink()
    worse = checks(project, check=4)

    assert well["log"]["version"].endswith("entries")
    assert well["log key"]["version"] == "mode 0600"
    assert "clock" in well
    assert "others can read" in ill["log key"]["where"]
    assert "is not there" in worse["log key"]["where"]


def test_the_doctor_of_a_broken_file_says_what_is_wrong_with_it(
    tmp_path: Path,
) -> None:
    project = make(tmp_path, {"sluicegate.yaml": "schema: sluicegate/v1\n"})

    found = checks(project, check=4)

    assert found["pipeline"]["state"] == "missing"
    assert "'name' is missing" in found["pipeline"]["where"]


# --- schema and completion ------------------------------------------------------------


def test_the_schema_is_the_one_of_the_documentation(tmp_path: Path) -> None:
    project = make(tmp_path, {"a": ""})
    written = project.folder / "schema.json"

    printed = project.sluice("schema", check=0)
    project.sluice("schema", "--output", "schema.json", check=0)
    project.sluice("schema", "--output", "schema.json", check=0)
    (project.folder / "sluicegate.yaml").write_text("mine")
    refused = project.sluice("schema", "--output", "sluicegate.yaml", check=2)

    assert json.loads(printed.stdout) == json.loads(written.read_text())
    assert "is no JSON Schema" in refused.stderr
    assert (project.folder / "sluicegate.yaml").read_text() == "mine"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_there_is_a_script_for_each_shell(tmp_path: Path, shell: str) -> None:
    project = make(tmp_path, {"a": ""})

    done = project.sluice("completion", shell, check=0)

    assert f"_SLUICE_COMPLETE={shell}_complete" in done.stdout
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=done.stdout, text=True, check=True)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("sluice re", {"resume"}),
        ("sluice run --allow", {"--allow-dirty"}),
        ("sluice completion z", {"zsh"}),
        ("sluice audit v", {"verify"}),
    ],
)
def test_the_shell_completes_commands_and_options(
    tmp_path: Path, words: str, expected: set[str]
) -> None:
    project = make(tmp_path, {"a": ""})

    assert expected <= complete(project, words)


@pytest.mark.parametrize("option", ["--only", "--from", "--until"])
def test_the_shell_completes_stages(tmp_path: Path, option: str) -> None:
    project = make(tmp_path, {"a.py": ""})
    project.sluice("init", check=0)

    assert complete(project, f"sluice run {option} l") == {"lint"}


def test_what_cannot_be_read_completes_nothing(tmp_path: Path) -> None:
    project = make(tmp_path, {"sluicegate.yaml": "stages: [\t"})

    assert complete(project, "sluice run --only l") == set()


def test_the_shell_completes_runs(tmp_path: Path) -> None:
    project = make(tmp_path, bare_repository())
    runs = ("01JNKRUN0000000000000000AA", "01JNKRUN0000000000000000BB")
    for run in runs:
        (project.folder / ".sluicegate/runs" / run).mkdir(parents=True)

    assert complete(project, "sluice resume 01jnk") == set(runs)
    assert complete(project, f"sluice resume {runs[1]}") == {runs[1]}


def complete(project: CliProject, words: str) -> set[str]:
    """What bash would offer for the last of *words*."""
    count = len(words.split()) - 1
    project.environ |= {
        "_SLUICE_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(count),
    }
    code = "import sys; sys.argv = ['sluice']; from sluicegate.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=project.folder,
        env=clean_environment(project.home, **project.environ),
        capture_output=True,
        text=True,
        check=True,
    )
    return {line.partition(",")[2] for line in done.stdout.splitlines() if line}
