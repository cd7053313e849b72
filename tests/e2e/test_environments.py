"""Projects as people keep them, each with the Python environment it asks for."""

import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.adapters.tools import Tools
from sluicegate.errors import PermanentError
from sluicegate.model.tool import Tool

SETUPTOOLS = """
[build-system]
requires = ["setuptools>=61"]
build-backend = "setuptools.build_meta"
"""
PACKAGE = '[project]\nname = "shop"\nversion = "1.0"\nrequires-python = ">=3.11"\n'
POETRY = """\
[tool.poetry]
name = "shop"
version = "1.0"
description = ""
authors = []
packages = [{ include = "shop", from = "src" }]

[tool.poetry.dependencies]
python = ">=3.11,<4"

[tool.poetry.group.quality]
optional = true

[tool.poetry.group.quality.dependencies]
pytest = "*"

[build-system]
requires = ["poetry-core"]
build-backend = "poetry.core.masonry.api"

[[tool.poetry.source]]  # the one interface of an index that every mirror has
name = "simple"
url = "https://pypi.org/simple/"
priority = "primary"
"""


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    write(folder, {"src/shop/__init__.py": "PRICE = 3\n"})
    return folder


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def without_installers() -> dict[str, str]:
    """This machine's environment, with neither uv nor Poetry on PATH."""
    return {**os.environ, "PATH": "/usr/bin:/bin"}


def find_python(
    project: Path, cache: Path, environ: Mapping[str, str] | None = None
) -> Tool:
    environ = os.environ if environ is None else environ
    runner = SubprocessRunner(StopRequest(), environ)
    return Tools(project, cache, runner, environ).find("project-python")


