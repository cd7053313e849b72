"""Make sure of the Action's environment, and print where it is.

    python3 -I install.py HOME [EXTRAS]

It holds exactly what the locks beside this file name, each wheel checked by its hash,
and is named by their digest and by the interpreter. A name is given only to one that is
whole: it is made elsewhere and renamed, so that neither a process that was killed nor
two at once leave half of one to be used. Standard library only; nothing is imported
from the folder this is started in (``-I``), and nothing is read from it.
"""

# A script like those in scripts/: run by its path, with no application around it.
# ruff: noqa: INP001, S603, T201, TID251

import hashlib
import os
import platform
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
UV_LOCK = HERE / "uv.lock"
_KEPT_SECONDS = 24 * 60 * 60  # what a process that was killed left is older than this
_PRIVATE = 0o700
_OF_OTHERS = 0o022
_MAX_SAID = 4000  # characters of what an installer said last


class SetupError(Exception):
    """Why there is no environment, and what to do."""


def main() -> None:
    """Print the folder of the environment; exit with 4 if there cannot be one."""
    home = Path(sys.argv[1]).absolute()
    try:
        locks = list(find_locks(" ".join(sys.argv[2:])))
        check_home(home)
        environment = home / f"environment-{name_of(locks)}"
        if not environment.is_dir():
            make(home, environment, locks)
    except (SetupError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(4) from None
    print(environment)


def find_locks(extras: str) -> Iterator[Path]:
    """The locks to install: the common one, and those of *extras*."""
    yield HERE / "requirements.lock"
    known = {path.stem.partition("-")[2] for path in HERE.glob("requirements-*.lock")}
    for extra in sorted(set(extras.replace(",", " ").split())):
        if extra not in known:
            raise SetupError(
                f"no extra is called {extra!r}; there are: {', '.join(sorted(known))}"
            )
        yield HERE / f"requirements-{extra}.lock"


def name_of(locks: list[Path]) -> str:
    """Tells what is in the environment, and which interpreter it is for."""
    digest = hashlib.sha256()
    for path in (Path(__file__), UV_LOCK, *locks):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    digest.update(
        f"{sys.executable} {platform.python_version()} {platform.platform()}".encode()
    )
    return digest.hexdigest()[:32]


def check_home(home: Path) -> None:
    """Make *home*, outside of the workspace, where nobody else can write."""
    workspace = os.environ.get("GITHUB_WORKSPACE")
    if workspace and home.resolve().is_relative_to(Path(workspace).resolve()):
        raise SetupError(f"{home} is in the workspace, where what is tested can write")
    home.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    found = home.lstat()
    if hasattr(os, "getuid") and (
        found.st_uid != os.getuid() or found.st_mode & _OF_OTHERS or home.is_symlink()
    ):
        raise SetupError(f"other users can write to {home}, or it is not this user's")


def make(home: Path, environment: Path, locks: list[Path]) -> None:
    """Make *environment*; if another process was faster, its one is taken."""
    clear(home)
    place = Path(tempfile.mkdtemp(prefix="making-", dir=home))
    try:
        install(place, locks)
        try:
            (place / "environment").rename(environment)
        except OSError:
            if not environment.is_dir():
                raise
    finally:
        shutil.rmtree(place, ignore_errors=True)


def clear(home: Path) -> None:
    """Remove what processes that were killed have left long ago."""
    for left in home.glob("making-*"):
        if time.time() - left.lstat().st_mtime > _KEPT_SECONDS:
            shutil.rmtree(left, ignore_errors=True)


def install(place: Path, locks: list[Path]) -> None:
    """Make the environment in *place*, with a uv that is kept in it for later."""
    environ = dict(build_environ(os.environ, place))
    pip = (*with_pip(place, environ), "--no-input", "--disable-pip-version-check")
    only_what_is_locked = ("--require-hashes", "--only-binary", ":all:", "--no-deps")
    run(
        *(*pip, "install", "--quiet", "--no-compile", "--target", str(place / "uv")),
        *(*only_what_is_locked, "--requirement", str(UV_LOCK)),
        cwd=place,
        environ=environ,
    )
    uv, environment = str(place / "uv" / "bin" / "uv"), place / "environment"
    run(
        *(uv, "venv", "--quiet", "--no-config", "--no-project", "--relocatable"),
        *("--no-python-downloads", "--python", sys.executable, str(environment)),
        cwd=place,
        environ=environ,
    )
    run(
        *(uv, "pip", "install", "--quiet", "--no-config", *only_what_is_locked),
        *(("--system-certs",) if has_certificates() else ()),
        *("--python", str(environment / "bin" / "python")),
        *(part for path in locks for part in ("--requirement", str(path))),
        cwd=place,
        environ=environ,
    )
    tools = environment / "tools"
    tools.mkdir()
    Path(uv).rename(tools / "uv")


def has_certificates() -> bool:
    """Whether this machine says whom it trusts, like a company's own authority."""
    paths = ssl.get_default_verify_paths()
    return sys.platform in {"darwin", "win32"} or paths.cafile is not None


def with_pip(place: Path, environ: Mapping[str, str]) -> tuple[str, ...]:
    """How pip is called: of this interpreter, else one in an environment for it."""
    if find_spec("pip") is not None:
        return (sys.executable, "-I", "-m", "pip")
    folder = str(place / "pip")
    try:
        run(sys.executable, "-I", "-m", "venv", folder, cwd=place, environ=environ)
    except SetupError as error:
        raise SetupError(
            f"{sys.executable} has neither pip nor venv: install python3-pip, or have a"
            f" step with actions/setup-python before this one\n{error}"
        ) from None
    return (f"{folder}/bin/python", "-I", "-m", "pip")


def build_environ(given: Mapping[str, str], place: Path) -> Iterator[tuple[str, str]]:
    """The variables of the installers: no inputs, no tokens; uv goes where pip goes."""
    for name, value in given.items():
        if not name.startswith(("SLUICE_", "ACTIONS_", "GITHUB_", "INPUT_", "PYTHON")):
            yield name, value
    # Not the user's cache: others of its jobs can write there, and no hash is checked
    # again of what uv takes from it.
    yield "UV_CACHE_DIR", str(place / "cache")
    for theirs, ours in (
        ("PIP_INDEX_URL", "UV_DEFAULT_INDEX"),
        ("PIP_EXTRA_INDEX_URL", "UV_INDEX"),
        ("PIP_FIND_LINKS", "UV_FIND_LINKS"),
        ("PIP_CERT", "SSL_CERT_FILE"),
    ):
        if theirs in given and ours not in given:
            yield ours, given[theirs]


def run(*argv: str, cwd: Path, environ: Mapping[str, str]) -> None:
    """Run a program, which must succeed."""
    done = subprocess.run(
        argv,
        cwd=cwd,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).decode(errors="replace")
        raise SetupError(f"{' '.join(argv[:4])} ... failed:\n{said[-_MAX_SAID:]}")


if __name__ == "__main__":
    main()
