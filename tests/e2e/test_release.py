"""The scripts that a release is made with, run as release.yml runs them."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"
PACKAGE = '__version__ = "1.2.0"\n'
CHANGELOG = """\
# Changelog

## [Unreleased]

## [1.2.0] - 2026-12-01

Words first.

### Added

- A thing.

## [1.1.0] - 2026-11-01

- An older thing.
"""


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


NOTES = load("release_notes")


def test_the_notes_of_a_release_are_its_section_of_the_changelog() -> None:
    said = NOTES.notes("v1.2.0", CHANGELOG, PACKAGE)

    assert said == "Words first.\n\n### Added\n\n- A thing.\n"


@pytest.mark.parametrize(
    ("tag", "changelog", "package", "words"),
    [
        ("v1.3.0", CHANGELOG, PACKAGE, "the package says 1.2.0, the tag 1.3.0"),
        ("1.2.0", CHANGELOG, PACKAGE, "no tag of a release"),
        ("v1.2", CHANGELOG, PACKAGE, "no tag of a release"),
        ("v01.2.0", CHANGELOG, PACKAGE, "no tag of a release"),
        ("v1.2.0; rm -rf /", CHANGELOG, PACKAGE, "no tag of a release"),
        ("v1.2.0\n", CHANGELOG, PACKAGE, "no tag of a release"),
        ("v1.2.0", CHANGELOG, "", "the package says no version"),
        ("v1.2.0", CHANGELOG.replace("1.2.0", "1.1.5"), PACKAGE, "has 0 sections"),
        ("v1.2.0", CHANGELOG + "## [1.2.0] - 2026-01-01\n", PACKAGE, "has 2 sections"),
        ("v1.1.0", CHANGELOG, PACKAGE.replace("2", "1"), "newest section is [1.2.0]"),
        ("v1.2.0", CHANGELOG.replace("- A thing.", ""), PACKAGE, "has no notes"),
        ("v1.2.0", CHANGELOG.replace(" - 2026-12-01", ""), PACKAGE, "has no date"),
        ("v1.2.0", CHANGELOG.replace("12-01", "13-01"), PACKAGE, "has no date"),
        (
            "v1.2.0",
            CHANGELOG.replace("[Unreleased]\n", "[Unreleased]\n- More\n"),
            PACKAGE,
            "still has notes",
        ),
        ("v1.2.0", CHANGELOG.replace("1.1.0", "1.3.0"), PACKAGE, "listed as newer"),
        ("v1.2.0", CHANGELOG.replace("1.1.0", "x"), PACKAGE, "[x]: no version"),
        ("v1.2.0", "", PACKAGE, "has 0 sections"),
    ],
)
def test_a_release_without_notes_or_of_another_version_is_refused(
    tag: str, changelog: str, package: str, words: str
) -> None:
    with pytest.raises(NOTES.RefusedError) as caught:
        NOTES.notes(tag, changelog, package)

    assert words in str(caught.value)


def test_a_candidate_comes_before_its_release() -> None:
    NOTES.check_order(["1.2.0", "1.2.0rc2", "1.2.0rc1", "1.2.0b3", "1.1.9"])
    with pytest.raises(NOTES.RefusedError):
        NOTES.check_order(["1.2.0rc1", "1.2.0"])


def test_nothing_is_printed_of_a_release_that_is_refused(tmp_path: Path) -> None:
    (tmp_path / "c.md").write_text(CHANGELOG)
    (tmp_path / "p.py").write_text(PACKAGE)
    files = ("--changelog", str(tmp_path / "c.md"), "--package", str(tmp_path / "p.py"))

    codes = {}
    for tag in ("v1.2.0", "v9.9.9"):
        done = subprocess.run(
            [sys.executable, "-I", SCRIPTS / "release_notes.py", tag, *files],
            capture_output=True,
            text=True,
            check=False,
        )
        codes[tag] = (done.returncode, bool(done.stdout), bool(done.stderr))

    assert codes == {"v1.2.0": (0, True, False), "v9.9.9": (1, False, True)}


@pytest.fixture(scope="module")
def uv() -> str:
    found = shutil.which("uv", path=os.pathsep.join(_places()))
    if found is None:
        pytest.skip("uv is missing, with which releases are built")
    return found


def _places() -> list[str]:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    known = sorted((cache / "sluicegate").glob("uv-*/bin"))
    beside = str(Path(sys.executable).parent)
    return [beside, *map(str, known), os.environ.get("PATH", "")]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, uv: str) -> Path:
    """What is built of this commit, from a clone in which more than that lies."""
    folder = tmp_path_factory.mktemp("release")
    clone = folder / "clone"
    subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
    (clone / "src/sluicegate/stray.py").write_text("never committed")
    (clone / "templates/sample-service/.ruff_cache").mkdir()
    (clone / "templates/sample-service/.ruff_cache/x").write_text("never committed")
    environ = {**os.environ, "PATH": f"{Path(uv).parent}:{os.environ['PATH']}"}
    for name in ("dist", "again"):
        subprocess.run(
            [clone / "scripts/build_release.sh", folder / name],
            env=environ,
            check=True,
            capture_output=True,
        )
    return folder


def version_of(built: Path) -> str:
    text = (built / "clone/src/sluicegate/__init__.py").read_text()
    return str(NOTES._OWN.findall(text)[0])


def test_a_commit_gives_the_same_bytes_each_time_it_is_built(built: Path) -> None:
    digests = [
        {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in each}
        for each in ((built / "dist").iterdir(), (built / "again").iterdir())
    ]

    assert digests[0] == digests[1]
    assert len(digests[0]) == 2


def test_the_wheel_is_whole_and_holds_nothing_that_is_not_committed(
    built: Path,
) -> None:
    flaws = load("check_release").flaws(built / "dist", version_of(built))

    assert list(flaws) == []
    (wheel,) = (built / "dist").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert not [name for name in names if "stray" in name or "cache/" in name]


def test_the_wheel_runs_as_it_was_built(built: Path, tmp_path: Path) -> None:
    (wheel,) = (built / "dist").glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    script = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); import sluicegate;"
        " print(sluicegate.__file__); from sluicegate.wiring.templates import *;"
        " from sluicegate.cli import main; main(['--version'])"
    )

    done = subprocess.run(
        [sys.executable, "-I", "-c", script, tmp_path / "installed"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )

    where, said = done.stdout.splitlines()
    assert where.startswith(str(tmp_path))
    assert version_of(built) in said


def test_what_was_built_wrongly_is_named(built: Path, tmp_path: Path) -> None:
    check = load("check_release")
    version = version_of(built)
    broken = tmp_path / "dist"
    shutil.copytree(built / "dist", broken)
    (wheel,) = broken.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        files = {name: opened.read(name) for name in opened.namelist()}
    del files["sluicegate/templates/github/approve.yml"]
    files["sluicegate/__pycache__/x.pyc"] = b""
    files["tests/test_x.py"] = b""
    metadata = f"sluicegate-{version}.dist-info/METADATA"
    files[metadata] = files[metadata].replace(
        b"Requires-Dist: click>=8.2", b"Requires-Dist: click>=99"
    )
    with zipfile.ZipFile(wheel, "w") as opened:
        for name, data in files.items():
            opened.writestr(name, data)

    said = "\n".join(check.flaws(broken, version))

    assert "the wheel has no sluicegate/templates/github/approve.yml" in said
    assert "the wheel has sluicegate/__pycache__/x.pyc" in said
    assert "the wheel has tests/test_x.py" in said
    assert "for click>=99" in said
    assert "holds" in next(check.flaws(broken, "9.9.9"))


GH = """\
#!/bin/sh
# A `gh` that keeps one release in a folder.
echo "$*" >>"$STATE/asked"
case "$1 $2" in
  "release view") [ -e "$STATE/draft" ] && cat "$STATE/draft" || exit 1 ;;
  "release delete") [ "$(cat "$STATE/draft")" = true ] && rm "$STATE/draft" ;;
  "release create") [ -z "${FAIL:-}" ] && echo true >"$STATE/draft" ;;
  "release edit") echo false >"$STATE/draft" ;;
  api*) case "$4" in
    .immutable) echo "${IMMUTABLE:-true}" ;;
    *) cd "$FILES" && sha256sum -- * |
         sed 's/^\\([0-9a-f]*\\)  \\(.*\\)$/\\2 sha256:\\1/' ;;
  esac ;;
