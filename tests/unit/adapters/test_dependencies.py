"""Unit tests of `sluicegate.adapters.dependencies`."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from sluicegate.adapters.dependencies import Manner, read_dependencies
from sluicegate.errors import PermanentError

PROJECT = '[project]\nname = "p"\nversion = "1"\ndependencies = ["numpy>=1"]\n'
LOCK = '[[package]]\nname = "ruff"\nversion = "0.9.1"\n'
BUILD = '[build-system]\nrequires = ["hatchling"]\n'


def write(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize(
    ("files", "manner"),
    [
        (("uv.lock", "poetry.lock", "requirements.txt", "pyproject.toml"), Manner.UV),
        (("poetry.lock", "requirements.txt", "pyproject.toml"), Manner.POETRY),
        (("requirements.txt", "pyproject.toml"), Manner.REQUIREMENTS),
        (("pyproject.toml",), Manner.PYPROJECT),
        ((), Manner.NOTHING),
    ],
)
def test_the_first_file_in_order_decides(
    tmp_path: Path, files: tuple[str, ...], manner: Manner
) -> None:
    content = {"pyproject.toml": PROJECT, "requirements.txt": "", "uv.lock": LOCK}

    write(tmp_path, {name: content.get(name, LOCK) for name in files})

    assert read_dependencies(tmp_path).manner is manner


def test_a_project_that_declares_nothing_gets_pytest(tmp_path: Path) -> None:
    assert read_dependencies(tmp_path).arguments == ("pytest",)


def test_a_pyproject_with_settings_only_declares_nothing(tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": "[tool.ruff]\nline-length = 88\n"})

    assert read_dependencies(tmp_path).manner is Manner.NOTHING


def test_requirements_for_tests_come_with_those_for_running(tmp_path: Path) -> None:
    names = ("", "-dev", "-test", "-gpu", "-docs")
    write(tmp_path, {f"requirements{name}.txt": "" for name in names})

    assert read_dependencies(tmp_path).arguments == (
        "--requirement=requirements-dev.txt",
        "--requirement=requirements-test.txt",
        "--requirement=requirements.txt",
    )


def test_requirements_of_any_other_name_are_taken_where_there_are_none_else(
    tmp_path: Path,
) -> None:
    write(tmp_path, {"requirements-gpu.txt": "torch\n"})

    assert read_dependencies(tmp_path).arguments == (
        "--requirement=requirements-gpu.txt",
    )


def test_files_that_requirements_refer_to_decide_too(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "requirements.txt": "-r deps/base.txt\nRuff==0.9.1\n",
            "deps/base.txt": "-c limits.txt\n-r ../requirements.txt\nnumpy\n",
            "deps/limits.txt": "numpy<2\n",
        },
    )

    needs = read_dependencies(tmp_path)

    assert {path.name for path in needs.files} == {
        "requirements.txt",
        "base.txt",
        "limits.txt",
    }
    assert {"ruff", "numpy"} <= needs.names
    assert not needs.is_local


@pytest.mark.parametrize(
    "line", ["-e .", "--editable ./pkg", "./pkg", "/opt/pkg", "pkg @ file:///opt/pkg"]
)
def test_a_requirement_on_this_machine_ties_the_environment_to_the_place(
    tmp_path: Path, line: str
) -> None:
    write(tmp_path, {"requirements.txt": f"numpy\n{line}\n"})

    assert read_dependencies(tmp_path).is_local


def test_a_project_that_can_be_built_is_installed_in_place(tmp_path: Path) -> None:
    extras = '[project.optional-dependencies]\ntest = ["pytest"]\ngpu = ["torch"]\n'
    write(tmp_path, {"pyproject.toml": PROJECT + extras + BUILD})

    needs = read_dependencies(tmp_path)

    assert needs.arguments == ("--editable", ".[test]")
    assert needs.names == {"numpy", "pytest"}
    assert needs.is_local


def test_a_project_that_cannot_be_built_gets_what_it_depends_on(tmp_path: Path) -> None:
    groups = (
        "[dependency-groups]\n"
        'dev = [{include-group = "lint"}, "pytest"]\n'
        'lint = ["ruff==0.9.1"]\n'
        'docs = ["mkdocs"]\n'
    )
    write(tmp_path, {"pyproject.toml": PROJECT + groups})

    needs = read_dependencies(tmp_path)

    assert needs.arguments == ("numpy>=1", "ruff==0.9.1", "pytest")
    assert not needs.is_local


def test_locked_projects_name_their_extras_and_groups_for_tests(tmp_path: Path) -> None:
    more = (
        '[project.optional-dependencies]\ntests = ["pytest"]\ngpu = ["torch"]\n'
        '[dependency-groups]\ndev = ["ruff"]\n'
    )
    write(tmp_path, {"uv.lock": LOCK, "pyproject.toml": PROJECT + more})

    needs = read_dependencies(tmp_path)

    assert (needs.extras, needs.groups) == (("tests",), ("dev",))
    assert needs.names == {"ruff"}


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject.toml": "x = ["},
        {"pyproject.toml": PROJECT, "uv.lock": "x = ["},
        {"requirements.txt": "-r missing.txt\n"},
        {
            "pyproject.toml": PROJECT
            + '[dependency-groups]\ndev = [{include-group = "dev"}]\n'
        },
    ],
    ids=["pyproject", "lock", "reference", "group in itself"],
)
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, files: dict[str, str]
) -> None:
    with pytest.raises(PermanentError, match="cannot read the dependencies") as caught:
        read_dependencies(write(tmp_path, files))

    assert caught.value.hint is not None


def test_tables_of_other_types_are_no_crash(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"pyproject.toml": 'project = {dependencies = 3}\ndependency-groups = "x"\n'},
    )

    assert read_dependencies(tmp_path).arguments == ()


def test_a_group_of_any_name_is_for_tests_where_it_alone_holds_pytest(
    tmp_path: Path,
) -> None:
    groups = '[dependency-groups]\nci = ["pytest>=8"]\ndocs = ["mkdocs"]\n'
    write(tmp_path, {"uv.lock": LOCK, "pyproject.toml": PROJECT + groups})
    assert read_dependencies(tmp_path).groups == ("ci",)

    dev = 'dev = ["pytest"]\n'
    write(tmp_path, {"pyproject.toml": PROJECT + groups + dev})
    assert read_dependencies(tmp_path).groups == ("dev",)


def test_the_lock_of_a_workspace_is_its_members(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            ".git/HEAD": "",
            "uv.lock": LOCK,
            "pyproject.toml": '[tool.uv.workspace]\nmembers = ["services/*"]\n',
            "services/shop/pyproject.toml": PROJECT,
            "tools/pyproject.toml": "[tool.ruff]\nline-length = 88\n",
        },
    )

    shop = read_dependencies(tmp_path / "services" / "shop")

    assert shop.manner is Manner.UV
    assert set(shop.files) == {
        tmp_path / "uv.lock",
        tmp_path / "pyproject.toml",
        tmp_path / "services" / "shop" / "pyproject.toml",
    }
    assert read_dependencies(tmp_path / "tools").manner is Manner.NOTHING


def test_a_lock_above_the_repository_or_of_another_project_is_not_taken(
    tmp_path: Path,
) -> None:
    workspace = '[tool.uv.workspace]\nmembers = ["*"]\n'
    write(
        tmp_path,
        {
            "uv.lock": LOCK,
            "pyproject.toml": workspace,
            "repository/.git/HEAD": "",
            "repository/pyproject.toml": PROJECT,
            "repository/uv.lock": LOCK,
            "repository/inner/pyproject.toml": PROJECT,
        },
    )
    inner = tmp_path / "repository" / "inner"

    assert read_dependencies(inner).manner is Manner.PYPROJECT
    (tmp_path / "repository" / "uv.lock").unlink()
    assert read_dependencies(inner).manner is Manner.PYPROJECT


def test_poetry_needs_to_be_told_of_optional_groups_and_extras_only(
    tmp_path: Path,
) -> None:
    settings = (
        '[tool.poetry.extras]\ntest = ["pytest"]\ngpu = ["torch"]\n'
        "[tool.poetry.group.dev]\n"
        '[tool.poetry.group.dev.dependencies]\nruff = "*"\n'
        "[tool.poetry.group.checks]\noptional = true\n"
        '[tool.poetry.group.checks.dependencies]\npytest = "^8"\n'
    )
    write(tmp_path, {"poetry.lock": LOCK, "pyproject.toml": settings})

    needs = read_dependencies(tmp_path)

    assert (needs.extras, needs.groups) == (("test",), ("checks",))


def test_poetry_s_project_without_a_lock_says_what_to_do(tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": '[tool.poetry]\nname = "p"\n'})

    with pytest.raises(PermanentError, match=r"no poetry\.lock") as caught:
        read_dependencies(tmp_path)

    assert caught.value.hint == "make one with `poetry lock` and commit it"


def test_a_package_of_the_old_kind_is_installed_in_place(tmp_path: Path) -> None:
    write(tmp_path, {"setup.py": "", "setup.cfg": ""})

    needs = read_dependencies(tmp_path)

    assert needs.manner is Manner.SETUP
    assert needs.arguments == ("--use-pep517", "--editable", ".", "pytest")
    assert needs.is_local
