"""Unit tests of `sluicegate.adapters.tools`, with small programs on a PATH."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.adapters.tools import Tools
from sluicegate.errors import PermanentError
from sluicegate.model.digest import Digest


def put(folder: Path, name: str, script: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def tools(project: Path, *folders: Path) -> Tools:
    path = os.pathsep.join([*map(str, folders), "/usr/bin", "/bin"])
    if not folders:
        path = str(project / "nothing")
    environ: Mapping[str, str] = {"PATH": path, "PIP_CONFIG_FILE": os.devnull}
    runner = SubprocessRunner(StopRequest(), environ)
    return Tools(project, project / "cache", runner, environ)


def test_a_program_nobody_knows_is_not_guessed(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="perl"):
        tools(tmp_path).find("perl")


def test_trivy_is_known_by_version_and_digest(tmp_path: Path) -> None:
    path = put(tmp_path / "bin", "trivy", """echo '{"Version": "0.59.1"}'""")

    trivy = tools(tmp_path, tmp_path / "bin").find("trivy")

    assert trivy.version == "0.59.1"
    assert trivy.digest == Digest.of(path.read_bytes())


@pytest.mark.parametrize("script", ["echo nonsense", "echo '[]'", "exit 1"])
def test_a_trivy_that_does_not_say_its_version_is_refused(
    tmp_path: Path, script: str
) -> None:
    put(tmp_path / "bin", "trivy", script)

    with pytest.raises(PermanentError, match="version"):
        tools(tmp_path, tmp_path / "bin").find("trivy")


def test_no_trivy_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(PermanentError) as caught:
        tools(tmp_path).find("trivy")

    assert caught.value.hint is not None
    assert "trivy.dev" in caught.value.hint


def test_ruff_of_the_project_s_venv_comes_first(tmp_path: Path) -> None:
    put(tmp_path / ".venv" / "bin", "python", "")
    own = put(tmp_path / ".venv" / "bin", "ruff", "echo ruff 0.1.2")

    ruff = tools(tmp_path, tmp_path / "bin").find("ruff")

    assert ruff.argv == (str(own),)
    assert (ruff.version, ruff.origin) == ("0.1.2", "the project's .venv")


def test_ruff_is_ours_where_the_project_has_none(tmp_path: Path) -> None:
    ruff = tools(tmp_path, tmp_path / "bin").find("ruff")

    assert ruff.origin == "sluicegate's own"
    assert ruff.version[0].isdigit()


def test_a_venv_without_pytest_says_how_to_get_it(tmp_path: Path) -> None:
    put(tmp_path / ".venv" / "bin", "python", "echo 3.12.1 False")

    with pytest.raises(PermanentError, match="pytest is not installed") as caught:
        tools(tmp_path, tmp_path / "bin").find("project-python")

    assert caught.value.hint == "install it there: uv pip install pytest"

    put(tmp_path / ".venv" / "bin", "pip", "")
    with pytest.raises(PermanentError, match="pytest is not installed") as caught:
        tools(tmp_path, tmp_path / "bin").find("project-python")

    assert caught.value.hint == (
        "install it there: .venv/bin/python -m pip install pytest"
    )


def test_the_project_s_venv_is_its_python(tmp_path: Path) -> None:
    path = put(tmp_path / ".venv" / "bin", "python", "echo 3.12.1 True")

    python = tools(tmp_path, tmp_path / "bin").find("project-python")

    assert python.argv == (str(path),)
    assert (python.version, python.origin) == ("3.12.1", "the project's .venv")


def test_a_venv_that_does_not_work_is_named(tmp_path: Path) -> None:
    put(tmp_path / ".venv" / "bin", "python", "echo broken >&2; exit 3")

    with pytest.raises(PermanentError, match="does not work: broken"):
        tools(tmp_path, tmp_path / "bin").find("project-python")


def fake_uv(folder: Path, ending: str = "") -> Path:
    """Records its arguments; makes an environment whose Python has everything."""
    return put(
        folder,
        "uv",
        'echo "$@" >> uv.log\n'
        'for last; do :; done; env="${UV_PROJECT_ENVIRONMENT:-$last}"\n'
        'case "$1" in venv|sync)\n'
        '  mkdir -p "$env/bin"\n'
        '  printf "#!/bin/sh\\necho 3.12.1 True\\n" > "$env/bin/python"\n'
        '  chmod +x "$env/bin/python" ;;\n'
        f"esac\n{ending}",
    )


def test_an_environment_is_made_once(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("pytest\n")
    fake_uv(tmp_path / "bin")

    first = tools(tmp_path, tmp_path / "bin").find("project-python")
    again = tools(tmp_path, tmp_path / "bin").find("project-python")

    assert first == again
    assert first.digest == again.digest is not None
    assert first.origin == "made from the project's requirements files"
    assert len((tmp_path / "uv.log").read_text().splitlines()) == 2


def test_other_requirements_are_another_environment(tmp_path: Path) -> None:
    fake_uv(tmp_path / "bin")
    (tmp_path / "requirements.txt").write_text("pytest\n")
    first = tools(tmp_path, tmp_path / "bin").find("project-python")

    (tmp_path / "requirements.txt").write_text("pytest\nnumpy\n")

    assert tools(tmp_path, tmp_path / "bin").find("project-python") != first


def test_an_installation_that_was_cut_short_is_done_again(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("pytest\n")
    fake_uv(tmp_path / "bin", "exit 9")
    with pytest.raises(PermanentError, match="cannot make"):
        tools(tmp_path, tmp_path / "bin").find("project-python")
    (rest,) = (tmp_path / "cache" / "environments").glob("*/bin")
    (rest / "leftover").touch()

    fake_uv(tmp_path / "bin")
    tools(tmp_path, tmp_path / "bin").find("project-python")

    assert not (rest / "leftover").exists()
    assert (rest.parent / ".sluicegate-complete").exists()


def test_a_locked_project_is_installed_as_locked(tmp_path: Path) -> None:
    fake_uv(tmp_path / "bin")
    (tmp_path / "uv.lock").write_text("")
    (tmp_path / "pyproject.toml").write_text('[dependency-groups]\ntest = ["pytest"]\n')

    tools(tmp_path, tmp_path / "bin").find("project-python")

    assert (tmp_path / "uv.log").read_text() == (
        "sync --frozen --compile-bytecode --group=test\n"
    )