esac
"""


class Publishing:
    """`publish_release.sh` with that `gh`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("bin", "state", "dist", "other"):
            (folder / name).mkdir()
        (folder / "bin/gh").write_text(GH)
        (folder / "bin/gh").chmod(0o755)
        (folder / "notes.md").write_text("notes")
        (folder / "dist/a.whl").write_bytes(b"a")
        (folder / "other/a.whl").write_bytes(b"b")

    def run(self, tag: str = "v1.2.0", files: str = "dist", **more: str) -> int:
        environ = {
            "PATH": f"{self.folder / 'bin'}:/usr/bin:/bin",
            "STATE": str(self.folder / "state"),
            "FILES": str(self.folder / files),
            "GH_REPO": "acme/x",
            **more,
        }
        arguments = (tag, self.folder / "notes.md", self.folder / "dist")
        done = subprocess.run(
            [SCRIPTS / "publish_release.sh", *arguments],
            env=environ,
            capture_output=True,
            check=False,
        )
        return done.returncode

    @property
    def asked(self) -> list[str]:
        lines = (self.folder / "state/asked").read_text().splitlines()
        return [" ".join(line.split()[:2]) for line in lines]


@pytest.fixture
def publishing(tmp_path: Path) -> Publishing:
    return Publishing(tmp_path)


def test_a_release_is_a_draft_with_its_files_and_then_published(
    publishing: Publishing,
) -> None:
    assert publishing.run() == 0
    assert publishing.asked[:3] == ["release view", "release create", "release edit"]


def test_a_candidate_is_not_the_latest_release(publishing: Publishing) -> None:
    assert publishing.run("v1.2.0rc1") == 0
    said = (publishing.folder / "state/asked").read_text()
    assert "--prerelease --latest=false" in said


def test_half_of_a_release_is_begun_anew(publishing: Publishing) -> None:
    (publishing.folder / "state/draft").write_text("true\n")

    assert publishing.run() == 0
    assert publishing.asked[1:4] == ["release delete", "release create", "release edit"]


def test_what_is_published_is_left_alone_and_must_be_the_same(
    publishing: Publishing,
) -> None:
    (publishing.folder / "state/draft").write_text("false\n")

    assert publishing.run() == 0
    assert publishing.run(files="other") == 1
    assert not {"release create", "release edit", "release delete"} & set(
        publishing.asked
    )


def test_a_release_that_can_still_be_changed_is_an_error(
    publishing: Publishing,
) -> None:
    assert publishing.run(IMMUTABLE="false") == 1


@pytest.mark.parametrize("tag", ["main", "v1", "v1.2.0;x", "--help", ""])
def test_what_is_no_tag_of_a_release_is_not_published(
    publishing: Publishing, tag: str
) -> None:
    assert publishing.run(tag) == 1
    assert not (publishing.folder / "state/asked").exists()


def test_a_draft_that_cannot_be_made_is_not_published(publishing: Publishing) -> None:
    assert publishing.run(FAIL="yes") == 1
    assert "release edit" not in publishing.asked
