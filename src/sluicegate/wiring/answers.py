"""What people have said to release requests, however they said it, verified again."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sluicegate.adapters.ssh_keygen import SshKeygenChecker
from sluicegate.audit.attested.reading import AttestedReader
from sluicegate.audit.reader import LogReader
from sluicegate.audit.statements.answers import AnswerReader
from sluicegate.model.digest import Digest
from sluicegate.model.log_state import LogState
from sluicegate.model.release_request import Approval
from sluicegate.wiring.inboxes import Inboxes


@dataclass(frozen=True)
class Answers:
    """The answers in *log*, whose inboxes are *inboxes*.

    What was signed is held against ``allowed_signers``, and what a code host attests
    against the workflows, as the protected branch has them now.
    """

    inboxes: Inboxes
    log: LogReader

    def read(
        self,
        state: LogState,
        environment: str,
        now: datetime | None = None,
        *,
        entered: Digest | None = None,
    ) -> Iterator[Approval]:
        """As `sluicegate.audit.statements.answers.AnswerReader.read`.

        Raises:
            IntegrityError: an entry, or what it was made of, is not what it was.
            UsageError: it cannot be told which branch is the protected one.
            ExternalError: Git or OpenSSH fails.
        """
        place = self.inboxes.place
        signed = AnswerReader(
            self.log,
            place.evidence,
            SshKeygenChecker(place.machine.environ_without()),
            cache(self.inboxes.read_signers),
        )
        attested = AttestedReader(
            self.log, place.evidence, cache(self.inboxes.read_workflows)
        )
        for reader in (signed, attested):
            yield from reader.read(state, environment, now, entered=entered)
