"""Whether a run is in the audit log, and how to have it there. Pure."""

import re

from sluicegate.report.github.page import Block
from sluicegate.report.github.shown import Shown, Unrecorded
from sluicegate.report.github.text import code
from sluicegate.tlog.checkpoint import Checkpoint

TURN_ON = "sluice audit keys create --secret | gh secret set SLUICE_LOG_KEY"
"""The one command with which recording is turned on, in the project's folder."""

_LOUD = """\
> [!WARNING]
> **NOT RECORDED.** The gates were judged, and no audit log holds what came of it, so
> environments refuse to release it. Turn recording on, once, in a clone{where}:
> ```sh
> {command}
> ```
> Where the pipeline file names no log that outlives the runner, it takes one, too:
> `audit: {{store: "git:refs/heads/sluicegate-audit"}}`, and for the job
> `contents: write`."""

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_/-]{0,100}")

_QUIET = {
    Unrecorded.PULL_REQUEST: "Judged and not recorded, as a pull request never is.",
    Unrecorded.ASKED: "Judged and not recorded, as this job was asked to.",
}


def unrecorded_warning(shown: Shown) -> list[Block]:
    """What has to be seen first of a run that should have been recorded."""
    if shown.unrecorded is not Unrecorded.NO_KEY:
        return []
    where = (
        f", in the folder `{shown.folder}`" if _PLAIN.fullmatch(shown.folder) else ""
    )
    return [Block(_LOUD.format(command=TURN_ON, where=where))]


def log_line(shown: Shown) -> str:
    """Where the log stands, or why there is none, as HTML."""
    if shown.head is None:
        assert shown.unrecorded is not None
        return _QUIET.get(shown.unrecorded, "NOT RECORDED: there is no log key.")
    return describe_head(shown.head)


def describe_head(head: Checkpoint) -> str:
    """The size and the root of a log, and how to check it, as HTML."""
    size = f"{head.size:,}".replace(",", " ")
    return (
        f"Audit log {code(head.origin, 120)}: {size} entries, root"
        f" {code(head.root_text)}; <code>sluice audit verify</code> checks it."
    )
