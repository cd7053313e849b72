"""How a stage or a run ended, in the words of the conventions.

A gate that says no is a *failure*, what broke an *error*. Whoever waits for people, for
a better time or for more data of a canary has not ended: that is ``pending``, a word of
our own, as none of the conventions' applies. A gate that could not tell, and waits for
nobody, is a failure with an ``error.type`` of its own.

Source:
    Semantic conventions v1.44.0, ``cicd.pipeline.result`` and
    ``cicd.pipeline.task.run.result``.
"""

from dataclasses import dataclass

from sluicegate.model.decision import Outcome


@dataclass(frozen=True, slots=True)
class Result:
    """``word`` is the result; ``error`` the ``error.type``, None if there is none."""

    word: str
    error: str | None = None


SUCCESS = Result("success")
SKIP = Result("skip")
CANCELLATION = Result("cancellation")
PENDING = Result("pending")
TIMEOUT = Result("timeout", "timeout")
CLOSED = Result("failure", "gate_closed")
INCONCLUSIVE = Result("failure", "gate_inconclusive")
BROKEN = Result("error", "broken")
UNKNOWN = Result("error", "_OTHER")


def result_of(outcome: Outcome, *, waits: bool, timed_out: bool = False) -> Result:
    """The result of what ended with *outcome*.

    *waits* says that something waits for people, for a time or for data, *timed_out*
    that a program was ended as it took too long.
    """
    match outcome:
        case Outcome.OPEN:
            return SUCCESS
        case Outcome.CLOSED:
            return CLOSED
        case Outcome.PENDING:
            return PENDING if waits else INCONCLUSIVE
        case Outcome.BROKEN:
            return TIMEOUT if timed_out else BROKEN
