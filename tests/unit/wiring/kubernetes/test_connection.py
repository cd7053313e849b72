import os
import subprocess
import sys
from pathlib import Path

import pytest
from kube_api import State, serve

from sluicegate.adapters.kubernetes.objects import DEPLOYMENT
from sluicegate.errors import UsageError
from sluicegate.stages.cluster import Cluster, Impersonation
from sluicegate.wiring.clusters import kubeconfig_files
from sluicegate.wiring.kubernetes.connection import open_cluster
from sluicegate.wiring.machine import Machine


def machine(folder: Path, **environ: str) -> Machine:
    return Machine(
        environ={"HOME": str(folder / "home"), "PATH": "/usr/bin", **environ}
    )


def files(folder: Path, cluster: Cluster, **environ: str) -> list[str]:
    found = kubeconfig_files(environ, folder / "home", folder, cluster)
    return [str(path.relative_to(folder)) for path in found]


def test_the_kubeconfig_is_that_of_the_settings_or_of_the_environment(
    tmp_path: Path,
) -> None:
    named = Cluster(context="shop", kubeconfig="deploy/config")
    theirs = Cluster(context="shop", kubeconfig="~/other")
    alone = Cluster(context="shop")
    listed = os.pathsep.join([str(tmp_path / "a"), "", str(tmp_path / "b")])
    assert files(tmp_path, named, KUBECONFIG=listed) == ["deploy/config"]
    assert files(tmp_path, theirs, KUBECONFIG=listed) == ["home/other"]
    assert files(tmp_path, alone, KUBECONFIG=listed) == ["a", "b"]
    assert files(tmp_path, alone) == ["home/.kube/config"]
    assert files(tmp_path, alone, KUBECONFIG="") == ["home/.kube/config"]


def test_a_cluster_is_reached_as_its_settings_say(tmp_path: Path) -> None:
    with serve(State(["shop"])) as cluster:
        cluster.kubeconfig(tmp_path / "config", context="shop", namespace="elsewhere")
        settings = Cluster(
            context="shop",
            kubeconfig="config",
            impersonate=Impersonation(user="bob", groups=("system:masters",)),
        )
        api = open_cluster(machine(tmp_path), tmp_path, settings, "shop")
        assert api.namespace == "shop"  # never that of the context
        assert api.reached().user == "bob"
        assert api.get(DEPLOYMENT, "web") is None
        api.close()


def test_a_pod_has_to_be_in_a_cluster(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not run in a pod"):
        open_cluster(machine(tmp_path), tmp_path, Cluster(in_cluster=True), "shop")


def test_settings_of_a_cluster_are_read_without_loading_its_client() -> None:
    script = (
        "import sys, sluicegate.wiring.kubernetes.connection;"
        "print([each for each in ('lightkube', 'httpx2', 'msgspec')"
        " if each in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert done.stdout == "[]\n"


def test_what_is_not_installed_is_said_with_the_line_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(State(["shop"]), tls=False) as cluster:
        cluster.kubeconfig(tmp_path / "config", context="shop")
    for name in [each for each in sys.modules if each.startswith(_NEEDING)]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "lightkube", None)
    settings = Cluster(context="shop", kubeconfig="config")
    with pytest.raises(UsageError, match="needs lightkube, which is not") as caught:
        open_cluster(machine(tmp_path), tmp_path, settings, "shop")
    assert caught.value.hint == "pip install 'sluicegate[kubernetes]'"


_NEEDING = (
    "lightkube",
    "sluicegate.adapters.kubernetes.client",
    "sluicegate.adapters.kubernetes.verbs",
)
