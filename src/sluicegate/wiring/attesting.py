"""Attesting a release: the log it is read from, who signs, and where it goes."""

from dataclasses import dataclass
from functools import cached_property

from sluicegate.audit.proofs import build_proof
from sluicegate.audit.reader import LogReader
from sluicegate.errors import IntegrityError, UsageError
from sluicegate.ports.attachments import Attachments
from sluicegate.ports.signer import Signer
from sluicegate.tlog.note import format_vkey
from sluicegate.tlog.proof import format_proof
from sluicegate.wiring.logplace import LogPlace


@dataclass(frozen=True)
class Attesting:
    """Attests releases of the log at *place*."""

    place: LogPlace

    @cached_property
    def log(self) -> LogReader:
        """The log as it is now, verified from its beginning to its end.

        Raises:
            UsageError: there is none.
            IntegrityError: it is not what was written.
        """
        log = self.place.reader()
        problems = self.place.verify(None).problems
        if problems:
            more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
            raise IntegrityError(
                f"the log does not verify: {problems[0]}{more}",
                hint="nothing was attested; `sluice audit verify` lists the damage",
            )
        return log.at_once()

    def signer(self) -> Signer:
        """The log's key, which signs the log now.

        Raises:
            UsageError: its private half is not on this machine.
        """
        due = format_vkey(self.log.key)
        signer = self.place.machine.keyring.find_key(due)
        if signer is None:
            raise UsageError(
                f"the log's key {due} signs, and its private half is not on this"
                " machine",
                hint="attest where the log is written, as in the workflow that runs the"
                " pipeline; or `--unsigned`, into a file",
            )
        return signer

    def proof(self, index: int) -> str:
        """A proof that the entry is in the log, as a file."""
        return format_proof(build_proof(self.log, index)).decode()

    def attachments(self, repository: str) -> Attachments:
        """What is kept beside the images of *repository*, ``HOST/PATH``."""
        from sluicegate.wiring.oci_store import (  # noqa: PLC0415 - only to push
            open_oci_attachments,
        )

        return open_oci_attachments(self.place.machine, repository, self.place.base)
