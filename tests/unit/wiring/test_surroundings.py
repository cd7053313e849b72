"""Unit tests of `sluicegate.wiring.surroundings`."""

import json
import subprocess
from pathlib import Path

import pytest
from fakes import START
from kube_pipeline import PUBLISHED
from prometheus_service import CANARY, STABLE, answering

from sluicegate.engine.handing import Handing
from sluicegate.errors import PermanentError
from sluicegate.model.metric import Pair, Tally
from sluicegate.ports.secrets import none_given
from sluicegate.stages.canary import CanaryStage
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.project import Project
from sluicegate.wiring.record import ProjectLog
from sluicegate.wiring.surroundings import Surroundings
from sluicegate.wiring.trees import TreeProject, project_at

TOKEN = "s3cret-token-of-a-test"  # noqa: S105 - a made-up one
LINE = {"stable": {"n": 90, "x": 1}, "canary": {"n": 10, "x": 0}}
NUMBERS = Pair(Tally(90, (1,)), Tally(10, (0,)))


def pipeline(url: str) -> str:
    arms = {"label": "to", "stable": "{name}", "canary": "{name}"}
    auth = {"bearer": {"file": "token"}}
    asked = {"uses": "prometheus", "url": url, "arms": arms, "samples": "x"}
    metrics = {
        "bad": {"kind": "rate", "from": {"uses": "file", "path": "m.jsonl"}},
        "memory": {"kind": "gauge", "from": {**asked, "auth": auth}},
        "printed": {"kind": "rate", "from": {"uses": "command", "run": "cat n.json"}},
    }
    stage = {"uses": "canary", "environment": "production", "metrics": metrics}
    target = {"uses": "docker", "port": 8000}
    stages = {"image": {"uses": "docker-build", "image": "x"}, "roll": stage}
    return json.dumps(
        {
            "schema": "sluicegate/v1",
            "name": "churn_release_v1.0",
            "stages": stages,
            "environments": {"production": {"target": target}},
        }
    )


def commit(folder: Path, files: dict[str, str]) -> str:
    def git(*arguments: str) -> str:
        identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
        done = subprocess.run(
            ["git", *identity, *arguments],
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    git("init", "-q")
    for name, text in files.items():
        (folder / name).write_text(text)
    git("add", *files)
    git("commit", "-q", "-m", "begin")
    return git("rev-parse", "HEAD")


def test_in_another_tree_metrics_find_the_files_that_git_does_not_track(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    body = json.dumps({"error": f"no such token: {TOKEN}"}).encode()
    with answering(body, code=403) as server:
        files = {"sluicegate.yaml": pipeline(server.url), "n.json": json.dumps(LINE)}
        old = commit(folder, {**files, ".gitignore": "m.jsonl\ntoken\n.sluicegate\n"})
        commit(folder, {"n.json": "another commit's"})
        line = {**LINE, "t": START.timestamp() + 60, "metric": "bad", "kind": "rate"}
        (folder / "m.jsonl").write_text(json.dumps(line) + "\n")
        (folder / "token").write_text(TOKEN)

        home = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
        here = Project(Machine(environ=home), folder / "sluicegate.yaml")
        with project_at(here, old, "main") as project:
            assert isinstance(project, TreeProject)
            assert project.home_folder == folder != project.folder
            log = ProjectLog(project)
            stage = project.pipeline.stage("roll").stage
            assert isinstance(stage, CanaryStage)
            sources = (
                Surroundings(project, log).ports_to_look().metrics(stage, none_given)
            )

            def read(name: str) -> Pair:
                return sources[name].read(STABLE, CANARY, START).pair

            assert read("bad") == NUMBERS
            assert read("printed") == NUMBERS  # as that commit counts
            with pytest.raises(PermanentError, match="HTTP 403: no such token") as no:
                read("memory")
    assert [each["Authorization"] for each in server.headers] == [f"Bearer {TOKEN}"]
    assert TOKEN not in str(no.value)  # it is masked, too


CLUSTER = {
    "uses": "kserve",
    "cluster": {"context": "eu"},
    "namespace": "shop",
    "service": "churn",
    "mode": "knative",
    "counts": {"uses": "knative", "url": "https://prometheus.acme.org"},
}
BY_SSH = {"uses": "docker", "port": 8000, "host": "ssh://deploy@prod.acme.org"}


@pytest.mark.parametrize("target", [CLUSTER, BY_SSH], ids=["cluster", "ssh"])
def test_a_job_that_judges_what_was_handed_over_begins_no_rollout_that_takes_a_login(
    tmp_path: Path, target: dict[str, object]
) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    text = json.loads(pipeline("http://127.0.0.1"))
    text["environments"]["production"]["target"] = target
    text["stages"]["roll"].pop("metrics")
    text["stages"] = {**PUBLISHED, "roll": text["stages"]["roll"]}
    commit(folder, {"sluicegate.yaml": json.dumps(text)})
    project = Project(Machine(environ={}), folder / "sluicegate.yaml")
    around = Surroundings(project, ProjectLog(project))
    run = "01JDA2Z9M3Q4T5V6W7X8Y9Z0A1"

    def says(handing: Handing) -> str | None:
        ports = around.ports_to_run(run, lambda _line: None, handing=handing)
        return ports.elsewhere("production")

    assert "no login to it" in str(says(Handing(takes_only=True)))
    assert says(Handing()) is None


def test_whoever_only_looks_takes_no_lease_of_an_environment(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    commit(folder, {"sluicegate.yaml": pipeline("http://127.0.0.1")})
    environ = {"HOME": str(tmp_path)}
    project = Project(Machine(environ=environ), folder / "sluicegate.yaml")
    ports = Surroundings(project, ProjectLog(project)).ports_to_look()

    with pytest.raises(AssertionError, match="changed by runs alone"):
        ports.target("production", none_given).__enter__()
    assert [path.name for path in tmp_path.iterdir()] == ["project"]
