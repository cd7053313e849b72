"""A target on another host: a real sshd, this machine's engine behind it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker_service import Service, docker_environment
from load import constant_load
from ssh_service import SshServer, needs_sshd, ssh_server

from sluicegate.adapters.targets.ssh_connection import SshConnection
from sluicegate.adapters.targets.ssh_host import SshHost
from sluicegate.adapters.targets.state_directory import ROUTING_FILE, StateDirectory
from sluicegate.adapters.targets.state_files import StateFiles
from sluicegate.adapters.targets.traefik_config import Leaf, Routing
from sluicegate.config.file import parse_pipeline
from sluicegate.errors import ExternalError, PermanentError, TransientError
from sluicegate.model.digest import Digest
from sluicegate.model.rollout import Release
from sluicegate.report.checkup import State
from sluicegate.wiring.checkup_targets import TargetCheckup
from sluicegate.wiring.machine import Machine

pytestmark = needs_sshd

ROUTING = Routing(Leaf(Release(Digest.of(b"a"), "v1", "0" * 40), "host", 8000))
LOG = "log.example/churn"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    """A server that nobody harms."""
    with ssh_server(tmp_path_factory.mktemp("ssh") / "server") as running:
        yield running


def connect(server: SshServer) -> str:
    """The error of a connection, and its hint."""
    with pytest.raises(ExternalError) as caught:
        SshConnection(server.address, server.environ).close()
    return f"{type(caught.value).__name__}: {caught.value} -> {caught.value.hint}"


@pytest.mark.docker
def test_a_release_on_another_host_loses_no_request(
    shared: SshServer, tmp_path: Path
) -> None:
    host = SshHost(shared.address, shared.environ)
    names = frozenset({"v1", "v2"})
    with docker_environment(tmp_path, host=host) as here, here.target.lease():
        target = here.target
        old, new = here.build(Service("v1")), here.build(Service("v2"))
        assert target.deploy(old, timeout_seconds=60) is None
        target.raise_fence(LOG, 7)
        target.set_weight(old, 100)
        with constant_load(here.publish, names) as load:
            assert target.deploy(new, timeout_seconds=60) is None
            target.set_weight(new, 50)
            while load.answers["v2", 200] < 50:
                assert target.fault(new) is None
            target.set_weight(new, 0)
            target.retire(new)
        assert load.failures == {}
        assert target.scrape(old, new).canary.total >= 50
        assert (target.stable(), target.weight(old)) == (old, 100)
        assert here.containers() == {"proxy": "running", "v1": "running"}
    assert [each.name for each in (tmp_path / "state" / "proxy").iterdir()] == []


def test_the_state_is_kept_there_and_replaced_by_rename(
    shared: SshServer, tmp_path: Path
) -> None:
    host = SshHost(shared.address, shared.environ)
    assert host.state_folder == shared.state / "sluicegate"
    state = StateDirectory(tmp_path / "new", host.files(tmp_path / "new"))
    assert state.load() is None
    state.save(Routing())
    with (state.proxy / ROUTING_FILE).open() as open_before:
        before = open_before.read()
        state.save(ROUTING)
        open_before.seek(0)
        assert open_before.read() == before
    assert [path.name for path in state.proxy.iterdir()] == [ROUTING_FILE]
    assert state.load() == ROUTING == StateDirectory(tmp_path / "new").load()
    state.forget()
    assert state.load() is None
    host.close()


def test_a_shell_that_greets_is_not_listened_to(tmp_path: Path) -> None:
    greeting = tmp_path / "greet"
    greeting.write_text('echo found\necho mine\neval "$SSH_ORIGINAL_COMMAND"\n')
    settings = {"ForceCommand": f"sh {greeting}"}
    with ssh_server(tmp_path / "server", settings) as server:
        host = SshHost(server.address, server.environ)
        files = host.files(tmp_path / "state")
        assert files.read("fence") is None
        with files.lock("production"):
            assert files.replace("fence", b"1", fence=None)
        assert files.read("fence") == b"1"
        host.close()


def test_a_lower_fence_changes_nothing_there_either(
    shared: SshServer, tmp_path: Path
) -> None:
    host = SshHost(shared.address, shared.environ)
    older = StateDirectory(tmp_path, host.files(tmp_path))
    newer = StateDirectory(tmp_path, host.files(tmp_path))
    older.raise_fence(LOG, 7)
    older.save(ROUTING)
    newer.raise_fence(LOG, 9)
    with pytest.raises(PermanentError, match="entry 7 of the log, is over: entry 9"):
        older.save(Routing())
    # Also between the look at the fence and the rename.
    files = host.files(tmp_path)
    stale = b'{"log": "log.example/churn", "fence": 7}'
    assert not files.replace("proxy/routing.yml", b"x", fence=stale)
    assert not files.replace("proxy/routing.yml", b"x", fence=None)
    assert newer.load() == ROUTING
    host.close()


def test_a_folder_that_cannot_be_written_there_is_named(
    shared: SshServer, tmp_path: Path
) -> None:
    host = SshHost(shared.address, shared.environ)
    (tmp_path / "file").write_text("")
    state = StateDirectory(tmp_path / "file/state", host.files(tmp_path / "file/state"))
    with pytest.raises(PermanentError) as caught:
        state.save(ROUTING)
    assert "file/state" in str(caught.value.hint)
    with pytest.raises(PermanentError), state.lease("production"):
        pytest.fail("it was leased")
    host.close()


def test_one_process_at_a_time_holds_the_lease_of_another_host(
    shared: SshServer, tmp_path: Path
) -> None:
    code = (
        "import json, os, signal, sys; from pathlib import Path\n"
        "from sluicegate.adapters.targets.ssh_host import SshHost\n"
        "host = SshHost(sys.argv[1], dict(os.environ))\n"
        "with host.files(Path(sys.argv[2])).lock('production'):\n"
        "    print('mine', flush=True)\n"
        "    sys.stdin.read()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, shared.address, str(tmp_path)],
        env=shared.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    host = SshHost(shared.address, shared.environ)
    files = host.files(tmp_path)
    with other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == b"mine\n"
        with (
            pytest.raises(TransientError, match=f"under way .process {other.pid} of"),
            files.lock("production"),
        ):
            pytest.fail("two processes held the lease")
        with (
            pytest.raises(TransientError, match="under way"),
            StateDirectory(tmp_path).lease("production"),
        ):
            pytest.fail("it was leased on the host itself meanwhile")
        other.stdin.close()
        assert other.wait() == -9
    lock_once_free(files_of=host, path=tmp_path)
    host.close()


def lock_once_free(files_of: SshHost, path: Path) -> None:
    """Take the lock; who held it was killed, and its sshd needs a moment to notice."""
    for _ in range(200):
        try:
            with files_of.files(path).lock("production"):
                return
        except TransientError:
            continue
    pytest.fail("the lock outlived the process that held it")


def test_a_connection_that_is_cut_is_no_judgement_and_takes_the_lock_along(
    tmp_path: Path,
) -> None:
    with ssh_server(tmp_path / "server") as server:
        host = SshHost(server.address, server.environ)
        files = host.files(tmp_path / "state")
        with files.lock("production"):
            assert files.replace("a", b"1", fence=None)
            for session in server.sessions():
                os.kill(session, signal.SIGKILL)
            with pytest.raises(TransientError):
                write_until_it_fails(files)
        host.close()
        again = SshHost(server.address, server.environ)
        lock_once_free(files_of=again, path=tmp_path / "state")
        again.close()


def write_until_it_fails(files: StateFiles) -> None:
    """Until ssh has noticed that it speaks to nobody."""
    while True:
        files.replace("a", b"2", fence=None)


def test_a_host_whose_key_is_not_known_is_refused(tmp_path: Path) -> None:
    with ssh_server(tmp_path / "server") as server:
        known = server.folder / "known_hosts"
        known.write_text("")
        assert "is not known: its key is in no known_hosts file" in connect(server)
        assert known.read_text() == ""
        key = (server.folder / "user.pub").read_text().rsplit(" ", 1)[0]
        known.write_text(f"[127.0.0.1]:{server.port} {key}\n")
        assert "somebody may be in between" in connect(server)


def test_what_keeps_us_out_is_said(tmp_path: Path) -> None:
    with ssh_server(tmp_path / "server") as server:
        (server.folder / "user.pub").write_text("")
        said = connect(server)
        assert said.startswith("PermanentError")
        assert "does not let this user in" in said
    assert "cannot be reached" in connect(server)  # it has ended
    assert "TransientError" in connect(server)


def reach(server: SshServer) -> None:
    host = SshHost(server.address, server.environ)
    try:
        host.connect()
    finally:
        host.close()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"ForceCommand": "/bin/false"}, "has no POSIX shell for this user"),
        ({"AllowStreamLocalForwarding": "no"}, "allows forwarding"),
    ],
)
def test_an_account_that_may_do_too_little_is_refused(
    tmp_path: Path, settings: dict[str, str], words: str
) -> None:
    with ssh_server(tmp_path / "server", settings) as server:
        with pytest.raises(PermanentError) as caught:
            reach(server)
        assert words in f"{caught.value} {caught.value.hint}"


PIPELINE = """\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  build: {{uses: docker-build, image: churn}}
  canary: {{uses: canary, environment: production}}
environments:
  production:
    target: {{uses: docker, port: 8000, host: "{address}"}}
"""


@pytest.mark.docker
def test_doctor_reaches_the_host_and_says_what_keeps_it_out(shared: SshServer) -> None:
    text = PIPELINE.format(address=shared.address)
    pipeline = parse_pipeline(text.encode(), "sluicegate.yaml")
    (found,) = TargetCheckup(Machine(environ=shared.environ), pipeline).checks()
    assert (found.name, found.state) == ("target production", State.FOUND)
    # The ssh of whoever runs the tests knows no such host.
    (refused,) = TargetCheckup(Machine(environ=dict(os.environ)), pipeline).checks()
    assert refused.state is State.MISSING
    assert "is not known: its key is in no known_hosts file" in refused.where
