"""The answers to release requests that are in a log, each verified again."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sluicegate.audit.reader import LogReader
from sluicegate.audit.statements.judging import AllowedSigners
from sluicegate.audit.statements.reading import StatementReader
from sluicegate.model.digest import Digest
from sluicegate.model.log_state import LogState
from sluicegate.model.release_request import Approval
from sluicegate.model.state_item import GivenAnswer
from sluicegate.ports.evidence import EvidenceStore
from sluicegate.ports.statement_signer import SignatureChecker


@dataclass(frozen=True)
class AnswerReader:
    """Reads the answers in *log*, whose signed statements are in *evidence*.

    ``signers`` says whose signatures count now.
    """

    log: LogReader
    evidence: EvidenceStore
    checker: SignatureChecker
    signers: Callable[[], AllowedSigners]

    def read(
        self,
        state: LogState,
        environment: str,
        now: datetime | None = None,
        *,
        entered: Digest | None = None,
    ) -> Iterator[Approval]:
        """The answers to the open requests about *environment*, in their order.

        An answer to a request that was used does nothing any more, unless it is
        *entered*, by which whoever asks has used it; nor one to what has
        expired by *now*; without it, expired ones are read too. One that does not
        count has its ``flaw`` said: whoever judges must know of it.

        Raises:
            IntegrityError: an entry or a signed statement is not what it was.
            UsageError: it cannot be told whose signatures count.
            ExternalError: Git or OpenSSH fails.
        """
        given = sorted(state.answers.values(), key=lambda each: each.index)
        for each in given:
            asked = state.requests.get(each.request)
            if asked is None or asked.environment != environment:
                continue
            is_used = asked.entered is not None and asked.request != entered
            if not is_used and (now is None or now < asked.expires):
                yield self._read(each)

    def _read(self, given: GivenAnswer) -> Approval:
        reader = StatementReader(self.log, self.evidence, self.checker, self.signers)
        found = reader.read(given.index, given.statement, given.recorded_ts)
        return Approval(
            request=given.request,
            environment=given.environment,
            answer=given.answer,
            identities=found.identities,
            key=found.key,
            reason=given.reason,
            created=found.statement.created,
            recorded=given.recorded_ts,
            statement=given.statement,
            index=given.index,
            flaw=found.flaw,
        )
