import socket
from pathlib import Path

import pytest

from sluicegate.demo.play import alter, check_port
from sluicegate.errors import PermanentError, UsageError


def test_exactly_one_byte_is_altered(tmp_path: Path) -> None:
    before = b'{"result":"promoted"}{"result":"rolled_back"}'
    (tmp_path / "tile").mkdir()
    (tmp_path / "tile" / "000").write_bytes(before)
    (tmp_path / "checkpoint").write_bytes(b"checkpoint")
    name, offset = alter(tmp_path)
    after = (tmp_path / "tile" / "000").read_bytes()
    assert name == "tile/000"
    assert [i for i, byte in enumerate(after) if byte != before[i]] == [offset]
    assert len(after) == len(before)


def test_a_log_without_a_rollback_is_not_altered(tmp_path: Path) -> None:
    (tmp_path / "checkpoint").write_bytes(b"checkpoint")
    with pytest.raises(PermanentError, match="rolled back"):
        alter(tmp_path)


def test_a_port_in_use_is_refused_with_a_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(UsageError, match=str(port)) as caught:
            check_port(port)
    assert "--port" in str(caught.value.hint)
    check_port(port)
