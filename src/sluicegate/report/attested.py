"""What became of answers on a code host, and how requests stand then. Pure.

Titles, names and addresses come from the host, and are escaped.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sluicegate.model.digest import Digest
from sluicegate.model.release_request import Answer
from sluicegate.report.escape import escape

_SAID = {Answer.APPROVE: "approves", Answer.REJECT: "REJECTS"}


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer, or what is none.

    Attributes:
        place: where it is, like ``run/17``.
        url: its page, empty where it is not known.
        who: whose it is, empty where that is not known.
        answer: what was said, about ``request``; both None where nothing was.
        refused: why it was not taken in; empty if it was.
        is_new: whether it was not in the log before.
    """

    place: str
    url: str = ""
    who: str = ""
    answer: Answer | None = None
    request: Digest | None = None
    refused: str = ""
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class StandsNow:
    """A request: ``missing`` is who or what it lacks, a line each.

    ``verdict`` is the gate's, empty where it cannot be told; ``started`` is the page of
    the run that goes on with it, empty if none was started.
    """

    request: Digest
    environment: str
    verdict: str
    missing: Sequence[str] = ()
    started: str = ""


@dataclass(frozen=True, slots=True)
class HeardReport:
    """All of it; ``trouble`` is why nothing could be started."""

    answers: Sequence[Heard] = ()
    requests: Sequence[StandsNow] = ()
    trouble: str = field(default="")


def heard_text(report: HeardReport) -> str:
    """For a person, a line each; nothing is left unsaid where nothing was found."""
    return "\n".join(map(escape, _lines(report)))


def heard_document(report: HeardReport) -> str:
    """For machines: one JSON document."""
    document = {
        "answers": [
            {
                "place": each.place,
                "url": each.url or None,
                "who": each.who or None,
                "answer": None if each.answer is None else each.answer.value,
                "request": None if each.request is None else str(each.request),
                "refused": each.refused or None,
                "is_new": each.is_new,
            }
            for each in report.answers
        ],
        "requests": [
            {
                "request": str(each.request),
                "environment": each.environment,
                "verdict": each.verdict or None,
                "missing": list(each.missing),
                "started": each.started or None,
            }
            for each in report.requests
        ],
        "trouble": report.trouble or None,
    }
    return json.dumps(document, indent=2)


def _lines(report: HeardReport) -> Iterator[str]:
    if not report.answers:
        yield "no answer on the code host that is not in the log already"
    for each in report.answers:
        yield from _heard(each)
    for stands in report.requests:
        yield from _stands(stands)
    if report.trouble:
        yield f"what was approved could not be started: {report.trouble}"


def _heard(each: Heard) -> Iterator[str]:
    what = each.place
    if each.answer is not None and each.request is not None:
        said = _SAID.get(each.answer, each.answer.value)
        what = f"{each.place}: {each.who} {said} request {each.request.short}"
    if each.refused:
        yield f"{what}; NOT TAKEN IN: {each.refused}"
    elif each.is_new:
        yield f"{what}; taken in"
    else:
        yield f"{what}; in the log already"
    if each.url:
        yield f"    {each.url}"


def _stands(stands: StandsNow) -> Iterator[str]:
    head = f"request {stands.request.short} for {stands.environment}"
    if not stands.verdict:
        yield f"{head}: how it stands cannot be told here"
    elif stands.missing:
        yield f"{head}: {stands.verdict}"
    else:
        yield f"{head}: {stands.verdict}, nothing is missing"
    yield from (f"    missing: {line}" for line in stands.missing)
    if stands.started:
        yield f"    started: {stands.started}"
