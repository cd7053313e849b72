"""Waiting at a terminal until an entry gate says something else than "not yet".

Nothing is recorded while it waits, but for what others have left in the inboxes. What
ends the waiting is judged again by the run that then goes on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sluicegate.errors import ExternalError, UsageError
from sluicegate.model.decision import Verdict
from sluicegate.model.event import ReleaseRequested
from sluicegate.report.request import Standing
from sluicegate.wiring.inboxes import Inboxes
from sluicegate.wiring.request_judging import Judging
from sluicegate.wiring.requests import Requests

LOOK_SECONDS = 3
"""How often the inboxes and the log are looked at."""

Say = Callable[[str, str], None]
"""Tells a person, of a stage, what it waits for."""


@dataclass
class Waiting:
    """Looks for what ends the waiting of a run with *inboxes*.

    *take_in* takes what is in the inboxes into the log, *say* hears of every change.
    """

    inboxes: Inboxes
    take_in: Callable[[], None]
    say: Say

    def __post_init__(self) -> None:
        self._said: dict[str, str] = {}

    def wait(self, asked: Sequence[ReleaseRequested]) -> None:
        """Wait until one of *asked* is worth looking at by whoever resumes the run.

        Raises:
            Interrupted: asked to stop.
            IntegrityError: the log is not what it was.
        """
        clock = self.inboxes.place.machine.clock
        while True:
            self.take_in()
            over = [self._is_over(each) for each in asked]  # each is told of
            if any(over):
                return
            clock.sleep(LOOK_SECONDS)

    def _is_over(self, asked: ReleaseRequested) -> bool:
        """Whether to resume for it; if not, why not is said once."""
        requests = Requests(self.inboxes)
        try:
            entry = requests.state.requests[asked.request]
            found = requests.load(entry)
            standing, because = requests.standing(entry)
            judging = Judging(requests, found)
            decision = judging.decision
        except (ExternalError, UsageError) as error:
            self._tell(asked.stage, f"cannot look: {error}")
            return False
        if standing is not Standing.OPEN:
            self._tell(asked.stage, f"request {found.id.short}: {because}")
            return True
        if decision is None:
            self._tell(asked.stage, f"cannot tell: {'; '.join(judging.trouble)}")
            return False
        if judging.policy is not None and judging.policy.digest != asked.policy:
            self._tell(asked.stage, "the rules have changed")
            return True
        if decision.verdict is not Verdict.PENDING:
            return True
        missing = "; ".join(decision.missing) or decision.reason
        self._tell(
            asked.stage, f"waiting: {missing} (`sluice approve {found.id.short}`)"
        )
        return False

    def _tell(self, stage: str, text: str) -> None:
        if self._said.get(stage) != text:
            self._said[stage] = text
            self.say(stage, text)
