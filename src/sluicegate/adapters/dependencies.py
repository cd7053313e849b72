"""What a project says it needs: the first of its dependency files decides.

Order: ``uv.lock``, ``poetry.lock``, ``requirements*.txt``, ``pyproject.toml``,
``setup.py``. (A ``.venv`` comes before all of them, but is an environment already.)
"""

import enum
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sluicegate.errors import PermanentError

FOR_TESTS = ("dev", "test", "tests", "testing")
"""Names of extras and groups that are installed beside the project's own needs.

So is one of any other name that holds pytest, where none of these does."""

_REFERENCE = re.compile(r"^(?:-r|-c|--requirement|--constraint)[ =]?\s*(\S+)")
_LOCAL = re.compile(r"^(?:-e|--editable|\.|/|file:)|@\s*file:", re.MULTILINE)
_NAME = re.compile(r"^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


@enum.unique
class Manner(enum.Enum):
    """How a project declares its needs; the value is for people."""

    UV = "uv.lock"
    POETRY = "poetry.lock"
    REQUIREMENTS = "requirements files"
    PYPROJECT = "pyproject.toml"
    SETUP = "setup.py"
    NOTHING = "nothing declared"


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What to install. ``files`` hold everything that decides it.

    ``names`` are the packages named, in lower case. ``arguments`` are for pip, to be
    run in the project's folder. ``extras`` and ``groups`` are for uv and Poetry.
    ``is_local`` says that the environment refers back to the project's folder.
    """

    manner: Manner
    files: tuple[Path, ...] = ()
    names: frozenset[str] = frozenset()
    arguments: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    is_local: bool = False


def read_dependencies(project: Path) -> Dependencies:
    """Read what the project in folder *project* needs.

    Raises:
        PermanentError: a file that decides it cannot be read.
    """
    try:
        return _read(project)
    except (OSError, ValueError, RecursionError) as error:
        raise PermanentError(
            f"cannot read the dependencies of {project}: {error}",
            hint="mend the file, or make a .venv in the project",
        ) from error


def _read(project: Path) -> Dependencies:
    pyproject = project / "pyproject.toml"
    settings = tomllib.loads(pyproject.read_text()) if pyproject.is_file() else {}
    lock = _uv_lock(project, settings)
    if lock is not None:
        return _uv(lock, pyproject, settings)
    lock = project / Manner.POETRY.value
    if lock.is_file():
        return _poetry(lock, pyproject, settings)
    requirements = _requirements(project)
    if requirements:
        return _from_requirements(requirements)
    if isinstance(settings.get("project"), dict):
        return _from_pyproject(pyproject, settings)
    if "poetry" in _table(settings.get("tool")):
        raise PermanentError(
            "pyproject.toml is Poetry's, but there is no poetry.lock",
            hint="make one with `poetry lock` and commit it",
        )
    if (project / Manner.SETUP.value).is_file():
        return _from_setup(project)
    return Dependencies(
        Manner.NOTHING, names=frozenset({"pytest"}), arguments=("pytest",)
    )


def _uv_lock(project: Path, settings: Mapping[str, object]) -> Path | None:
    """The project's ``uv.lock``, or that of the workspace it is a member of.

    Source:
        uv, workspaces: one lock file beside the ``pyproject.toml`` that lists members.
    """
    own = project / Manner.UV.value
    if own.is_file():
        return own
    if "project" not in settings:
        return None
    for folder in _up_to_repository(project):
        lock, root = folder / Manner.UV.value, folder / "pyproject.toml"
        if lock.is_file() and root.is_file():
            tool = _table(tomllib.loads(root.read_text()).get("tool"))
            return lock if "workspace" in _table(tool.get("uv")) else None
    return None


def _up_to_repository(project: Path) -> Iterator[Path]:
    """The folders above *project*, up to the root of its repository."""
    for folder in (project, *project.parents):
        if folder != project:
            yield folder
        if (folder / ".git").exists():
            return


def _uv(lock: Path, pyproject: Path, settings: Mapping[str, object]) -> Dependencies:
    optional = _table(_table(settings.get("project")).get("optional-dependencies"))
    groups = _table(settings.get("dependency-groups"))
    files = dict.fromkeys((lock, pyproject, lock.with_name("pyproject.toml")))
    return Dependencies(
        Manner.UV,
        files=tuple(files),
        names=_locked_names(lock),
        extras=_for_tests(optional),
        groups=_for_tests(groups),
        is_local=True,
    )


def _poetry(
    lock: Path, pyproject: Path, settings: Mapping[str, object]
) -> Dependencies:
    """Poetry installs every group by itself but the optional ones, and no extra."""
    tool = _table(_table(settings.get("tool")).get("poetry"))
    groups = {
        name: list(_table(_table(group).get("dependencies")))
        for name, group in _table(tool.get("group")).items()
        if _table(group).get("optional") is True
    }
    project = _table(settings.get("project"))
    extras = _table(project.get("optional-dependencies")) or _table(tool.get("extras"))
    return Dependencies(
        Manner.POETRY,
        files=(lock, pyproject),
        names=_locked_names(lock),
        extras=_for_tests(extras),
        groups=_for_tests(groups),
        is_local=True,
    )


def _locked_names(lock: Path) -> frozenset[str]:
    packages = tomllib.loads(lock.read_text()).get("package", [])
    return _names(str(_table(package).get("name", "")) for package in packages)


def _requirements(project: Path) -> list[Path]:
    """``requirements.txt`` and those for development and tests; else all there are."""
    every = sorted(project.glob("requirements*.txt"))
    words = ("", "ci", *FOR_TESTS)
    chosen = [
        path
        for path in every
        if path.stem.removeprefix("requirements").strip("-_.") in words
    ]
    return chosen or every


def _from_requirements(paths: list[Path]) -> Dependencies:
    files: dict[Path, str] = {}
    waiting = list(paths)
    while waiting:
        path = waiting.pop().resolve()
        if path in files:
            continue
        files[path] = path.read_text()
        found = (_REFERENCE.match(line.strip()) for line in files[path].splitlines())
        waiting += [path.parent / match[1] for match in found if match]
    lines = [line.strip() for text in files.values() for line in text.splitlines()]
    return Dependencies(
        Manner.REQUIREMENTS,
        files=tuple(sorted(files)),
        names=_names(lines),
        arguments=tuple(f"--requirement={path.name}" for path in paths),
        is_local=any(_LOCAL.search(line) for line in lines),
    )


def _from_pyproject(pyproject: Path, settings: Mapping[str, object]) -> Dependencies:
    """The project itself where it can be built, else just what it depends on."""
    project = _table(settings["project"])
    optional = _table(project.get("optional-dependencies"))
    groups = _table(settings.get("dependency-groups"))
    extras = _for_tests(optional)
    grouped = [line for name in _for_tests(groups) for line in _group(groups, name, ())]
    listed = [
        *_texts(project.get("dependencies")),
        *(line for name in extras for line in _texts(optional[name])),
    ]
    if "build-system" in settings:
        itself = f".[{','.join(extras)}]" if extras else "."
        arguments = ("--editable", itself, *grouped)
    else:
        arguments = (*listed, *grouped)
    return Dependencies(
        Manner.PYPROJECT,
        files=tuple(
            path
            for path in (
                pyproject,
                *(pyproject.with_name(f"setup.{end}") for end in ("cfg", "py")),
            )
            if path.is_file()
        ),
        names=_names([*listed, *grouped]),
        arguments=arguments,
        is_local="build-system" in settings,
    )


def _from_setup(project: Path) -> Dependencies:
    """A package of the old kind: what it needs is known only when it is built."""
    files = (project / Manner.SETUP.value, project / "setup.cfg")
    return Dependencies(
        Manner.SETUP,
        files=tuple(path for path in files if path.is_file()),
        names=frozenset({"pytest"}),
        # pip before 25 runs setup.py itself, which cannot build beside the sources.
        arguments=("--use-pep517", "--editable", ".", "pytest"),
        is_local=True,
    )


def _group(
    groups: Mapping[str, object], name: str, within: tuple[str, ...]
) -> list[str]:
    """The requirements of a dependency group, with the groups it includes.

    Source:
        PEP 735.
    """
    if name in within:
        raise ValueError(f"dependency group {name} includes itself")
    lines = []
    members = groups.get(name)
    for member in members if isinstance(members, list) else []:
        if isinstance(member, str):
            lines.append(member)
        elif isinstance(member, dict):
            included = str(member.get("include-group"))
            lines += _group(groups, included, (*within, name))
    return lines


def _for_tests(table: Mapping[str, object]) -> tuple[str, ...]:
    """The extras or groups in *table* that tests need: by name, else those with pytest.

    Many projects call the group of their tests something of their own.
    """
    named = tuple(name for name in FOR_TESTS if name in table)
    with_pytest = tuple(
        name for name, lines in table.items() if "pytest" in _names(_texts(lines))
    )
    if any(name in with_pytest for name in named):
        return named
    return named + with_pytest


def _names(requirements: Iterable[str]) -> frozenset[str]:
    found = (_NAME.match(line) for line in requirements)
    return frozenset(match[0].lower().replace("_", "-") for match in found if match)


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _table(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
