"""What became of answers on the code host, as a report shows it."""

from sluicegate.audit.attested.taking import Taken
from sluicegate.report.attested import Heard, HeardReport, StandsNow
from sluicegate.wiring.github.answers import Stands, TakenIn


def report_heard(taken: TakenIn) -> HeardReport:
    """Bring *taken* into the form in which it is shown."""
    return HeardReport(
        tuple(map(_heard, taken.answers)),
        tuple(map(_stands, taken.requests)),
        taken.trouble,
    )


def _heard(each: Taken) -> Heard:
    word = each.word
    return Heard(
        place=each.place,
        url=each.url,
        who="" if word is None else word.account.login,
        answer=None if word is None else word.answer,
        request=None if word is None else word.request,
        refused=each.reason,
        is_new=each.event is not None,
    )


def _stands(each: Stands) -> StandsNow:
    started = "" if each.started is None else each.started.url or each.started.workflow
    return StandsNow(
        each.request,
        each.environment,
        "" if each.verdict is None else each.verdict.value,
        each.missing,
        started,
    )
