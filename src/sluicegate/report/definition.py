"""What is said of a version that a pipeline file does not stand for any more. Pure."""

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from sluicegate.model.version import Bump, PipelineName, Standing
from sluicegate.report.audit import shorten_run
from sluicegate.report.escape import escape

_SHOWN = 6
_USUAL_FILE = "sluicegate.yaml"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What happened and why, and what to do."""

    text: str
    advice: str


def explain(standing: Standing, file: str) -> Explanation:
    """Why *file* is not run under its name, which *standing* is about."""
    name, branch = standing.name, standing.branch
    first = f"what ran first on {branch} {_when(standing)}"
    text = f"{name} stands for {first}, and a version never changes"
    if standing.change is None:
        return Explanation(
            escape(
                f"{text}; {file} is different, and what it was then is not in this"
                " repository"
            ),
            f"`{bump_command(file, Bump.MINOR)}` if only parameters or gates of stages"
            f" changed, `{bump_command(file, Bump.MAJOR)}` if stages or their order"
            " did; then commit it",
        )
    needs = standing.change.needs
    return Explanation(
        escape(f"{text}; {file} differs: {list_details(standing.change.details)}"),
        f"`{bump_command(file, needs)}` makes it {standing.next_name}; then commit it",
    )


def bump_command(file: str, bump: Bump | None = None) -> str:
    """The command that gives *file* its next version."""
    command = "sluice version bump"
    if bump is not None:
        command += f" --{bump.value}"
    return command if file == _USUAL_FILE else f"{command} -f {shlex.quote(file)}"


def list_details(details: Sequence[str]) -> str:
    """The first few of them."""
    hidden = len(details) - _SHOWN
    more = f" and {hidden} more" if hidden > 0 else ""
    return ", ".join(details[:_SHOWN]) + more


def _when(standing: Standing) -> str:
    if standing.run_id is None or standing.commit is None:
        return "in a run that the log does not hold any more"
    run = shorten_run(standing.run_id)
    return f"in run {run}, at commit {standing.commit[:12]}"


@dataclass(frozen=True, slots=True)
class Bumped:
    """A file that got another version; ``details`` say what had changed, if known."""

    file: str
    old: PipelineName
    new: PipelineName
    bump: Bump
    details: tuple[str, ...]


def bumped_text(bumped: Bumped) -> str:
    """Lines for a person."""
    lines = [f"{bumped.file}: {bumped.old} → {bumped.new} ({bumped.bump.value})"]
    lines += [f"  {each}" for each in bumped.details]
    return "\n".join(map(escape, (*lines, "commit it, then `sluice run`")))


def bumped_document(bumped: Bumped) -> str:
    """The document of ``--json``."""
    return json.dumps(
        {
            "file": bumped.file,
            "from": str(bumped.old),
            "to": str(bumped.new),
            "bump": bumped.bump.value,
            "changes": list(bumped.details),
        },
        ensure_ascii=False,
        indent=2,
    )
