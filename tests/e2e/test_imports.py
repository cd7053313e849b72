"""What a start may load: `sluice --help` is on the path of every command."""

import json
import subprocess
import sys

import pytest

SHOW = """
import json, sys
before = set(sys.modules)
from sluicegate.cli import main
try:
    main(ARGUMENTS)
except SystemExit as end:
    assert end.code == 0, end.code
print(json.dumps(sorted(set(sys.modules) - before)), file=sys.stderr)
"""

# typing_extensions is one file without imports of its own; it has `override` for 3.11.
ALLOWED_PACKAGES = {"click", "typing_extensions"}
ALLOWED_OWN = {
    "sluicegate",
    "sluicegate.cli",
    "sluicegate.cli.exit_codes",
    "sluicegate.cli.lazy",
    "sluicegate.errors",
}
# Slow parts of the standard library that nothing on this path needs.
REFUSED_STANDARD = {
    "asyncio",
    "subprocess",
    "socket",
    "ssl",
    "http",
    "sqlite3",
    "email",
}


def load(*arguments: str) -> set[str]:
    """The modules that a call of the command line loads in a fresh interpreter."""
    script = SHOW.replace("ARGUMENTS", repr(list(arguments)))
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("argument", ["--help", "-h", "--version"])
def test_help_and_version_load_click_and_next_to_nothing_of_our_own(
    argument: str,
) -> None:
    loaded = load(argument)
    assert "click" in loaded
    own = {name for name in loaded if name.partition(".")[0] == "sluicegate"}
    assert own <= ALLOWED_OWN
    packages = {name.partition(".")[0] for name in loaded} - {"sluicegate"}
    assert packages - sys.stdlib_module_names <= ALLOWED_PACKAGES
    assert not packages & REFUSED_STANDARD


@pytest.mark.parametrize(
    "command",
    [
        *("run", "resume", "audit", "releases", "init", "doctor", "schema"),
        *("completion", "approve", "reject", "approvals", "overrides"),
    ],
)
def test_the_help_of_a_command_loads_no_library_that_only_work_needs(
    command: str,
) -> None:
    loaded = {name.partition(".")[0] for name in load(command, "--help")}
    heavy = {"pydantic", "yaml", "rich", "docker", "github", "cryptography"}
    assert not loaded & {*heavy, "cel_expr_python", "lightkube", "httpx2"}
