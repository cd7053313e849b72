"""Which branch of a checkout is the protected one, where the checkout does not say.

A clone knows which branch of its remote is the default; what actions/checkout makes is
none and does not. The runner says it, in the event's document.
"""

from datetime import timedelta
from pathlib import Path

from sluicegate.model.command import Command, CommandResult
from sluicegate.wiring.github.occasion import Occasion
from sluicegate.wiring.machine import Machine

_TIMEOUT = timedelta(minutes=1)
_REMOTE = "refs/remotes/origin"


def name_default_branch(machine: Machine, occasion: Occasion) -> None:
    """Tell the repository in this folder what GitHub calls its default branch.

    Nothing happens where it knows one, or was not fetched with that branch.

    Raises:
        PermanentError: git cannot be started.
        Interrupted: asked to stop.
    """
    branch = f"{_REMOTE}/{occasion.default_branch}"
    if occasion.default_branch is None or not Path(".git").exists():
        return
    if _git(machine, "symbolic-ref", "--quiet", f"{_REMOTE}/HEAD").exit_code == 0:
        return
    if _git(machine, "show-ref", "--verify", "--quiet", branch).exit_code == 0:
        _git(machine, "symbolic-ref", f"{_REMOTE}/HEAD", branch)


def _git(machine: Machine, *arguments: str) -> CommandResult:
    command = Command(("git", *arguments), str(Path.cwd()), _TIMEOUT, {"LC_ALL": "C"})
    return machine.process.run(command, lambda _line: None)
