"""Unit tests of `sluicegate.adapters.prometheus.keeping`."""

import threading
from pathlib import Path

from prometheus_service import await_until

from sluicegate.adapters.prometheus.keeping import KeptTextfile

LONG = 60.0


def test_a_change_is_written_soon_and_the_end_for_certain(tmp_path: Path) -> None:
    path = tmp_path / "sluice.prom"
    pages = [b"first\n"]
    kept = KeptTextfile(path, lambda: pages[-1])

    kept.touch()
    await_until(path.exists, "the first page")
    assert path.read_bytes() == b"first\n"
    pages.append(b"last\n")

    assert kept.finish(LONG) is None
    assert path.read_bytes() == b"last\n"


def test_what_goes_wrong_at_last_is_told_at_the_end(tmp_path: Path) -> None:
    folder = tmp_path / "later"
    kept = KeptTextfile(folder / "sluice.prom", lambda: b"")
    kept.touch()

    lost = kept.finish(LONG)

    assert lost is not None
    assert "were not written" in lost
    assert str(folder) in lost


def test_what_was_mended_meanwhile_is_no_loss(tmp_path: Path) -> None:
    folder = tmp_path / "later"
    asked = threading.Event()

    def page() -> bytes:
        asked.set()
        return b"a 1\n"

    kept = KeptTextfile(folder / "sluice.prom", page)
    kept.touch()
    assert asked.wait(LONG)
    folder.mkdir()

    assert kept.finish(LONG) is None
    assert (folder / "sluice.prom").read_bytes() == b"a 1\n"


def test_a_page_that_fails_is_told_without_what_it_says(tmp_path: Path) -> None:
    def page() -> bytes:
        raise ValueError("s3cret")

    lost = KeptTextfile(tmp_path / "sluice.prom", page).finish(LONG)

    assert lost is not None
    assert "ValueError" in lost
    assert "s3cret" not in lost


def test_nobody_waits_for_a_disk_that_hangs(tmp_path: Path) -> None:
    let_go = threading.Event()

    def page() -> bytes:
        let_go.wait(LONG)
        return b""

    kept = KeptTextfile(tmp_path / "sluice.prom", page)
    kept.touch()

    lost = kept.finish(0.05)
    let_go.set()

    assert lost is not None
    assert "takes too long" in lost
