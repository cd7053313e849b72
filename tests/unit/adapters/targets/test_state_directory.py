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


def test_a_lower_fence_changes_nothing_any_more(tmp_path: Path) -> None:
    older, newer = StateDirectory(tmp_path), StateDirectory(tmp_path)
    older.raise_fence("log.example/churn", 7)
    older.save(ROUTING)
    newer.raise_fence("log.example/churn", 9)

    with pytest.raises(PermanentError, match="entry 7 of the log, is over: entry 9"):
        older.save(Routing())
    with pytest.raises(PermanentError, match="is over"):
        StateDirectory(tmp_path).raise_fence("log.example/churn", 8)
    assert newer.load() == ROUTING
    newer.save(Routing())
    newer.raise_fence("log.example/churn", 12)


def test_an_environment_that_is_removed_has_no_fence_any_more(tmp_path: Path) -> None:
    state = StateDirectory(tmp_path)
    state.raise_fence("log.example/churn", 7)
    state.save(ROUTING)

    StateDirectory(tmp_path).forget()

    assert StateDirectory(tmp_path).load() is None
    StateDirectory(tmp_path).raise_fence("log.example/churn", 1)


def test_a_fence_of_another_log_is_followed_by_whoever_comes_last(
    tmp_path: Path,
) -> None:
    older, newer = StateDirectory(tmp_path), StateDirectory(tmp_path)
    older.raise_fence("log.example/churn", 900)
    newer.raise_fence("log.example/churn/2", 3)

    newer.save(ROUTING)
    with pytest.raises(PermanentError, match="is over"):
        older.save(Routing())


@pytest.mark.parametrize("text", ["", "9", '{"log": 1, "fence": 2}', "\xff"])
def test_a_fence_that_cannot_be_read_lets_nobody_through(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / "fence").write_text(text, encoding="latin-1")

    with pytest.raises(PermanentError, match="not a fence"):
        StateDirectory(tmp_path).raise_fence("log.example/churn", 7)
    with pytest.raises(PermanentError, match="not a fence"):
        StateDirectory(tmp_path).save(ROUTING)
