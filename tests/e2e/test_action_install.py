"""`action/install.py`, the locks that it installs, and the face of the Action."""

import importlib.util
import os
import re
import subprocess
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from types import ModuleType

import pytest
import yaml

ROOT = Path(__file__).parents[2]
ACTION = ROOT / "action"
REQUIREMENT = re.compile(r"(?P<name>[a-z0-9.-]+)==(?P<version>[^ ;\\]+)")
ELSEWHERE = {"colorama"}  # of Windows alone, where no stage can be run
HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")


@pytest.fixture
def install() -> ModuleType:
    """The script, as a module of its own for each test."""
    spec = importlib.util.spec_from_file_location("install", ACTION / "install.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_an_environment_is_named_by_what_is_in_it(install: ModuleType) -> None:
    common, s3 = install.find_locks(""), install.find_locks("s3, traefik s3")
    names = [path.name for path in s3]

    assert [path.name for path in common] == ["requirements.lock"]
    assert names == [
        "requirements.lock",
        "requirements-s3.lock",
        "requirements-traefik.lock",
    ]
    assert install.name_of(list(install.find_locks(""))) != install.name_of(
        list(install.find_locks("s3"))
    )
    with pytest.raises(install.SetupError, match=r"no extra is called '\.\./uv'"):
        list(install.find_locks("../uv"))


def test_every_extra_is_described_where_people_look() -> None:
    inputs = (ROOT / "action.yml").read_text().partition("  extras:\n")[2]
    row = (ROOT / "docs/action.md").read_text().partition("| `extras` |")[2]
    extras = [
        path.stem.removeprefix("requirements-")
        for path in ACTION.glob("requirements-*.lock")
    ]
    assert {"aws", "vault"} <= set(extras)
    for extra in extras:
        assert f"`{extra}`" in inputs.partition("required:")[0]
        assert f"`{extra}`" in row.partition("\n")[0]


def test_a_home_in_the_workspace_or_of_others_is_refused(
    install: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path / "work"))
    (tmp_path / "work").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "work")
    open_to_all = tmp_path / "open"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)

    for place in (tmp_path / "work" / "x", tmp_path / "link" / "x", open_to_all):
        with pytest.raises(install.SetupError):
            install.check_home(place)
    install.check_home(tmp_path / "home" / "deep")
    assert (tmp_path / "home" / "deep").stat().st_mode & 0o077 == 0


