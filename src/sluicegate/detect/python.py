"""What kind of Python project a folder holds, and which tests. Pure."""

import configparser
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from sluicegate.detect.tree import PYTHON, Tree, is_requirements

_TEST_FILES = ("test_*.py", "*_test.py")  # what pytest collects unless told otherwise
_NOT_OURS = frozenset({".venv", "venv", "node_modules", "site-packages", "vendor"})
_ENVIRONMENTS = (
    ("uv.lock", "from uv.lock, by uv"),
    ("poetry.lock", "from poetry.lock, by Poetry"),
)


@dataclass(frozen=True, slots=True)
class Python:
    """The Python of a folder. ``files`` counts its sources, ``tests`` its test files.

    ``kind`` says in words by which file its needs are known; ``missing_tests`` why
    there are no tests where there are none. ``wants_pytest`` says that tests are there
    but pytest is not among the needs.
    """

    files: int
    kind: str
    tests: tuple[str, ...]
    missing_tests: str = ""
    wants_pytest: bool = False


def read_python(tree: Tree, folder: str) -> Python | None:
    """The Python in *folder*; None if there is none."""
    sources = [
        path
        for path in tree.under(folder)
        if PurePosixPath(path).suffix in PYTHON
        and _NOT_OURS.isdisjoint(PurePosixPath(path).parts)
    ]
    if not sources:
        return None
    patterns = _patterns(tree, folder)
    tests = tuple(
        path
        for path in sources
        if any(fnmatchcase(PurePosixPath(path).name, each) for each in patterns)
    )
    kind, declared = _needs(tree, folder)
    return Python(
        files=len(sources),
        kind=kind,
        tests=tests,
        missing_tests="" if tests else _missing(sources, patterns),
        wants_pytest=bool(tests and declared and not _names_pytest(declared)),
    )


def project_name(tree: Tree, folder: str) -> str:
    """The name that ``pyproject.toml`` gives to the project in *folder*, or ""."""
    settings = read_toml(tree.text(_join(folder, "pyproject.toml")))
    for table in (
        table_at(settings, "project"),
        table_at(settings, "tool", "poetry"),
    ):
        name = table.get("name")
        if isinstance(name, str):
            return name
    return ""


def is_project(tree: Tree, folder: str) -> bool:
    """Whether *folder* holds a Python project, not just settings of tools."""
    names = set(tree.inside(folder))
    return (
        not names.isdisjoint({"setup.py", "uv.lock", "poetry.lock", "Pipfile"})
        or any(is_requirements(name) for name in names)
        or bool(project_name(tree, folder))
    )


def read_toml(text: str) -> Mapping[str, object]:
    """A TOML document; an empty one if it cannot be read, which other tools report."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def table_at(document: Mapping[str, object], *keys: str) -> Mapping[str, object]:
    """The table at *keys*, an empty one if there is none."""
    current: object = document
    for key in keys:
        current = current.get(key) if isinstance(current, dict) else None
    return current if isinstance(current, dict) else {}


def _needs(tree: Tree, folder: str) -> tuple[str, str]:
    """How the environment of the tests is made, and the words that declare it.

    The order is the one in which the environment is looked for.
    """
    names = sorted(tree.inside(folder))
    for lock, kind in _ENVIRONMENTS:
        if lock in names:
            return kind, tree.text(_join(folder, lock))
    listed = [name for name in names if re.fullmatch(r"requirements.*\.txt", name)]
    if listed:
        said = "\n".join(tree.text(_join(folder, name)) for name in listed)
        return f"from {' and '.join(listed)}", said
    if table_at(read_toml(tree.text(_join(folder, "pyproject.toml"))), "project"):
        return "from pyproject.toml", tree.text(_join(folder, "pyproject.toml"))
    return "with pytest alone: the project declares no dependencies", ""


def _names_pytest(declared: str) -> bool:
    return re.search(r"(?<![\w.-])pytest(?![\w])", declared) is not None


def _patterns(tree: Tree, folder: str) -> tuple[str, ...]:
    """The names of test files that the project's pytest settings give.

    Source:
        https://docs.pytest.org/en/stable/reference/customize.html (order of files).
    """
    for name, section in (
        ("pytest.ini", "pytest"),
        (".pytest.ini", "pytest"),
        ("pyproject.toml", ""),
        ("tox.ini", "pytest"),
        ("setup.cfg", "tool:pytest"),
    ):
        text = tree.text(_join(folder, name))
        found = _in_ini(text, section) if section else _in_toml(text)
        if found:
            return found
    return _TEST_FILES


def _in_toml(text: str) -> tuple[str, ...]:
    options = table_at(read_toml(text), "tool", "pytest", "ini_options")
    value = options.get("python_files", ())
    if isinstance(value, str):
        return tuple(value.split())
    return tuple(map(str, value)) if isinstance(value, list) else ()


def _in_ini(text: str, section: str) -> tuple[str, ...]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return ()
    return tuple(parser.get(section, "python_files", fallback="").split())


def _missing(sources: list[str], patterns: tuple[str, ...]) -> str:
    folders = [
        part
        for path in sources
        for part in PurePosixPath(path).parts[:-1]
        if part in {"test", "tests"}
    ]
    names = " or ".join(patterns)
    if folders:
        return f"there is a folder {folders[0]}, but no file called {names} in it"
    return f"no file is called {names}"


def _join(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder}/{name}"
