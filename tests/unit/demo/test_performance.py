from pathlib import Path

import pytest

from sluicegate.demo.performance import _alone, perform
from sluicegate.errors import UsageError


def test_two_demos_do_not_meet_on_a_port(tmp_path: Path) -> None:
    with _alone(tmp_path / "cache", 18080):
        with _alone(tmp_path / "cache", 18081):
            pass
        with (
            pytest.raises(UsageError, match="18080") as caught,
            _alone(tmp_path / "cache", 18080),
        ):
            pass
    assert "--port" in str(caught.value.hint)
    with _alone(tmp_path / "cache", 18080):
        pass


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(UsageError, match="not empty"):
        perform(tmp_path, port=18080, keep=False)
