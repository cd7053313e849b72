"""Repositories to measure in, and an environment that leaves the user's alone."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from measure import run


def make_environment(folder: Path) -> dict[str, str]:
    """This environment with a home of its own: no key or state of the user is used."""
    home = folder / "home"
    home.mkdir()
    kept = {
        name: value
        for name, value in os.environ.items()
        if name != "CI" and not name.startswith(("XDG_", "GIT_", "GITHUB_", "PYTHON"))
    }
    tools = Path(sys.executable).parent
    return {**kept, "HOME": str(home), "PATH": f"{tools}{os.pathsep}{kept['PATH']}"}


def commit_all(project: Path, env: Mapping[str, str]) -> None:
    """Make *project* a repository and commit all of it."""
    who = ["-c", "user.name=Benchmark", "-c", "user.email=benchmark@example.org"]
    run(["git", "init", "--quiet"], cwd=project, env=env)
    run(["git", "add", "."], cwd=project, env=env)
    run(["git", *who, "commit", "--quiet", "-m", "Start"], cwd=project, env=env)
