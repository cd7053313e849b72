"""Opening a cluster by a kubeconfig or from within: TLS, logins, proxies."""

import base64
import json
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from kube_api import Cluster, Login, State, serve
from kube_reached import Reach
from scripted_server import answer, scripted, tunnels

from sluicegate.adapters.kubernetes.errors import UnauthorizedError
from sluicegate.adapters.kubernetes.login import Identity
from sluicegate.adapters.kubernetes.objects import DEPLOYMENT
from sluicegate.adapters.kubernetes.opening import open_in_cluster
from sluicegate.errors import (
    ExternalError,
    PermanentError,
    TransientError,
    UsageError,
)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with serve(State(["shop"])) as cluster:
        yield cluster


@pytest.fixture
def reach(tmp_path: Path) -> Reach:
    return Reach(tmp_path)


def edited(
    cluster: Cluster,
    folder: Path,
    login: Login | None = None,
    **changed: str | bool | None,
) -> Path:
    """A kubeconfig whose cluster has *changed* fields; None removes one."""
    path = cluster.kubeconfig(folder / "kubeconfig", login=login)
    found = json.loads(path.read_text())
    there = found["clusters"][0]["cluster"]
    there.update({name.replace("_", "-"): value for name, value in changed.items()})
    found["clusters"][0]["cluster"] = {k: v for k, v in there.items() if v is not None}
    path.write_text(json.dumps(found))
    return path


def ask(reach: Reach, path: Path) -> str:
    """The name under which the cluster of *path* knows us."""
    api = reach.open(path)
    try:
        return api.reached().user
    finally:
        api.close()


def test_a_cluster_is_known_by_the_authority_of_the_kubeconfig(
    cluster: Cluster, reach: Reach
) -> None:
    assert ask(reach, edited(cluster, reach.folder)) == "admin"
    assert not reach.told
    assert cluster.authority is not None
    (reach.folder / "ca.crt").write_text(cluster.authority.certificate)
    beside = edited(
        *(cluster, reach.folder),
        certificate_authority="ca.crt",
        certificate_authority_data=None,
    )
    assert ask(reach, beside) == "admin"


def test_a_cluster_that_nobody_vouches_for_is_not_spoken_to(
    cluster: Cluster, reach: Reach
) -> None:
    before = len(cluster.exchanges)
    path = edited(cluster, reach.folder, certificate_authority_data=None)
    with pytest.raises(PermanentError, match="is of nobody who is trusted") as caught:
        ask(reach, path)
    assert "certificate-authority" in (caught.value.hint or "")
    assert len(cluster.exchanges) == before


def test_an_unchecked_connection_is_warned_of(cluster: Cluster, reach: Reach) -> None:
    insecure: dict[str, bool | None] = {
        "insecure_skip_tls_verify": True,
        "certificate_authority_data": None,
    }
    assert ask(reach, edited(cluster, reach.folder, None, **insecure)) == "admin"
    (line,) = reach.told
    assert line.startswith("context test: the certificate of 127.0.0.1:")
    assert "insecure-skip-tls-verify" in line
    with pytest.raises(PermanentError, match="contradict each other"):
        ask(reach, edited(cluster, reach.folder, insecure_skip_tls_verify=True))


def test_a_server_may_have_to_prove_another_name(
    cluster: Cluster, reach: Reach
) -> None:
    right = edited(cluster, reach.folder, tls_server_name="kubernetes.default.svc")
    assert ask(reach, right) == "admin"
    wrong = edited(cluster, reach.folder, tls_server_name="another.example")
    with pytest.raises(PermanentError, match="is for another name") as caught:
        ask(reach, wrong)
    assert "tls-server-name" in (caught.value.hint or "")


def test_a_client_certificate_logs_in_until_it_expires(
    cluster: Cluster, reach: Reach
) -> None:
    ann = cluster.certificate("ann", ("system:masters",))
    assert ask(reach, edited(cluster, reach.folder, ann)) == "ann"
    over = cluster.certificate("ann", lasts=timedelta(minutes=-5))
    with pytest.raises(PermanentError, match=r"user test expired on \d{4}-"):
        ask(reach, edited(cluster, reach.folder, over))


