"""A release request as somebody sees it who is to say yes or no. Pure.

Nearly all of it was written by those whose release it is: subjects of commits, names of
files and of tests. All of it is escaped, and what does not show is named as such.
"""

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sluicegate.model.difference import Difference, FileDifference
from sluicegate.model.digest import Digest
from sluicegate.model.event import StageFinished
from sluicegate.model.release_notes import NoNotes
from sluicegate.model.release_request import Answer, Change, ReleaseRequest
from sluicegate.report.champions import champion_line
from sluicegate.report.escape import escape
from sluicegate.report.models import ShownModel, model_lines
from sluicegate.report.moment import format_ago, format_moment, format_until
from sluicegate.report.plain import MARK, where_from
from sluicegate.report.releases import key_figures

_SHOWN_COMMITS = 20
_SHOWN_FILES = 12
_MAX_TEXT = 100  # characters of a subject, a path, an address
_WORD = {
    Answer.APPROVE: "yes",
    Answer.REJECT: "NO",
    Answer.OVERRIDE: "OVERRIDE",
}


@enum.unique
class Standing(enum.Enum):
    """What an answer to a request can still do."""

    OPEN = "open"
    EXPIRED = "expired"
    USED = "used"
    REJECTED = "rejected"
    REPLACED = "replaced"  # its run has asked anew: something has changed
    UNKNOWN = "unknown"  # no log is here that would tell


@dataclass(frozen=True, slots=True)
class Given:
    """An answer; ``who`` are names, or the key where no name is known.

    ``flaw`` says why it does not count, whoever it is from; empty if nothing is wrong.
    ``waits`` says that it is in an inbox, and not in the log yet. ``how`` says how it
    was given, where the code host shows it; empty for a signature.
    """

    who: str
    answer: Answer
    reason: str
    at: datetime
    flaw: str = ""
    waits: bool = False
    how: str = ""


@dataclass(frozen=True, slots=True)
class RequestView:
    """A request, and what is known of it here.

    Attributes:
        id: its SHA-256.
        request: what it says.
        standing: what an answer can still do, ``because`` of what.
        stages: what the stages before it found, in the order in which they ended.
        judged: the fields of theirs that the rules of the environment read, each
            ``stage.field``.
        difference: the files that changed, or why that is not known.
        answers: what people have said, oldest first.
        missing: who or what is still missing, a line each.
        unusual: what whoever decides must not overlook, a line each.
        resume: the command with which the run goes on.
        is_stale: whether the rules are others now: a yes would not count, and the run
            has to ask anew.
        workflow: the code host's workflow whose runs are answers, too; empty for none.
        can_sign: whether a signature is an answer.
        service: which of several services that workflow wants named; empty for none.
        models: the models that are released, by their files.
    """

    id: Digest
    request: ReleaseRequest
    standing: Standing = Standing.OPEN
    because: str = ""
    stages: tuple[StageFinished, ...] = ()
    difference: Difference | NoNotes | None = None
    answers: tuple[Given, ...] = ()
    missing: tuple[str, ...] = ()
    unusual: tuple[str, ...] = ()
    resume: str = ""
    is_stale: bool = False
    judged: tuple[str, ...] = ()
    workflow: str = ""
    can_sign: bool = True
    service: str = ""
    models: tuple[ShownModel, ...] = ()


