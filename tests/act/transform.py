"""Take out of a workflow what act cannot read, and nothing else.

Four things of GitHub's are newer than act: `queue` of a concurrency group, `deployment`
of an environment, and `$/` for the repository that the workflow is of, as an Action and
as a reusable workflow. Lines are changed one for one or left out: what is run is else
the shipped file. test_transform.py says which ones they are.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_QUEUE = re.compile(r" +queue: max")
_DEPLOYMENT = re.compile(r" +deployment: false( #.*)?")
_OWN_ACTION = re.compile(r"( +(?:- )?uses: )\$/")
_OWN_WORKFLOW = re.compile(r"( +uses: )\$/(\.github/workflows/\S+)")


@dataclass(frozen=True, slots=True)
class Change:
    """A line, by its number in the shipped file, and what it became; None: nothing."""

    line: int
    was: str
    became: str | None


def transform(text: str, action: str) -> tuple[str, list[Change]]:
    """*text* as act can read it, and what was changed.

    Args:
        text: a workflow.
        action: what stands for ``$/``: the Action's repository at a commit.
    """
    kept: list[str] = []
    changes: list[Change] = []
    for number, line in enumerate(text.splitlines(), start=1):
        became = next(iter(_read(line, action)), None)
        if became != line:
            changes.append(Change(number, line.strip(), became and became.strip()))
        if became is not None:
            kept.append(became)
    return "\n".join(kept) + "\n", changes


def forgive(text: str) -> str:
    """A reusable workflow of ours whose job goes on where its step said no.

    GitHub ends the job, and the caller asks for its outputs; act ends the whole run as
    soon as a called workflow has failed, whatever comes next is for.
    """
    step = "      - id: sluice\n"
    return text.replace(step, f"{step}        continue-on-error: true\n")


def _read(line: str, action: str) -> Iterator[str]:
    """What becomes of *line*; nothing if it is left out."""
    if _QUEUE.fullmatch(line) or _DEPLOYMENT.fullmatch(line):
        return
    if own := _OWN_ACTION.fullmatch(line):
        yield f"{own[1]}{action}"
    elif own := _OWN_WORKFLOW.fullmatch(line):
        yield f"{own[1]}./{own[2]}"
    else:
        yield line
