"""Check that what was built for a release is whole, and nothing but that.

    python scripts/check_release.py FOLDER VERSION

FOLDER holds one source distribution and one wheel of VERSION. The wheel must have the
templates that commands write and show, the command, the licence and the mark of types,
and nobody's caches or tests. The locks of the Action must satisfy what it depends on,
for the Action runs the same code on what they name. Exits with 1 if anything is wrong.
"""

import argparse
import re
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from email.parser import Parser
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {
    "": ROOT / "action" / "requirements.lock",
    "kubernetes": ROOT / "action" / "requirements-kubernetes.lock",
    "s3": ROOT / "action" / "requirements-s3.lock",
    "aws": ROOT / "action" / "requirements-aws.lock",
    "vault": ROOT / "action" / "requirements-vault.lock",
    "traefik": ROOT / "action" / "requirements-traefik.lock",
}
IN_WHEEL = (
    "sluicegate/__init__.py",
    "sluicegate/py.typed",
    "sluicegate/templates/base-image/build.sh",
    "sluicegate/templates/demo/v2.patch",
    "sluicegate/templates/github/approve.yml",
    "sluicegate/templates/github/release.yml",
    "sluicegate/templates/grafana/sluicegate.json",
    "sluicegate/templates/sample-service/sluicegate.yaml",
    "sluicegate-{version}.dist-info/licenses/LICENSE",
)
IN_SOURCE = ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md")
_STRAY = re.compile(
    r"(^|/)(__pycache__|\.[a-z_]*cache|\.git|\.venv|\.sluicegate|\.coverage[^/]*)(/|$)"
    r"|\.pyc$|\.pem$|\.key$"
)
_TESTS = re.compile(r"^(tests|benchmarks)/")
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
_EXTRA = re.compile(r"""extra == ['"]([a-z0-9-]+)['"]""")


def flaws(folder: Path, version: str) -> Iterator[str]:
    """What is wrong with what was built, in sentences."""
    wheel = folder / f"sluicegate-{version}-py3-none-any.whl"
    source = folder / f"sluicegate-{version}.tar.gz"
    built = sorted(path.name for path in folder.iterdir())
    if built != sorted((wheel.name, source.name)):
        yield f"{folder} holds {built}, not {wheel.name} and {source.name} alone"
        return
    with zipfile.ZipFile(wheel) as opened:
        names = opened.namelist()
        about = f"sluicegate-{version}.dist-info"
        metadata = opened.read(f"{about}/METADATA").decode()
        commands = opened.read(f"{about}/entry_points.txt").decode()
    yield from missing(
        "the wheel", names, [n.format(version=version) for n in IN_WHEEL]
    )
    yield from stray("the wheel", names)
    if "sluice = sluicegate.cli:main" not in commands:
        yield "the wheel has no command `sluice`"
    yield from unlocked(metadata, version)
    with tarfile.open(source) as opened_source:
        inside = [name.partition("/")[2] for name in opened_source.getnames()]
    yield from missing("the source distribution", inside, IN_SOURCE)
    yield from stray("the source distribution", inside)


def missing(what: str, names: Sequence[str], wanted: Sequence[str]) -> Iterator[str]:
    """Files that are not there."""
    for name in wanted:
        if name not in names:
            yield f"{what} has no {name}"


def stray(what: str, names: Sequence[str]) -> Iterator[str]:
    """Files that must not be there."""
    for name in names:
        is_test = what == "the wheel" and _TESTS.search(name)
        if _STRAY.search(name) or is_test:
            yield f"{what} has {name}"


def unlocked(metadata: str, version: str) -> Iterator[str]:
    """Dependencies that the locks of the Action do not satisfy."""
    told = Parser().parsestr(metadata)
    if told["Version"] != version:
        yield f"the wheel is one of {told['Version']}"
    pins = {extra: read_pins(path) for extra, path in LOCKS.items()}
    for text in told.get_all("Requires-Dist") or []:
        need = Requirement(text)
        found = _EXTRA.search(text)
        where = pins[""] | pins[found[1] if found else ""]
        pinned = where.get(canonicalize_name(need.name))
        if pinned is None or not need.specifier.contains(pinned, prereleases=True):
            yield f"the Action's lock has {pinned or 'nothing'} for {text}"


def read_pins(path: Path) -> dict[str, str]:
    """The versions that a lock names, by the names of packages."""
    found = _PIN.findall(path.read_text(encoding="utf-8"))
    return {canonicalize_name(name): version for name, version in found}


def main(arguments: Sequence[str] | None = None) -> int:
    """Say what is wrong on standard error."""
    parser = argparse.ArgumentParser(description="Check what was built.")
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("version", metavar="VERSION")
    given = parser.parse_args(arguments)
    found = list(flaws(given.folder, given.version))
    for flaw in found:
        print(f"error: {flaw}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
