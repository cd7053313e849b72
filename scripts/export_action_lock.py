"""Write what the Action installs, from uv.lock: `action/requirements*.lock`.

    python scripts/export_action_lock.py [--check]

The common requirements are in one file; what an extra adds to them is in one of its
own, so that nobody downloads what is not used. With ``--check`` nothing is written, and
it is an error if anything would be. Needs uv on PATH.
"""

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = ("aws", "kubernetes", "s3", "traefik", "vault")
HEADER = "# Made by scripts/export_action_lock.py from uv.lock: do not edit.\n"
EXPORT = (
    *("uv", "export", "--quiet", "--frozen", "--no-default-groups"),
    *("--no-emit-project", "--no-header", "--no-annotate"),
)


def export(*options: str) -> list[str]:
    """The requirements, each with its hashes: one text of several lines each."""
    done = subprocess.run(
        (*EXPORT, *options), cwd=ROOT, capture_output=True, check=True, text=True
    )
    return [
        one.strip() + "\n"
        for one in done.stdout.replace("\\\n", "\0").split("\n")
        if one
    ]


def build() -> dict[str, str]:
    """The text of each file, by its name."""
    common = export()
    files = {"requirements.lock": common}
    for extra in EXTRAS:
        added = export("--extra", extra)
        files[f"requirements-{extra}.lock"] = [x for x in added if x not in common]
    return {
        name: HEADER + "".join(one.replace("\0", "\\\n") for one in requirements)
        for name, requirements in files.items()
    }


def main() -> None:
    """Write the files, or say which are not as they should be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    stale = []
    for name, text in build().items():
        path = ROOT / "action" / name
        if not path.exists() or path.read_text() != text:
            stale.append(name)
            if not check:
                path.write_text(text)
    if check and stale:
        sys.exit(f"action/{', action/'.join(stale)}: run {Path(__file__).name}")


if __name__ == "__main__":
    main()