def ask(python: Tool, code: str) -> str:
    # Without -B this very question would write byte code into the project.
    done = subprocess.run(
        [*python.argv, "-B", "-c", code], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def lock(project: Path, cache: Path, *argv: str) -> None:
    """Make the lock file with a program of the cache's own, as its user would have."""
    program = cache / "installers" / argv[0] / "bin" / argv[0]
    if not program.exists():
        folder = program.parents[1]
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin" / "pip", "install", "-q", argv[0]], check=True)
    environ = {**os.environ, "POETRY_VIRTUALENVS_CREATE": "false"}
    subprocess.run(
        [program, *argv[1:]], cwd=project, check=True, env=environ, capture_output=True
    )


def files(project: Path) -> set[str]:
    return {str(path.relative_to(project)) for path in project.rglob("*")}


def test_a_uv_project_is_synced_without_uv_and_left_as_it_is(
    project: Path, cache: Path, tmp_path: Path
) -> None:
    groups = '[dependency-groups]\nci = ["pytest"]\n'
    write(project, {"pyproject.toml": PACKAGE + groups + SETUPTOOLS})
    lock(project, tmp_path, "uv", "lock")
    before = files(project)

    python = find_python(project, cache, without_installers())

    assert ask(python, "import shop, pytest; print(shop.PRICE)") == "3"
    assert python.origin == "made from the project's uv.lock"
    assert files(project) == before


def test_a_member_of_a_uv_workspace_is_synced_from_the_workspace_s_lock(
    tmp_path: Path, cache: Path
) -> None:
    root = '[tool.uv.workspace]\nmembers = ["shop", "common"]\n'
    member = (
        PACKAGE + 'dependencies = ["common"]\n[dependency-groups]\ndev = ["pytest"]\n'
    )
    sources = "[tool.uv.sources]\ncommon = {workspace = true}\n"
    common = PACKAGE.replace("shop", "common")
    write(
        tmp_path / "repository",
        {
            ".git/HEAD": "",
            "pyproject.toml": root,
            "shop/pyproject.toml": member + sources,
            "common/pyproject.toml": common + SETUPTOOLS,
            "common/common.py": "RATE = 2\n",
        },
    )
    shop = tmp_path / "repository" / "shop"
    lock(shop, tmp_path, "uv", "lock")

    python = find_python(shop, cache)

    assert ask(python, "import common, pytest; print(common.RATE)") == "2"
    write(shop.parent, {"common/common.py": "RATE = 3\n"})
    assert find_python(shop, cache).digest != python.digest, "it is outside the project"


def test_a_poetry_project_is_installed_without_poetry_and_left_as_it_is(
    project: Path, cache: Path, tmp_path: Path
) -> None:
    write(project, {"pyproject.toml": POETRY})
    lock(project, tmp_path, "poetry", "lock", "--no-interaction")
    before = files(project)

    python = find_python(project, cache, without_installers())

    assert ask(python, "import shop, pytest; print(shop.PRICE)") == "3"
    assert python.origin == "made from the project's poetry.lock"
    assert files(project) == before


def test_a_poetry_project_without_a_lock_says_so(project: Path, cache: Path) -> None:
    write(project, {"pyproject.toml": POETRY})

    with pytest.raises(PermanentError, match=r"no poetry\.lock") as caught:
        find_python(project, cache)

    assert caught.value.hint == "make one with `poetry lock` and commit it"


@pytest.mark.parametrize("environ", [os.environ, without_installers()])
def test_a_project_that_can_be_built_is_installed_in_place_and_left_as_it_is(
    project: Path, cache: Path, environ: Mapping[str, str]
) -> None:
    extras = '[project.optional-dependencies]\ntest = ["pytest"]\n'
    write(project, {"pyproject.toml": PACKAGE + extras + SETUPTOOLS})
    before = files(project)

    python = find_python(project, cache, environ)

    assert Path(ask(python, "import shop; print(shop.__file__)")).is_relative_to(
        project
    )
    assert files(project) == before


def test_a_project_with_setup_py_alone_is_installed_in_place(
    project: Path, cache: Path
) -> None:
    setup = (
        "from setuptools import setup\n"
        'setup(name="shop", packages=["shop"], package_dir={"": "src"})\n'
    )
    write(project, {"setup.py": setup})
    before = files(project)

    python = find_python(project, cache)

    assert ask(python, "import shop, pytest; print(shop.PRICE)") == "3"
    assert files(project) == before


@pytest.mark.parametrize(
    ("name", "text", "hint"),
    [
        ("requirements.txt", "iniconfig\n", "add pytest to requirements-dev.txt"),
        (
            "pyproject.toml",
            PACKAGE + 'dependencies = ["iniconfig"]\n',
            'in pyproject.toml, under [dependency-groups]: dev = ["pytest"]',
        ),
    ],
)
def test_a_project_without_pytest_is_told_where_to_add_it(
    project: Path, cache: Path, name: str, text: str, hint: str
) -> None:
    write(project, {name: text})

    with pytest.raises(PermanentError, match="pytest is not installed") as caught:
        find_python(project, cache)

    assert caught.value.hint == hint


def test_two_threads_and_two_processes_make_one_environment(
    project: Path, tmp_path: Path
) -> None:
    write(project, {"requirements.txt": "pytest\niniconfig\n"})
    said: list[str] = []
    found: list[Tool] = []
    environ = os.environ

    def find() -> None:
        runner = SubprocessRunner(StopRequest(), environ)
        tools = Tools(project, tmp_path, runner, environ, on_line=said.append)
        within = [
            threading.Thread(target=lambda: found.append(tools.find("project-python")))
            for _ in range(2)
        ]
        for thread in within:
            thread.start()
        for thread in within:
            thread.join()

    # Locks belong to an open file, not to a process: a second `Tools` is another one.
    both = [threading.Thread(target=find) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()

    assert len(found) == 4
    assert len(set(found)) == 1
    assert sum("installing the project's needs" in line for line in said) == 1


def test_what_pip_installs_into_a_venv_changes_its_digest(
    project: Path, cache: Path
) -> None:
    venv = project / ".venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "-q"]
    subprocess.run([*pip, "pytest"], check=True)
    before = find_python(project, cache)
    assert find_python(project, cache).digest == before.digest

    subprocess.run([*pip, "wheel"], check=True)

    assert find_python(project, cache).digest != before.digest


def test_the_same_needs_elsewhere_have_the_same_digest(
    tmp_path: Path, cache: Path
) -> None:
    for name in ("one", "two"):
        write(
            tmp_path / name,
            {
                "pyproject.toml": PACKAGE + 'dependencies = ["pytest"]\n' + SETUPTOOLS,
                "src/shop/__init__.py": "",
            },
        )

    one, two = (find_python(tmp_path / name, cache) for name in ("one", "two"))

    assert one.argv != two.argv
    assert one.digest == two.digest


def test_no_login_of_an_index_is_shown(project: Path, tmp_path: Path) -> None:
    write(
        project,
        {
            "requirements.txt": "--extra-index-url"
            " http://reader:swordfish@127.0.0.1:9/simple\nno-such-package-9f3a\n"
        },
    )
    environ = {
        **without_installers(),
        "PIP_INDEX_URL": "http://writer:mackerel%40sea@127.0.0.1:9/simple",
        "PIP_RETRIES": "0",
    }
    said: list[str] = []
    runner = SubprocessRunner(StopRequest(), environ)
    tools = Tools(project, tmp_path, runner, environ, on_line=said.append)

    with pytest.raises(PermanentError, match="cannot make") as caught:
        tools.find("project-python")

    shown = "\n".join([*said, str(caught.value)])
    assert "127.0.0.1" in shown
    assert not [word for word in ("swordfish", "mackerel") if word in shown]
