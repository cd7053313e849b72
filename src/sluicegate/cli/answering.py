"""What ``sluice approve`` and ``sluice reject`` do and show."""

import json
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import click

from sluicegate.audit.statements.predicates import Answering
from sluicegate.audit.statements.statement import Subject
from sluicegate.cli.asked import open_requests
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import use_what_the_terminal_has, warn, write_result
from sluicegate.cli.request_lines import show_lines
from sluicegate.errors import UsageError
from sluicegate.model.hold import MAX_REASON
from sluicegate.model.release_request import Answer
from sluicegate.report.escape import escape
from sluicegate.report.request import (
    RequestView,
    Standing,
    describe_standing,
    request_lines,
)
from sluicegate.report.request_document import view_fields
from sluicegate.wiring.request_view import Viewer
from sluicegate.wiring.requests import Found
from sluicegate.wiring.signing import read_signer
from sluicegate.wiring.stating import Left, Stating

_LONGEST = timedelta(days=31)  # how long any statement may wait
_SUBJECT = "release-request"
_ANSWERABLE = (Standing.OPEN, Standing.UNKNOWN)


@dataclass(frozen=True)
class Wish:
    """Which request to answer, and how, as the options of the commands have it."""

    text: str
    answer: Answer
    reason: str
    environment: str | None
    key: Path | None
    inbox: str | None
    file: Path | None
    log: str | None
    is_sure: bool
    as_json: bool


def answer(wish: Wish) -> ExitCode:
    """Show the request, ask, sign the answer and leave it in an inbox."""
    use_what_the_terminal_has()
    if not wish.is_sure and not sys.stdin.isatty():
        raise UsageError(
            "there is no terminal to ask on",
            hint=f"look with `sluice approvals {shlex.quote(wish.text)}`, then answer"
            " with --yes",
        )
    reason = _read_reason(wish)
    requests = open_requests(wish.file, wish.log)
    found = requests.find(wish.text, wish.environment)
    inboxes = requests.inboxes
    machine = requests.place.machine
    stating = Stating(machine, inboxes.folder, found.request.log, wish.key)
    signer = read_signer(stating.find_key(), inboxes, reason)
    viewer = Viewer(requests, found, signer)
    view = viewer.view()
    shown = sys.stderr if wish.as_json else sys.stdout
    show_lines(request_lines(view, requests.now), shown)
    if view.standing not in _ANSWERABLE:
        return _refuse(view, wish)
    reason = reason or _ask_reason(viewer, wish)
    if not wish.is_sure and not _ask(view, wish.answer):
        click.echo("nothing was signed", err=True)
        return ExitCode.CLOSED
    again = requests.again()  # looking takes time, in which others answer
    if Viewer(again, again.find(wish.text)).standing()[0] not in _ANSWERABLE:
        return answer(wish)  # shows what has happened, and refuses
    left = stating.leave(
        Answering(found.id, found.request.environment, wish.answer, reason),
        min(found.request.expires - machine.clock.now(), _LONGEST),
        inboxes.to_write_to(wish.inbox),
        _about(found),
    )
    missing = viewer.missing_after() if wish.answer is Answer.APPROVE else None
    _tell(
        wish, view, Done(left, reason, () if signer is None else signer.names, missing)
    )
    if signer is not None and not signer.names:
        warn([f"{signer.fingerprint} is the key of nobody here: it will be refused"])
    elif signer is not None and wish.answer is Answer.APPROVE:
        warn(f"it will not count: {why}" for why in viewer.judging.objections(signer))
    return ExitCode.OPEN


@dataclass(frozen=True, slots=True)
class Done:
    """An answer that was left, and who signed it.

    ``missing`` is who or what is still missing with it, None if that is not known.
    """

    left: Left
    reason: str
    names: Sequence[str]
    missing: Sequence[str] | None


def _read_reason(wish: Wish) -> str:
    """The reason, which may be asked for later.

    Raises:
        UsageError: it is too long, or missing where one is needed in any case.
    """
    reason = wish.reason.strip()
    if len(reason) > MAX_REASON:
        raise UsageError(f"--reason can have at most {MAX_REASON} characters")
    if not reason and wish.answer is not Answer.APPROVE:
        raise UsageError("--reason must say why")
    return reason


def _ask_reason(viewer: Viewer, wish: Wish) -> str:
    """The reason that the rules want; empty if they want none."""
    if not viewer.needs_reason:
        return ""
    if not wish.is_sure:
        text = click.prompt("Why? (it is logged)", err=True)
        return _read_reason(replace(wish, reason=str(text)))
    where = viewer.found.request.environment
    raise UsageError(f"{escape(where)} wants a reason", hint="give one with --reason")


def _ask(view: RequestView, answer: Answer) -> bool:
    verb = {Answer.APPROVE: "Approve", Answer.REJECT: "Reject"}[answer]
    what = f"{view.request.release} into {view.request.environment}"
    return click.confirm(f"\n{verb} {escape(what)}?", default=False, err=True)


def _refuse(view: RequestView, wish: Wish) -> ExitCode:
    """Say that nothing can be answered any more."""
    if wish.as_json:
        document = {**view_fields(view), "answered": None}
        write_result(json.dumps(document, indent=2))
    label = click.style("refused:", fg="red", bold=True)
    click.echo(f"{label} {escape(describe_standing(view))}", err=True)
    click.echo("nothing was signed; `sluice approvals` lists what is open", err=True)
    return ExitCode.CLOSED


def _about(found: Found) -> tuple[Subject, ...]:
    """The subjects of the statement: the request, and what would be released."""
    artifacts = (Subject(each.name, each.digest) for each in found.request.artifacts)
    return (Subject(_SUBJECT, found.id), *artifacts)


def _tell(wish: Wish, view: RequestView, done: Done) -> None:
    """Say what was signed, where it is, and what happens next."""
    left = done.left
    if wish.as_json:
        answered = {
            "answer": wish.answer.value,
            "reason": done.reason,
            "statement": str(left.digest),
            "place": left.where,
            "key": left.signature.fingerprint,
            "names": list(done.names),
            "still_missing": None if done.missing is None else list(done.missing),
        }
        document = {**view_fields(view), "answered": answered}
        write_result(json.dumps(document, indent=2))
        return
    said = {Answer.APPROVE: "approved", Answer.REJECT: "rejected"}[wish.answer]
    request = view.request
    colour = "green" if wish.answer is Answer.APPROVE else "red"
    head = escape(f"{said} {request.release} into {request.environment}")
    click.secho(f"\n{head}", fg=colour, bold=True)
    who = f"{', '.join(done.names)}, " if done.names else ""
    for line in (
        f"  signed by {who}{left.signature.fingerprint}",
        f"  as        {left.digest}",
        f"  waits in  {left.where}",
        *(f"  missing   {each}" for each in done.missing or ()),
        f"next: {view.resume}",
        f"      {_what_then(wish.answer, done)}",
    ):
        write_result(escape(line))


def _what_then(answer: Answer, done: Done) -> str:
    takes = "where the log's key is, takes it in"
    if answer is Answer.REJECT:
        return f"{takes}; the run ends closed, until a new one asks anew"
    if done.missing is None:
        return f"{takes}, and says whether it is enough"
    if done.missing:
        return f"{takes}; the release waits for the others"
    return f"{takes} and goes on"
