from pathlib import Path

from sluicegate.wiring.demo import build_environ


def test_pip_and_uv_still_hear_their_user(tmp_path: Path) -> None:
    for name in ("pip/pip.conf", "uv/uv.toml"):
        file = tmp_path / ".config" / name
        file.parent.mkdir(parents=True)
        file.touch()
    environ = build_environ({"HOME": str(tmp_path)})
    assert environ["PIP_CONFIG_FILE"] == str(tmp_path / ".config/pip/pip.conf")
    assert environ["UV_CONFIG_FILE"] == str(tmp_path / ".config/uv/uv.toml")


def test_what_the_user_set_wins(tmp_path: Path) -> None:
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip" / "pip.conf").touch()
    given = {"XDG_CONFIG_HOME": str(tmp_path), "PIP_CONFIG_FILE": "/elsewhere"}
    assert build_environ(given)["PIP_CONFIG_FILE"] == "/elsewhere"


def test_files_that_are_not_there_are_not_named(tmp_path: Path) -> None:
    assert build_environ({"HOME": str(tmp_path)}) == {"HOME": str(tmp_path)}


def test_the_demo_is_nobodys_ci(tmp_path: Path) -> None:
    assert "CI" not in build_environ({"CI": "true", "HOME": str(tmp_path)})
