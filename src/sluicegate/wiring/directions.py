"""What people decide about a rollout that this process conducts, out of the log."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache

from typing_extensions import override

from sluicegate.adapters.ssh_keygen import SshKeygenChecker
from sluicegate.audit.history import history
from sluicegate.audit.snapshot import read_state
from sluicegate.audit.statements.directions import DirectionReader, done_with
from sluicegate.audit.statements.reading import StatementReader
from sluicegate.engine.authority import Authority
from sluicegate.engine.directions import Directed, Directions
from sluicegate.errors import TransientError, UsageError
from sluicegate.gates.directions import Ruling, judge_directions
from sluicegate.model.event import (
    EnvironmentEntered,
    Event,
    RolloutStarted,
)
from sluicegate.model.log_state import LogState
from sluicegate.model.release_request import ReleaseRequest
from sluicegate.wiring.inboxes import Inboxes
from sluicegate.wiring.project import Project
from sluicegate.wiring.record import ProjectLog

LOOK_MS = 3_000
"""How often the inboxes are looked into, at most. Unit: milliseconds."""


@dataclass
class LoggedDirections(Directions):
    """Decisions about the rollouts of run *run_id* of *project*.

    *authority* has the rules; *take_in* takes what waits in the inboxes into the log;
    *say* hears, of a stage, why something that was said is not done.
    """

    project: Project
    log: ProjectLog
    authority: Authority
    run_id: str
    take_in: Callable[[], None]
    say: Callable[[str, str], None]
    _next_ms: int = field(default=0, init=False)
    _looked_at: int = field(default=-1, init=False)
    _said: set[str] = field(default_factory=set, init=False)

    @override
    def pending(self, started: RolloutStarted, stage: str) -> Directed | None:
        clock = self.log.clock
        if clock.monotonic_ms() < self._next_ms:
            return None
        self._next_ms = clock.monotonic_ms() + LOOK_MS
        self.take_in()
        with self.log.naming():
            state = read_state(self.log.log)
            if not self._is_said(state, started.environment, stage):
                return None
            try:
                return self._judge(state, started.environment, stage)
            except UsageError as error:
                raise TransientError(
                    f"what was decided about the rollout cannot be judged: {error}",
                    hint=error.hint,
                ) from error

    def _is_said(self, state: LogState, environment: str, stage: str) -> bool:
        """Whether anybody has said anything about this very rollout."""
        term, known = state.terms.get(environment), state.rollouts.get(environment)
        if term is None or known is None:
            return False
        if (known.run_id, known.stage) != (self.run_id, stage):
            return False
        return any(given.rollout == term.rollout for given in state.directions.values())

    def _judge(self, state: LogState, environment: str, stage: str) -> Directed | None:
        events = [
            event
            for event in history(
                self.log.log, self.log.journal(self.run_id), self.run_id
            )
            if getattr(event, "stage", None) == stage
        ]
        words = list(self._reader.read(state, environment, done_with(events)))
        request = self._request(events)
        clock = self.log.clock
        rulings = judge_directions(
            self.authority.policy(environment), request, words, clock.now()
        )
        for ruling in rulings:
            if ruling.is_due:
                done = ruling.index + 1
                if any(word.index >= done for word in words):
                    self._next_ms = clock.monotonic_ms()  # more was said: look at once
                return Directed(ruling.direction, ruling.reason, ruling.by, done)
            self._explain(stage, ruling)
        return None

    def _request(self, events: Sequence[Event]) -> ReleaseRequest | None:
        """What let the release in; it says who has a part in it."""
        entered = [each for each in events if isinstance(each, EnvironmentEntered)]
        if not entered or entered[-1].request is None:
            return None
        return self.authority.load(entered[-1].request)

    def _explain(self, stage: str, ruling: Ruling) -> None:
        reasons = [*ruling.missing, *(why for _, why in ruling.ignored)]
        text = f"{ruling.direction.value} is not done yet: {'; '.join(reasons)}"
        if text not in self._said:
            self._said.add(text)
            self.say(stage, text)

    @property
    def _reader(self) -> DirectionReader:
        inboxes = Inboxes(self.log.place, self.project.file)
        return DirectionReader(
            StatementReader(
                self.log.log,
                self.log.evidence,
                SshKeygenChecker(self.project.machine.environ_without()),
                cache(inboxes.read_signers),
            )
        )