def test_two_jobs_at_once_end_with_one_whole_environment(
    install: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = Barrier(4)

    def put(place: Path, _locks: list[Path]) -> None:
        (place / "environment" / "bin").mkdir(parents=True)
        (place / "environment" / "bin" / "python").touch()
        together.wait(30)

    monkeypatch.setattr(install, "install", put)
    home, environment = tmp_path, tmp_path / "environment-x"
    with ThreadPoolExecutor(4) as jobs:
        list(jobs.map(lambda _: install.make(home, environment, []), range(4)))

    assert (environment / "bin" / "python").is_file()
    assert [path.name for path in home.iterdir()] == ["environment-x"]


def test_half_an_environment_never_has_the_name_of_a_whole_one(
    install: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(place: Path, _locks: list[Path]) -> None:
        (place / "environment").mkdir()
        raise install.SetupError("the network is gone")

    monkeypatch.setattr(install, "install", die)
    with pytest.raises(install.SetupError):
        install.make(tmp_path, tmp_path / "environment-x", [])
    assert list(tmp_path.iterdir()) == []


def test_what_killed_processes_left_is_removed_after_a_day(
    install: ModuleType, tmp_path: Path
) -> None:
    old, new = tmp_path / "making-old", tmp_path / "making-new"
    for folder in (old, new):
        (folder / "environment").mkdir(parents=True)
    os.utime(old, (0, 0))

    install.clear(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["making-new"]


def test_installers_get_no_inputs_and_no_tokens(
    install: ModuleType, tmp_path: Path
) -> None:
    given = {
        "SLUICE_INPUT_REASON": "x",
        "GITHUB_TOKEN": "x",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "x",
        "PYTHONPATH": "x",
        "PATH": "/bin",
        "PIP_INDEX_URL": "https://mirror.example/simple",
    }

    assert dict(install.build_environ(given, tmp_path)) == {
        "PATH": "/bin",
        "PIP_INDEX_URL": "https://mirror.example/simple",
        "UV_CACHE_DIR": str(tmp_path / "cache"),
        "UV_DEFAULT_INDEX": "https://mirror.example/simple",
    }


Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def step(tmp_path: Path) -> Run:
    """Runs the Action's script with these variables and no others."""

    def run(**variables: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["/bin/bash", str(ACTION / "step.sh")],
            env={"GITHUB_OUTPUT": str(tmp_path / "output"), **variables},
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_without_a_python_the_step_says_so_to_people_and_machines(
    tmp_path: Path,
) -> None:
    (tmp_path / "bin").mkdir()
    for name in ("python3", "python3.11", "python3.12", "python3.13", "python3.14"):
        old = tmp_path / "bin" / name  # as one that is too old says no
        old.write_text("#!/bin/sh\nexit 1\n")
        old.chmod(0o755)
    script = (ACTION / "step.sh").read_text()
    assert " /usr/bin/python3; do" in script
    copy = tmp_path / "step.sh"
    copy.write_text(script.replace(" /usr/bin/python3; do", "; do"))

    done = subprocess.run(
        ["/bin/bash", str(copy)],
        env={
            "PATH": f"{tmp_path / 'bin'}:/bin",
            "RUNNER_TEMP": str(tmp_path),
            "GITHUB_OUTPUT": str(tmp_path / "output"),
            "SLUICE_LOG_KEY": "PRIVATE+KEY",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 4
    assert "no Python 3.11 or newer" in done.stderr
    assert done.stdout.startswith("::error title=Sluicegate could not be set up::")
    assert (tmp_path / "output").read_text().splitlines() == [
        "verdict=broken",
        "decision=stop",
        "reason-code=setup-failed",
    ]


def test_an_extra_that_is_none_is_refused_before_anything_is_made(
    step: Run, tmp_path: Path
) -> None:
    done = step(
        PATH="/usr/bin:/bin",
        RUNNER_TEMP=str(tmp_path / "temp"),
        SLUICE_INPUT_EXTRAS="s3\n::error::x",
    )

    assert done.returncode == 4
    assert "no extra is called" in done.stderr
    assert "\n::" not in done.stderr
    assert not (tmp_path / "temp").exists()


def read(name: str) -> dict[str, tuple[str, frozenset[str]]]:
    """The requirements in a lock: version and hashes, by name."""
    text = (ACTION / name).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    found = {}
    for line in lines:
        requirement = REQUIREMENT.match(line)
        assert requirement is not None, line
        hashes = frozenset(HASH.findall(line))
        found[requirement["name"]] = (requirement["version"], hashes)
    return found


def test_the_locks_are_what_uv_lock_says() -> None:
    """`scripts/export_action_lock.py` writes them; this knows nothing of uv."""
    lock = tomllib.loads((ROOT / "uv.lock").read_text())
    packages = {each["name"]: each for each in lock["package"]}

    def closure(names: list[str]) -> set[str]:
        found: set[str] = set()
        while names:
            name = names.pop()
            if name not in found:
                found.add(name)
                names += [one["name"] for one in packages[name].get("dependencies", [])]
                for extra in packages[name].get("optional-dependencies", {}).values():
                    names += [one["name"] for one in extra if name != "sluicegate"]
        return found - {"sluicegate"}

    own = packages["sluicegate"]
    common = closure([one["name"] for one in own["dependencies"]])
    files = {"requirements.lock": common} | {
        f"requirements-{extra}.lock": closure([one["name"] for one in names]) - common
        for extra, names in own["optional-dependencies"].items()
    }
    for file, names in files.items():
        found = read(file)
        assert set(found) == names - ELSEWHERE, file
        for name, (version, hashes) in found.items():
            assert version == packages[name]["version"], name
            wheels = {each["hash"] for each in packages[name].get("wheels", [])}
            sdist = packages[name].get("sdist", {}).get("hash")
            assert hashes == wheels | ({sdist} if sdist else set()), name


def test_pins_of_uv_and_of_the_scanner_are_the_project_s() -> None:
    lib = (ROOT / "scripts" / "lib.sh").read_text()

    (uv,) = read("uv.lock").items()
    assert f"UV_VERSION={uv[1][0]}\n" in lib
    assert uv[1][1]
    (scanner,) = read("trivy.lock").items()
    (pin,) = scanner[1][1]
    assert f"{scanner[0]}=={scanner[1][0]} --hash={pin}" in lib


def test_the_action_puts_no_text_of_anybody_into_its_script() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    (step,) = action["runs"]["steps"]

    assert action["runs"]["using"] == "composite"
    assert step["run"] == 'exec bash "$GITHUB_ACTION_PATH/action/step.sh"'
    assert "uses" not in step
    assert set(action["inputs"]) == {
        value.removeprefix("${{ inputs.").removesuffix(" }}")
        for value in step["env"].values()
    }


def test_inputs_and_outputs_are_documented_and_typed() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    types = yaml.safe_load((ROOT / "action-types.yml").read_text())
    page = (ROOT / "docs" / "action.md").read_text()

    for kind in ("inputs", "outputs"):
        assert set(action[kind]) == set(types[kind])
        for name, about in action[kind].items():
            assert about["description"]
            assert f"| `{name}` |" in page, name
    assert {"icon", "color"} <= set(action["branding"])
