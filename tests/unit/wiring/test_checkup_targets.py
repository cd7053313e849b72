from pathlib import Path

from kube_api import ADMIN_TOKEN, State, serve
from kube_pipeline import pipeline_text

from sluicegate.config.file import parse_pipeline
from sluicegate.report.checkup import Check
from sluicegate.report.checkup import State as Found
from sluicegate.wiring.checkup_targets import TargetCheckup
from sluicegate.wiring.machine import Machine


def look(folder: Path, text: str) -> Check:
    pipeline = parse_pipeline(text.encode(), "sluicegate.yaml")
    machine = Machine(environ={"HOME": str(folder), "PATH": "/usr/bin"})
    (found,) = TargetCheckup(machine, pipeline, folder).checks()
    return found


def test_a_cluster_is_shown_with_its_version_and_our_name_there(tmp_path: Path) -> None:
    with serve(State(["shop"])) as cluster:
        cluster.kubeconfig(tmp_path / "config", context="shop")
        found = look(tmp_path, pipeline_text())
    assert (found.name, found.state) == ("target production", Found.FOUND)
    assert found.version.startswith("Kubernetes v1.")
    assert found.where == "context shop as admin, namespace shop"


def test_a_connection_that_is_not_checked_is_warned_of(tmp_path: Path) -> None:
    with serve(State(["shop"])) as cluster:
        path = cluster.kubeconfig(tmp_path / "config", context="shop")
        text = path.read_text()
        start = text.index('"certificate-authority-data"')
        end = text.index("}", start)
        path.write_text(f'{text[:start]}"insecure-skip-tls-verify": true{text[end:]}')
        found = look(tmp_path, pipeline_text())
    assert found.state is Found.WARNING
    assert "insecure-skip-tls-verify" in found.advice


def test_a_context_that_is_not_there_is_told_with_those_that_are(
    tmp_path: Path,
) -> None:
    with serve(State(["shop"]), tls=False) as cluster:
        cluster.kubeconfig(tmp_path / "config", context="other")
    found = look(tmp_path, pipeline_text())
    assert found.state is Found.MISSING
    assert "no context shop in" in found.where
    assert found.where.endswith("there are: other")
    assert found.advice.startswith("name one of them")


def test_a_login_that_is_over_is_said_to_be(tmp_path: Path) -> None:
    with serve(State(["shop"]), tls=False) as cluster:
        cluster.kubeconfig(tmp_path / "config", context="shop")
        cluster.state.tokens.revoke(ADMIN_TOKEN)
        found = look(tmp_path, pipeline_text())
    assert found.state is Found.MISSING
    assert found.where.startswith("context shop does not know who we are")
    assert found.advice.startswith("log in again")