def test_a_client_certificate_is_read_anew_from_its_file(
    cluster: Cluster, reach: Reach
) -> None:
    path = edited(cluster, reach.folder)
    found = json.loads(path.read_text())
    found["users"][0]["user"] = {
        "client-certificate": "client/tls.crt",
        "client-key": "client/tls.key",
    }
    path.write_text(json.dumps(found))
    folder = reach.folder / "client"
    folder.mkdir()
    api = reach.open(path)
    for user in ("ann", "bob"):
        identity = cluster.certificate(user).identity
        assert identity is not None
        identity.save(folder)
        assert api.reached().user == user
    api.close()


@pytest.mark.parametrize("spoilt", ["certificate", "key", "both"])
def test_a_certificate_that_cannot_be_used_is_said_to_be_and_not_shown(
    spoilt: str, cluster: Cluster, reach: Reach
) -> None:
    path = edited(cluster, reach.folder, cluster.certificate("ann"))
    found = json.loads(path.read_text())
    user = found["users"][0]["user"]
    other = cluster.certificate("bob").user()
    if spoilt == "both":
        user["client-key-data"] = other["client-key-data"]  # of another certificate
    else:
        nonsense = base64.b64encode(b"-----BEGIN NONSENSE-----").decode()
        user[f"client-{spoilt}-data"] = nonsense
    path.write_text(json.dumps(found))
    with pytest.raises(PermanentError, match="client certificate") as caught:
        ask(reach, path)
    assert "BEGIN" not in str(caught.value)


def test_a_plugin_may_log_in_by_certificate(cluster: Cluster, reach: Reach) -> None:
    identity = cluster.certificate("ann").identity
    assert identity is not None
    printed = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "kind": "ExecCredential",
        "status": {
            "clientCertificateData": identity.certificate,
            "clientKeyData": identity.key,
        },
    }
    (reach.folder / "printed").write_text(json.dumps(printed))
    path = edited(cluster, reach.folder)
    found = json.loads(path.read_text())
    found["users"][0]["user"] = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1beta1",
            "command": sys.executable,
            "args": ["-c", "print(open('printed').read())"],
        }
    }
    path.write_text(json.dumps(found))
    assert ask(reach, path) == "ann"


