import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
from kube_pipeline import pipeline_text

from sluicegate.config.file import parse_pipeline
from sluicegate.model.command import Command
from sluicegate.stages.pipeline import Pipeline
from sluicegate.wiring.kubernetes.variables import cluster_variables
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.project import Project
from sluicegate.wiring.record import ProjectLog
from sluicegate.wiring.surroundings import Surroundings


def pipeline(text: str) -> Pipeline:
    return parse_pipeline(text.encode(), "sluicegate.yaml")


def test_where_the_kubeconfig_is_is_a_secret_of_pipelines_with_a_cluster() -> None:
    assert cluster_variables(pipeline(pipeline_text())) == {"KUBECONFIG"}
    served = json.loads(pipeline_text())
    served["environments"]["production"]["target"] = {"uses": "docker", "port": 8000}
    assert cluster_variables(pipeline(json.dumps(served))) == frozenset()


def test_programs_of_stages_are_not_told_where_the_kubeconfig_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    (tmp_path / "sluicegate.yaml").write_text(pipeline_text())
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "KUBECONFIG": "/home/ann/.kube/shop",
        "SHOP": "open",
    }
    project = Project(Machine(environ=environ), tmp_path / "sluicegate.yaml")
    around = Surroundings(project, ProjectLog(project))
    command = Command(("env",), str(tmp_path), timedelta(seconds=30))
    said = around.process.run(command, lambda _line: None).stdout.decode()
    assert "SHOP=open" in said
    assert "KUBECONFIG" not in said
    plugins = project.machine.process.run(command, lambda _line: None).stdout.decode()
    assert "KUBECONFIG=/home/ann/.kube/shop" in plugins


def test_what_programs_of_stages_say_shows_no_login_to_a_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    (tmp_path / "sluicegate.yaml").write_text(pipeline_text())
    listed = tmp_path / "config"  # as the pipeline file names it
    listed.write_text(json.dumps({"users": [{"user": {"token": "token-of-ann"}}]}))
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    project = Project(Machine(environ=environ), tmp_path / "sluicegate.yaml")
    around = Surroundings(project, ProjectLog(project))
    command = Command(("cat", str(listed)), str(tmp_path), timedelta(seconds=30))
    heard: list[str] = []
    said = around.process.run(command, heard.append).stdout.decode()
    assert "token-of-ann" not in said + "".join(heard)
    assert '"token": "***"' in said
