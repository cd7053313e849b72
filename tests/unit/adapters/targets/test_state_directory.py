"""The environment's folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from sluicegate.adapters.targets.state_directory import ROUTING_FILE, StateDirectory
from sluicegate.adapters.targets.traefik_config import Leaf, Routing
from sluicegate.errors import PermanentError, TransientError
from sluicegate.model.digest import Digest
from sluicegate.model.rollout import Release

ROUTING = Routing(Leaf(Release(Digest.of(b"a"), "v1", "0" * 40), "host", 8000))


def test_an_environment_without_a_release_has_no_routing(tmp_path: Path) -> None:
    assert StateDirectory(tmp_path / "new").load() is None


def test_a_saved_routing_is_loaded_by_the_next_process(tmp_path: Path) -> None:
    StateDirectory(tmp_path).save(ROUTING)
    assert StateDirectory(tmp_path).load() == ROUTING


def test_the_file_is_replaced_and_never_written_in_place(tmp_path: Path) -> None:
    state = StateDirectory(tmp_path)
    state.save(Routing())
    with (state.proxy / ROUTING_FILE).open() as open_before:
        before = open_before.read()
        state.save(ROUTING)
        open_before.seek(0)
        assert open_before.read() == before
    assert [path.name for path in state.proxy.iterdir()] == [ROUTING_FILE]


def test_a_half_written_file_of_a_killed_process_is_not_seen(tmp_path: Path) -> None:
    state = StateDirectory(tmp_path)
    state.save(ROUTING)
    (state.proxy / f"{ROUTING_FILE}.new").write_text("# sluice")
    assert state.load() == ROUTING


@pytest.mark.parametrize("content", [b"", b"http: {}\n", b"\xff\xfe"])
def test_a_file_changed_by_something_else_is_refused(
    tmp_path: Path, content: bytes
) -> None:
    state = StateDirectory(tmp_path)
    state.save(ROUTING)
    (state.proxy / ROUTING_FILE).write_bytes(content)
    with pytest.raises(PermanentError):
        state.load()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PermanentError) as caught:
        StateDirectory(tmp_path / "file" / "state").save(ROUTING)
    assert "file/state" in str(caught.value.hint)


def test_one_process_at_a_time_holds_the_lease(tmp_path: Path) -> None:
    with (
        StateDirectory(tmp_path).lease("production"),
        pytest.raises(TransientError, match="production is under way"),
        StateDirectory(tmp_path).lease("production"),
    ):
        pytest.fail("two processes held the lease")
    with StateDirectory(tmp_path).lease("production"):
        pass


def test_the_lease_ends_with_the_process_that_held_it(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from sluicegate.adapters.targets.state_directory import StateDirectory\n"
        "with StateDirectory(Path(sys.argv[1])).lease('production'):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert ended.returncode == -9
    with StateDirectory(tmp_path).lease("production"):
        pass