@contextmanager
def expired_server(folder: Path) -> Iterator[Path]:
    """A server whose certificate is over; a kubeconfig that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now - timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "both.pem").write_bytes(pem + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "both.pem")
    with scripted(answer(200, b"{}"), tls=context) as server:
        path = server.kubeconfig(folder)
        found = json.loads(path.read_text())
        port = server.url.rpartition(":")[2]
        found["clusters"][0]["cluster"] = {
            "server": f"https://localhost:{port}",
            "certificate-authority-data": base64.b64encode(pem).decode(),
        }
        path.write_text(json.dumps(found))
        yield path


def test_a_server_whose_certificate_is_over_is_said_to_have_none(reach: Reach) -> None:
    says = r"^the certificate of localhost:\d+ has expired$"
    with (
        expired_server(reach.folder) as path,
        pytest.raises(PermanentError, match=says),
    ):
        ask(reach, path)


def test_a_server_without_tls_is_told_from_one_that_is_not_there(reach: Reach) -> None:
    plain = b"HTTP/1.1 400 Bad Request\r\n\r\n"
    with scripted(lambda script: script.send(plain)) as server:
        path = server.kubeconfig(reach.folder)
        path.write_text(path.read_text().replace("http:", "https:"))
        with pytest.raises(PermanentError, match="does not speak TLS"):
            ask(reach, path)


def test_a_name_that_cannot_be_resolved_is_said_to_be_one(
    cluster: Cluster, reach: Reach
) -> None:
    reach = replace(reach, patience=replace(reach.patience, first=0.0))
    path = edited(cluster, reach.folder, server="https://no-such-host.invalid:6443")
    with pytest.raises(ExternalError, match="cannot be resolved") as caught:
        ask(reach, path)
    assert "VPN" in (caught.value.hint or "")


def test_the_proxy_of_the_kubeconfig_leads_to_the_cluster(
    cluster: Cluster, reach: Reach
) -> None:
    with tunnels() as proxy:
        through = proxy.url.replace("//", "//ann:pr0xy-pass@")
        named = {"proxy_url": through, "tls_server_name": "kubernetes.default.svc"}
        assert ask(reach, edited(cluster, reach.folder, None, **named)) == "admin"
        assert proxy.seen[0].startswith(b"CONNECT 127.0.0.1:")
        assert b"Proxy-Authorization: Basic" in proxy.seen[0]
        assert b"admin-token" not in b"".join(proxy.seen)


def test_a_proxy_that_refuses_is_named_without_its_password(
    cluster: Cluster, reach: Reach
) -> None:
    with tunnels(refuses=b"HTTP/1.1 407 Proxy Authentication Required") as proxy:
        through = proxy.url.replace("//", "//ann:pr0xy-pass@")
        path = edited(cluster, reach.folder, proxy_url=through)
        with pytest.raises(PermanentError, match=r"the proxy 127\.0\.0\.1:") as caught:
            ask(reach, path)
    assert "407" in str(caught.value)
    assert "pr0xy-pass" not in f"{caught.value}{caught.value.hint}"


def test_a_proxy_that_is_no_address_is_not_repeated(
    cluster: Cluster, reach: Reach
) -> None:
    for wrong in ("ftp://ann:pr0xy-pass@proxy.example", "http://[ann:pr0xy-pass"):
        path = edited(cluster, reach.folder, proxy_url=wrong)
        with pytest.raises(PermanentError, match="has no address that") as caught:
            ask(reach, path)
        assert "pr0xy-pass" not in f"{caught.value}{caught.value.hint}"


def test_the_settings_say_whom_we_act_as_before_the_kubeconfig_does(
    cluster: Cluster, reach: Reach
) -> None:
    api = reach.open(
        edited(cluster, reach.folder), act_as=Identity("bob", groups=("web",))
    )
    reached = api.reached()
    api.close()
    assert (reached.user, "web" in reached.groups) == ("bob", True)


def test_a_pod_reaches_its_own_cluster_by_its_account(
    cluster: Cluster, reach: Reach
) -> None:
    account = "system:serviceaccount:shop:sluicegate"
    first, second = (cluster.state.tokens.issue(account) for _ in "ab")
    folder = reach.folder / "account"
    folder.mkdir()
    (folder / "token").write_text(f"{first}\n")
    assert cluster.authority is not None
    (folder / "ca.crt").write_text(cluster.authority.certificate)
    host, port = cluster.url.removeprefix("https://").split(":")
    inside = {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port}
    around = replace(reach, environ=inside).around
    with closing(open_in_cluster(around, "shop")) as api:
        assert api.reached().user == account
        assert api.cluster == "the cluster of this pod"
        cluster.state.tokens.revoke(first)
        (folder / "token").write_text(second)  # as the kubelet renews it
        assert api.reached().user == account
        cluster.state.tokens.revoke(second)
        with pytest.raises(UnauthorizedError):
            api.get(DEPLOYMENT, "web")
        (folder / "token").write_text("two words")
        with pytest.raises(TransientError, match="no token") as caught:
            api.get(DEPLOYMENT, "web")  # it had one that is refused: there may be one
        assert "two words" not in str(caught.value)
    with (
        closing(open_in_cluster(around, "shop")) as anew,
        pytest.raises(PermanentError, match="no token"),
    ):
        anew.get(DEPLOYMENT, "web")


def test_outside_of_a_pod_there_is_no_cluster_to_be_in(reach: Reach) -> None:
    with pytest.raises(UsageError, match="does not run in a pod"):
        open_in_cluster(reach.around, "shop")


def test_connections_are_closed_when_they_are_let_go_of(
    cluster: Cluster, reach: Reach
) -> None:
    before = threading.active_count()
    for _ in range(3):
        assert ask(reach, edited(cluster, reach.folder)) == "admin"
    assert threading.active_count() <= before + 3  # the server's, which are ending
