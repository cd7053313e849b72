"""The verification of an audit log as text and as JSON. Pure.

Everything that comes out of a log is escaped: whoever wrote a commit message or a test
name must not be able to draw on the reader's terminal.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sluicegate.report.escape import escape

_SHORT_RUN = 8


def shorten_run(run_id: str) -> str:
    """The last characters of a run id: the first ones of a ULID are a time."""
    return run_id[-_SHORT_RUN:]


@dataclass(frozen=True, slots=True)
class Verification:
    """What a verification found. ``seen`` is a size pinned before, if any.

    Without a ``root`` there is no checkpoint to trust: nothing else was looked at.
    ``evidence_files`` is None when they were not looked at.
    """

    origin: str
    size: int
    root: str
    vkey: str
    key_source: str
    evidence_files: int | None
    seen: int | None
    problems: Sequence[str]


def verification_document(found: Verification) -> str:
    """Write a verification as JSON. What is not known is null."""
    read = bool(found.root)
    return json.dumps(
        {
            "ok": not found.problems,
            "origin": found.origin or None,
            "size": found.size if read else None,
            "root": found.root or None,
            "problems": list(found.problems),
            "key": found.vkey or None,
            "key_source": found.key_source if found.vkey else None,
            "evidence_files": found.evidence_files if read else None,
            "seen": found.seen,
        },
        indent=2,
    )


def verification_text(found: Verification) -> str:
    """Write a verification for a person."""
    lines = [f"✗ {escape(problem)}" for problem in found.problems]
    if found.problems:
        count = len(found.problems)
        lines.append(f"{count} problem{'s' if count > 1 else ''} found")
    else:
        lines.append(f"✓ the log of {escape(found.origin)} is what was written")
    if not found.root:
        # Nothing was read: no count of entries or files could be true.
        seen = [] if found.seen is None else [f"  seen      {_seen(found.seen)}"]
        return "\n".join([*lines, *seen])
    lines += [
        f"  entries   {found.size}",
        f"  root      {found.root}",
        f"  key       {escape(found.vkey)}",
        f"            from {escape(found.key_source)}",
        f"  seen      {_seen(found.seen)}",
        f"  evidence  {_evidence(found.evidence_files)}",
    ]
    return "\n".join(lines)


def _seen(size: int | None) -> str:
    if size is None:
        return "never before on this machine: a rollback would not be noticed"
    return f"before on this machine, with {size} entries"


def _evidence(files: int | None) -> str:
    if files is None:
        return "not checked"
    return f"{files} file{'' if files == 1 else 's'} agree{'s' if files == 1 else ''}"
