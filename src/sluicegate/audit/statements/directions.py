"""What people want of a rollout, out of a log, each word verified again."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sluicegate.audit.statements.reading import StatementReader
from sluicegate.gates.directions import Word
from sluicegate.model.event import Event, RolloutDirected, RolloutStarted
from sluicegate.model.log_state import LogState
from sluicegate.model.release_request import Answer, Approval
from sluicegate.model.state_item import GivenDirection


@dataclass(frozen=True)
class DirectionReader:
    """Reads what was said about open rollouts with *statements*."""

    statements: StatementReader

    def read(self, state: LogState, environment: str, since: int) -> Iterator[Word]:
        """What was said about the rollout in *environment* from entry *since* on.

        Raises:
            IntegrityError: an entry or a signed statement is not what it was.
            UsageError: it cannot be told whose signatures count.
            ExternalError: Git or OpenSSH fails.
        """
        for index, given in sorted(state.directions.items()):
            if given.environment == environment and index >= since:
                yield self._read(given)

    def _read(self, given: GivenDirection) -> Word:
        if given.statement is None:
            return Word.unsigned(given.direction, given.reason, given.index)
        found = self.statements.read(given.index, given.statement, given.recorded_ts)
        said = Approval(
            request=given.statement,
            environment=given.environment,
            answer=Answer.APPROVE,
            identities=found.identities,
            key=found.key,
            reason=given.reason,
            created=found.statement.created,
            recorded=given.recorded_ts,
            statement=given.statement,
            index=given.index,
            flaw=found.flaw,
        )
        return Word(given.direction, given.reason, given.index, said)


def done_with(events: Iterable[Event]) -> int:
    """How many entries of the log were looked at for the last decision in *events*.

    What is said later is open. Before any decision it is all that is said: nobody can
    name a rollout that has not begun.
    """
    size = 0
    for event in events:
        if isinstance(event, RolloutStarted):
            size = 0
        elif isinstance(event, RolloutDirected):
            size = event.size
    return size
