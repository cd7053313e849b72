"""Exec plug-ins, as real programs."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fakes import FakeClock
from kube_api import Cluster, State, serve
from kube_reached import Reach

from sluicegate.adapters.kubernetes.exec_plugin import Plugins
from sluicegate.adapters.kubernetes.login import API_VERSIONS, Plugin
from sluicegate.adapters.kubernetes.objects import DEPLOYMENT
from sluicegate.adapters.kubernetes.server import Pem, Server
from sluicegate.errors import Interrupted, PermanentError, TransientError

V1 = API_VERSIONS[0]
SERVER = Server("https://shop.example:6443")
PRINTS = """\
import json, os, sys
from pathlib import Path
here = Path(sys.argv[1])
with (here / "calls").open("a") as calls:
    calls.write(os.environ["KUBERNETES_EXEC_INFO"] + "\\n")
(here / "environ").write_text(json.dumps(dict(os.environ)))
print("a warning, as gcloud has them", file=sys.stderr)
print((here / "prints").read_text())
"""


def credential(version: str = V1, **status: str) -> str:
    return json.dumps(
        {"apiVersion": version, "kind": "ExecCredential", "status": status}
    )


def program(folder: Path, text: str = PRINTS) -> Plugin:
    """A plug-in that is a Python program; it prints what is in the file ``prints``."""
    path = folder / "plugin.py"
    path.write_text(text)
    return Plugin(V1, sys.executable, (str(path), str(folder)))


def plugins(reach: Reach, environ: Mapping[str, str] | None = None) -> Plugins:
    around = reach.around if environ is None else replace(reach, environ=environ).around
    seconds = timedelta(seconds=30)
    return Plugins(around.runner, around.environ, reach.folder, seconds)


@pytest.fixture
def reach(tmp_path: Path) -> Reach:
    return Reach(tmp_path)


def test_a_plugin_prints_a_token_and_when_it_ends(reach: Reach) -> None:
    made = program(reach.folder)
    when = "2026-11-23T05:00:00Z"
    text = credential(token="the-token", expirationTimestamp=when)  # noqa: S106
    (reach.folder / "prints").write_text(text)
    found = plugins(reach).ask(made, SERVER)
    assert found.token == "the-token"  # noqa: S105
    assert found.expires == datetime(2026, 11, 23, 5, tzinfo=UTC)
    assert "the-token" not in repr(found)


def test_a_plugin_is_told_of_the_cluster_if_it_wants_to(reach: Reach) -> None:
    (reach.folder / "prints").write_text(credential(token="t"))  # noqa: S106
    server = replace(
        SERVER,
        ca=Pem(data=b"pem"),
        name="inner",
        proxy="http://p:1",
        extension={"audience": "shop"},
    )
    made = program(reach.folder)
    plugins(reach).ask(made, server)
    plugins(reach).ask(replace(made, wants_cluster=True), server)
    told = (reach.folder / "calls").read_text().splitlines()
    alone, both = (json.loads(line) for line in told)
    assert alone == {
        "apiVersion": V1,
        "kind": "ExecCredential",
        "spec": {"interactive": False},
    }
    assert both["spec"]["cluster"] == {
        "server": "https://shop.example:6443",
        "tls-server-name": "inner",
        "certificate-authority-data": "cGVt",
        "proxy-url": "http://p:1",
        "config": {"audience": "shop"},
    }


def test_a_plugin_sees_its_clouds_login_and_nothing_of_ours(reach: Reach) -> None:
    (reach.folder / "prints").write_text(credential(token="t"))  # noqa: S106
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": "/home/ann",
        "AWS_PROFILE": "shop",
        "AWS_SESSION_TOKEN": "cloud",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "identity",
        "ACTIONS_ID_TOKEN_REQUEST_URL": "https://runner.example",
        "ACTIONS_RUNTIME_TOKEN": "runtime",
        "GITHUB_TOKEN": "ours",
        "SLUICE_LOG_KEY": "ours",
    }
    made = replace(program(reach.folder), env={"AZURE_TENANT_ID": "acme"})
    plugins(reach, environ).ask(made, SERVER)
    seen = json.loads((reach.folder / "environ").read_text())
    clouds = {name for name in environ if name.startswith(("AWS_", "ACTIONS_ID_"))}
    assert {name: seen.get(name) for name in clouds} == {
        name: environ[name] for name in clouds
    }
    assert seen["AZURE_TENANT_ID"] == "acme"
    assert not {"GITHUB_TOKEN", "SLUICE_LOG_KEY", "ACTIONS_RUNTIME_TOKEN"} & set(seen)


def test_a_plugin_that_is_not_installed_is_told_how_to_install(reach: Reach) -> None:
    missing = Plugin(V1, "no-such-auth-plugin", install_hint="apt install it")
    with pytest.raises(PermanentError) as caught:
        plugins(reach).ask(missing, SERVER)
    assert str(caught.value) == (
        "the login to shop.example:6443 needs no-such-auth-plugin, which is not"
        " installed"
    )
    assert caught.value.hint == "apt install it"


def test_a_plugin_that_fails_is_quoted_by_its_last_line_without_secrets(
    reach: Reach,
) -> None:
    text = (
        "import os, sys\n"
        "print('first', file=sys.stderr)\n"
        "print('no login:', os.environ['CLOUD_PASSWORD'], 'ghp_' + 'a' * 36,"
        " 'https://ann:pw0rd!@shop.example \\x1b[2J', file=sys.stderr)\n"
        "sys.exit(7)\n"
    )
    made = replace(program(reach.folder, text), env={"CLOUD_PASSWORD": "s3cr3t-pass"})
    with pytest.raises(
        PermanentError, match="failed with exit code 7: no login: "
    ) as e:
        plugins(reach).ask(made, SERVER)
    for secret in ("s3cr3t-pass", "ghp_a", "pw0rd", "\x1b", "first"):
        assert secret not in str(e.value)


def test_a_plugin_that_hangs_is_ended(reach: Reach) -> None:
    script = "echo Open https://login.example >&2; sleep 600"
    made = Plugin(V1, "sh", ("-c", script))
    hasty = replace(plugins(reach), timeout=timedelta(seconds=1))
    with pytest.raises(TransientError, match="has not ended within 1 s: Open https:"):
        hasty.ask(made, SERVER)


def test_a_request_to_stop_ends_a_plugin(reach: Reach) -> None:
    made = program(reach.folder, "import time; time.sleep(600)")
    reach.stop.set()
    with pytest.raises(Interrupted):
        plugins(reach).ask(made, SERVER)


@pytest.mark.parametrize(
    ("prints", "says"),
    [
        ("a-token-as-it-is", "printed no ExecCredential: not JSON"),
        ("[" * 100_000, "printed no ExecCredential"),
        ('{"kind": "Status"}', "printed no ExecCredential"),
        (credential(API_VERSIONS[1], token="secret-token"), "v1beta1, the kube"),  # noqa: S106
        (credential(), "printed neither a token nor a certificate"),
        (credential(clientCertificateData="c"), "a certificate without its key"),
        (credential(token="t", expirationTimestamp="soon"), "not a time"),  # noqa: S106
    ],
)
def test_what_is_no_credential_is_not_taken_for_one_and_not_repeated(
    prints: str, says: str, reach: Reach
) -> None:
    (reach.folder / "prints").write_text(prints)
    with pytest.raises(PermanentError, match=says) as caught:
        plugins(reach).ask(program(reach.folder), SERVER)
    assert "a-token-as-it-is" not in str(caught.value)
    assert "secret-token" not in str(caught.value)


def config_with_plugin(cluster: Cluster, reach: Reach) -> Path:
    """A kubeconfig whose user logs in by the plug-in in the folder."""
    path = cluster.kubeconfig(reach.folder / "kubeconfig")
    made = program(reach.folder)
    found = json.loads(path.read_text())
    found["users"][0]["user"] = {
        "exec": {
            "apiVersion": V1,
            "command": made.command,
            "args": list(made.args),
            "interactiveMode": "IfAvailable",
        }
    }
    path.write_text(json.dumps(found))
    return path


def test_what_a_plugin_printed_is_kept_until_it_expires_or_is_refused(
    reach: Reach,
) -> None:
    clock = FakeClock()
    with serve(State(["shop"]), tls=False) as cluster:
        path = config_with_plugin(cluster, reach)

        def log_in(**more: str) -> str:
            token = cluster.state.tokens.issue("ann", ("system:masters",))
            (reach.folder / "prints").write_text(credential(token=token, **more))
            return token

        def calls() -> int:
            return len((reach.folder / "calls").read_text().splitlines())

        api = replace(reach, clock=clock).open(path)
        ends = (clock.now() + timedelta(hours=1)).isoformat()
        first = log_in(expirationTimestamp=ends)
        for _ in range(3):
            assert api.get(DEPLOYMENT, "web") is None
        assert calls() == 1
        second = log_in()
        clock.sleep(3600 - 15)  # it would expire on the way
        assert api.get(DEPLOYMENT, "web") is None
        assert calls() == 2
        cluster.state.tokens.revoke(second)
        log_in()
        assert api.get(DEPLOYMENT, "web") is None
        assert calls() == 3
        assert [each.status for each in cluster.exchanges].count(401) == 1
        cluster.state.tokens.revoke(first)
        api.close()
