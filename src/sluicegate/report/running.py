"""What ran on some day and who approved it, as text and as JSON. Pure."""

import json
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sluicegate.model.deployment import Deployment, Presence, Standing
from sluicegate.report.entrance import (
    Answers,
    entrance_document,
    entrance_lines,
    write_stamp,
)
from sluicegate.report.escape import escape
from sluicegate.report.moment import format_moment
from sluicegate.report.releases import (
    deployment_document,
    describe_rollback,
    evidence_lines,
    stages_of,
    standing,
)

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Ran:
    """What served in *environments* in some span of time.

    Attributes:
        start: the first moment of the span.
        end: the first moment after it; the same as ``start`` for that very moment.
        log: the origin of the log.
        begins: when the log begins, or what is left of it.
        pruned: how many of its first entries were pruned.
        present: what served, by environment, oldest first.
        answers: what people have said to release requests.
    """

    start: datetime
    end: datetime
    log: str
    begins: datetime
    pruned: int
    present: tuple[tuple[str, tuple[Presence, ...]], ...]
    answers: Answers = field(default_factory=dict)

    @property
    def is_partly_unknown(self) -> bool:
        """Whether the log begins only after the span has begun."""
        return self.start < self.begins


def ran_text(ran: Ran, log: str | None = None) -> str:
    """Write it for a person. *log* is where the log is, where commands must say it."""
    where = "" if log is None else f" --log {shlex.quote(log)}"
    lines = [line for part in _parts(ran, where) for line in part]
    return "\n".join(map(escape, lines))


def _parts(ran: Ran, where: str) -> Iterator[Iterator[str]]:
    for environment, present in ran.present:
        yield _environment(ran, environment, present)
        for each in present:
            yield _present(each, ran.answers, where)
    if ran.is_partly_unknown:
        yield _unknown(ran)


def _environment(
    ran: Ran, environment: str, present: Sequence[Presence]
) -> Iterator[str]:
    nothing = "" if present else ": nothing that the log knows of"
    yield f"{environment} {_when(ran)}, by the log {ran.log}{nothing}"
    yield ""


def _when(ran: Ran) -> str:
    if ran.start == ran.end:
        return f"at {format_moment(ran.start)}"
    if ran.end - ran.start == _DAY:
        return f"on {ran.start:%Y-%m-%d} (UTC)"
    return f"from {format_moment(ran.start)} to {format_moment(ran.end)}"


def _unknown(ran: Ran) -> Iterator[str]:
    begins = format_moment(ran.begins)
    if ran.pruned:
        yield (
            f"The entries before {ran.pruned}, recorded up to {begins}, were pruned:"
        )
        yield "what else served before that is not known any more."
    else:
        yield f"The log begins at {begins}: of what was before, it says nothing."


def _present(each: Presence, answers: Answers, where: str) -> Iterator[str]:
    row, release = each.row, each.row.release
    yield f"{release.name}: {_how(each)}"
    yield from _indented(_doubts(each))
    yield f"  commit     {release.commit}"
    yield f"  image      {release.image}"
    if release.reference:
        yield f"  published  {release.reference}"
    yield f"  run        {row.run_id}, {standing(row)}"
    if row.run is not None and row.run.dirty and row.standing is not Standing.FOUND:
        yield "             with uncommitted changes"
    if row.rollback is not None:
        yield f"  rollback   {describe_rollback(row)}"
    if row.before is not None:
        yield f"  before it  {row.before.name}, image {row.before.image}"
    yield from _indented(entrance_lines(row, answers))
    yield from _indented(list(evidence_lines(row))[1:])
    yield "  To check"
    for what, command in _checks(row, answers, where):
        yield f"    {what:<20}  {command}"
    yield ""


def _indented(lines: Iterator[str] | Sequence[str]) -> Iterator[str]:
    for line in lines:
        yield f"  {line}"


def _how(each: Presence) -> str:
    row = each.row
    until = "still" if row.until_ts is None else f"until {format_moment(row.until_ts)}"
    if not each.is_stable:
        return (
            f"a part of the traffic, as a canary, from {format_moment(row.start_ts)},"
            f" {until}"
        )
    since = row.end_ts or row.start_ts
    return f"all the traffic from {format_moment(since)}, {until}"


def _doubts(each: Presence) -> Iterator[str]:
    row = each.row
    if each.came_unseen:
        yield "it was found there then; the log does not say since when it was there"
    if each.went_unseen and row.until_ts is not None:
        gone = format_moment(row.until_ts)
        yield f"it was gone by {gone}; the log does not say when it went"


def _checks(row: Deployment, answers: Answers, where: str) -> Iterator[tuple[str, str]]:
    """Commands that check what is said here, each behind what it checks."""
    yield "log and evidence", f"sluice audit verify{where}"
    if row.entrance is not None:
        entrance = row.entrance
        yield "who let it in", f"sluice audit show {entrance.index}{where}"
        # A file in the work tree would make the next `sluice run` refuse it as dirty.
        yield "a proof of that", f"sluice audit prove {entrance.index} -o -{where}"
        for approval in entrance.entered.approvals:
            given = answers.get(approval.statement)
            if given is not None:
                command = f"sluice audit show {given.index}{where}"
                yield f"what {approval.person} signed", command
        if entrance.entered.request is not None:
            digest = entrance.entered.request
            yield "what was asked", f"sluice audit log --digest {digest}{where}"
    if row.index is not None and row.run is not None:
        yield "how it came there", f"sluice audit show {row.index}{where}"
    yield "all of its run", f"sluice audit log --run {row.run_id}{where}"


def ran_document(ran: Ran) -> str:
    """The same as JSON."""
    document = {
        "start": write_stamp(ran.start),
        "end": write_stamp(ran.end),
        "log": ran.log,
        "log_begins": write_stamp(ran.begins),
        "pruned_entries": ran.pruned,
        "partly_unknown": ran.is_partly_unknown,
        "environments": [
            {
                "environment": environment,
                "releases": [_document(each, ran.answers) for each in present],
            }
            for environment, present in ran.present
        ],
    }
    return json.dumps(document, indent=2)


def _document(each: Presence, answers: Answers) -> dict[str, object]:
    row = each.row
    return {
        **deployment_document(row),
        "stable": each.is_stable,
        "since": _since(each),
        "until": None if row.until_ts is None else write_stamp(row.until_ts),
        "came_unseen": each.came_unseen,
        "went_unseen": each.went_unseen,
        "entry": row.index,
        "entrance": entrance_document(row, answers),
        **stages_of(row),
    }


def _since(each: Presence) -> str:
    row = each.row
    since = row.end_ts if each.is_stable else None
    return write_stamp(since or row.start_ts)