@enum.unique
class Tone(enum.Enum):
    """How a line is meant, for whoever has colours."""

    PLAIN = "plain"
    HEAD = "head"
    DIM = "dim"
    GOOD = "good"
    BAD = "bad"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text, escaped."""

    text: str
    tone: Tone = Tone.PLAIN


def request_text(view: RequestView, now: datetime) -> str:
    """Write a request for a person."""
    return "\n".join(line.text for line in request_lines(view, now))


def request_lines(view: RequestView, now: datetime) -> list[Line]:
    """Write a request for a person; what matters most comes last, and stays in sight.

    A line is as long as it is: whoever has a terminal wraps it.
    """
    parts = (
        _head(view, now),
        _changes(view),
        _models(view),
        _evidence(view),
        _answers(view, now),
        _unusual(view),
    )
    lines = [line for part in parts for line in part]
    return [Line(escape(line.text), line.tone) for line in lines]


def _head(view: RequestView, now: datetime) -> Iterator[Line]:
    request = view.request
    what = "ROLLBACK to" if request.rollback else "release"
    yield Line(f"{what} {request.release} into {request.environment}", Tone.HEAD)
    yield Line(f"  request   {view.id.hex}")
    yield Line(f"  of        {request.repository}, {request.pipeline}")
    yield Line(f"  commit    {request.commit}")
    if request.live is not None:
        live = request.live
        yield Line(
            f"  replaces  {live.name}, commit {live.commit[:12]},"
            f" image {live.image.short}"
        )
    yield Line(f"  asked by  {', '.join(request.requester) or 'nobody known'}")
    created, expires = request.created, request.expires
    yield Line(f"  asked     {format_ago(created, now)}, at {format_moment(created)}")
    good_until = f"{format_until(expires, now)}, at {format_moment(expires)}"
    yield Line(f"  expires   {good_until}")
    yield Line(
        f"  rules     {request.policy_branch} at {request.policy_commit[:12]},"
        f" policy {request.policy.short}"
    )
    yield Line(f"  run       {request.run_id}, stage {request.stage}")
    for artifact in request.artifacts:
        yield Line(f"  {artifact.kind.value} of {_cut(artifact.name)}")
        yield Line(f"    {artifact.digest}")  # 75 columns: it is never shortened


def _changes(view: RequestView) -> Iterator[Line]:
    request = view.request
    yield Line("")
    if request.live is None:
        count = len(request.changes)
        brings = f"What it brings: {_count(count, 'commit')}, all of them new there"
        yield Line(brings, Tone.HEAD)
    else:
        since = "from" if request.rollback else "since"
        count = len(request.changes)
        yield Line(
            f"What changed {since} {request.live.name}: {_count(count, 'commit')}",
            Tone.HEAD,
        )
    for change in request.changes[:_SHOWN_COMMITS]:
        yield Line(f"  {change.commit[:12]}  {_cut(change.subject)}")
        yield Line(f"  {'':12}  {_people_of(change)}", Tone.DIM)
    if count > _SHOWN_COMMITS:
        yield Line(f"  ... and {count - _SHOWN_COMMITS} more")
    match view.difference:
        case NoNotes(why, hint):
            yield Line(f"  files: not known, {why}{f' ({hint})' if hint else ''}")
        case Difference() as difference:
            yield from _files(difference)
        case None:
            pass


def _files(difference: Difference) -> Iterator[Line]:
    count = len(difference.files)
    yield Line(
        f"  {_count(count, 'file')}: +{difference.added} -{difference.removed} lines"
    )
    biggest = sorted(difference.files, key=_size, reverse=True)[:_SHOWN_FILES]
    width = max((len(_cut(each.path)) for each in biggest), default=0)
    for each in sorted(biggest, key=lambda each: each.path):
        how = "not text"
        if each.added is not None and each.removed is not None:
            how = f"+{each.added} -{each.removed}"
        name = f"{_cut(each.path):<{min(width, 56)}}"
        was = f"  was {_cut(each.before)}" if each.before else ""
        yield Line(f"    {name}  {how}{was}", Tone.DIM)
    if count > _SHOWN_FILES:
        yield Line(f"    ... and {count - _SHOWN_FILES} more, changed less", Tone.DIM)


def _size(each: FileDifference) -> tuple[bool, int]:
    return each.added is None, (each.added or 0) + (each.removed or 0)


def _people_of(change: Change) -> str:
    return ", ".join(map(_cut, change.identities)) or "nobody is named"


def _models(view: RequestView) -> Iterator[Line]:
    for shown in view.models:
        yield Line("")
        first, *rest = model_lines(shown)
        yield Line(first, Tone.WARNING if shown.manifest is None else Tone.HEAD)
        yield from (Line(each, Tone.DIM) for each in rest)


def _evidence(view: RequestView) -> Iterator[Line]:
    yield Line("")
    if not view.stages:
        yield Line("Evidence: what it says is not known here", Tone.WARNING)
        for found in view.request.evidence:
            yield Line(f"    {found.digest.short}  {found.stage}", Tone.DIM)
        return
    yield Line("Evidence", Tone.HEAD)
    width = max(len(end.stage) for end in view.stages)
    for end in view.stages:
        again = where_from(end)
        tone = Tone.GOOD if MARK[end.outcome] == "✓" else Tone.BAD
        yield Line(f"{MARK[end.outcome]:>3} {end.stage:<{width}}  {end.reason}", tone)
        judged = key_figures(end, view.judged)
        figures = " · ".join(f"{name} {shown}" for name, shown in judged)
        if figures or again:
            yield Line(f"    {'':<{width}}  {figures}{again}", Tone.DIM)
        champion = champion_line(end)
        if champion is not None:
            yield Line(f"    {'':<{width}}  {champion}")


def _answers(view: RequestView, now: datetime) -> Iterator[Line]:
    if view.answers:
        yield Line("")
        yield Line("Answers", Tone.HEAD)
    for given in view.answers:
        yield _said(given, now)
    yield Line("")
    if view.standing is Standing.UNKNOWN:
        yield Line(f"How it stands is not known: {view.because}", Tone.WARNING)
    elif view.standing is not Standing.OPEN:
        said = describe_standing(view)
        yield Line(f"{said[0].upper()}{said[1:]}", Tone.BAD)
    elif view.missing:
        yield Line("Still missing", Tone.HEAD)
        yield from (Line(f"  {each}") for each in view.missing)
    else:
        yield Line("Nothing is missing.")


def _said(given: Given, now: datetime) -> Line:
    why = f": {' '.join(given.reason.split())}" if given.reason else ""
    said = f"{given.who} said {_WORD[given.answer]} {format_ago(given.at, now)}{why}"
    said += f"  [{given.how}]" if given.how else ""
    if given.flaw:
        return Line(f"    {said}  (does not count: {given.flaw})", Tone.DIM)
    if given.waits:
        return Line(f"    {said}  (waits in the inbox, not taken in yet)", Tone.DIM)
    is_yes = given.answer is Answer.APPROVE
    return Line(f"    {said}", Tone.GOOD if is_yes else Tone.BAD)


def describe_standing(view: RequestView) -> str:
    """What an answer can still do, in one line."""
    words = f"this request is {view.standing.value}"
    return f"{words}: {view.because}" if view.because else words


def _unusual(view: RequestView) -> Iterator[Line]:
    if not view.unusual:
        return
    yield Line("")
    yield Line("UNUSUAL", Tone.WARNING)
    yield from (Line(f"  ! {each}", Tone.WARNING) for each in view.unusual)


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def _cut(text: str) -> str:
    """*text* on one line; blanks in a row could make it look like two on a terminal."""
    text = " ".join(text.split())
    return text if len(text) <= _MAX_TEXT else f"{text[: _MAX_TEXT - 1]}…"


def list_lines(views: Sequence[RequestView], now: datetime) -> list[Line]:
    """Write a list of requests for a person, in the order given."""
    lines = [line for view in views for line in _row(view, now)]
    return [Line(escape(line.text), line.tone) for line in lines]


def _row(view: RequestView, now: datetime) -> Iterator[Line]:
    request, short = view.request, view.id.short
    what = "ROLLBACK to" if request.rollback else "release"
    asked = f"asked {format_ago(request.created, now)}"
    head = f"{short}  {request.environment}  {what} {request.release}, {asked}"
    if view.standing is not Standing.OPEN:
        yield Line(f"{head}, {view.standing.value}", Tone.DIM)
        if view.because:
            yield Line(f"    {view.because}", Tone.DIM)
        return
    yield Line(f"{head}, expires {format_until(request.expires, now)}", Tone.HEAD)
    yield Line(f"    commit {request.commit[:12]}, run {request.run_id}", Tone.DIM)
    for given in view.answers:
        yield _said(given, now)
    yield from (Line(f"    missing: {each}", Tone.WARNING) for each in view.missing)
    if view.is_stale:
        yield Line(f"    `{view.resume}` asks anew")
        return
    if any(given.waits for given in view.answers) or not view.missing:
        yield Line(f"    `{view.resume}` goes on")
    if view.missing:
        yield from (Line(f"    `{each}`") for each in how_to_answer(view))


def how_to_answer(view: RequestView) -> Iterator[str]:
    """The commands with which somebody says yes."""
    if view.can_sign:
        yield f"sluice approve {view.id.short}"
    if view.workflow:
        asked = f"-f request={view.id.hex} -f decision=approve"
        asked += f" -f service={view.service}" if view.service else ""
        yield f"gh workflow run {view.workflow} {asked}"
