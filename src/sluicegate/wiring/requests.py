"""Release requests in a log, as somebody sees them who has no key of it."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import islice
from pathlib import Path

from sluicegate.adapters.inboxes.git_refs import GitInbox
from sluicegate.audit.reader import LogReader
from sluicegate.audit.request_form import MAX_REQUEST_BYTES, parse_request
from sluicegate.audit.snapshot import read_state
from sluicegate.audit.statements.judging import AllowedSigners, refuse_key
from sluicegate.audit.statements.predicates import Answering, kind_of
from sluicegate.audit.statements.signed import (
    MAX_FILE_BYTES,
    SignedStatement,
    parse_signed,
)
from sluicegate.audit.statements.sshverify import check_signature
from sluicegate.audit.time import GateClock
from sluicegate.errors import (
    ExternalError,
    IntegrityError,
    MissingError,
    UsageError,
)
from sluicegate.model.digest import Digest
from sluicegate.model.log_state import LogState
from sluicegate.model.release_request import Answer, ReleaseRequest
from sluicegate.model.state_item import OpenRequest
from sluicegate.ports.inbox import Letter
from sluicegate.report.escape import escape
from sluicegate.report.moment import format_ago, format_moment
from sluicegate.report.request import Given, Standing
from sluicegate.wiring.inboxes import Inboxes
from sluicegate.wiring.logplace import LogPlace

_ID = re.compile(r"(?:sha256:)?([0-9a-f]{8,64})")
_SHOWN = 5
_MAX_LETTERS = 200
_LIST = "`sluice approvals` lists the open requests"


@dataclass(frozen=True, slots=True)
class Found:
    """A request; ``entry`` is what the log says of it, None where no log is here."""

    id: Digest
    request: ReleaseRequest
    entry: OpenRequest | None


@dataclass(frozen=True)
class Requests:
    """The release requests of the log whose inboxes are *inboxes*."""

    inboxes: Inboxes

    @property
    def place(self) -> LogPlace:
        """Where the log is."""
        return self.inboxes.place

    @cached_property
    def log(self) -> LogReader | None:
        """The log, None where there never was one.

        Raises:
            IntegrityError: it is not what it was when it was last seen.
        """
        try:
            return self.place.reader()
        except UsageError:
            if self.place.store.load() is not None:
                raise
            return None

    @cached_property
    def state(self) -> LogState:
        """What the log says is so.

        Raises:
            UsageError: there is no log.
            IntegrityError: it is not what was committed.
        """
        return read_state(self.log or self.place.reader())

    @cached_property
    def now(self) -> datetime:
        """The time that gates go by.

        Raises:
            PermanentError: this machine's clock is far behind the log.
        """
        clock = self.place.machine.clock
        return clock.now() if self.log is None else self.gate_clock(self.log).now()

    def gate_clock(self, log: LogReader) -> GateClock:
        """This machine's clock, but never before *log*."""
        return GateClock(self.place.machine.clock, log.newest())

    @cached_property
    def waiting(self) -> Mapping[Digest, Sequence[Given]]:
        """Answers in the inboxes here that their keys have signed, by request.

        Whether a key counts is judged by whoever takes them in.
        """
        known = set() if self.log is None else set(self.state.statements)
        found: dict[Digest, list[Given]] = {}
        for letter in self._letters_here():
            try:
                signed = parse_signed(letter.data or b"")
            except IntegrityError:
                continue
            said = signed.statement.predicate
            if signed.digest in known or not isinstance(said, Answering):
                continue
            if not self._is_signed(signed):
                continue
            known.add(signed.digest)  # it may lie here and on a remote
            found.setdefault(said.request, []).append(self._describe(signed, said))
        return found

    def _is_signed(self, signed: SignedStatement) -> bool:
        """Whether the key that it names has signed it, for this log.

        An inbox is anybody's: without this, a name could be put under any answer.
        """
        key, statement = signed.signature, signed.statement
        if self.log is not None and statement.log != self.log.head().origin:
            return False
        if refuse_key(key, kind_of(statement.predicate)):
            return False
        try:
            check_signature(key, signed.payload)
        except IntegrityError:
            return False
        return True

    def _describe(self, signed: SignedStatement, said: Answering) -> Given:
        key, at = signed.signature, signed.statement.created
        names = () if self.signers is None else self.signers.names_of(key.key)
        who = ", ".join(names) or key.fingerprint
        return Given(who, said.answer, said.reason, at, waits=True)

    @cached_property
    def signers(self) -> AllowedSigners | None:
        """Whose signatures count now; None where that cannot be told."""
        try:
            return self.inboxes.read_signers()
        except (UsageError, ExternalError):
            return None

    def _letters_here(self) -> Iterator[Letter]:
        """What waits in inboxes that no network is needed for."""
        inboxes = self.inboxes
        looks = [inboxes.beside.letters]
        if inboxes.repository is not None:
            runner = self.place.machine.process
            git = GitInbox(str(inboxes.folder), runner)
            looks += [git.letters, git.fetched]
        for look in looks:
            try:
                yield from list(islice(look(MAX_FILE_BYTES), _MAX_LETTERS))
            except ExternalError:
                continue  # whoever takes them in reports it

    def again(self) -> "Requests":
        """The same, of a log that is read anew."""
        return Requests(self.inboxes)

    @cached_property
    def open(self) -> Sequence[OpenRequest]:
        """Those that an answer can still do something for, newest first."""
        return [each for each in self.all() if self.standing(each)[0] is Standing.OPEN]

    @property
    def rejected(self) -> frozenset[Digest]:
        """Those that somebody has said no to, by the log alone."""
        answers = self.state.heard.values()
        return frozenset(
            given.request for given in answers if given.answer is Answer.REJECT
        )

    def all(self) -> Sequence[OpenRequest]:
        """Those that were not pruned, newest first."""
        found = self.state.requests.values()
        return sorted(found, key=lambda each: each.index, reverse=True)

    @cached_property
    def _newest(self) -> Mapping[tuple[str, str], OpenRequest]:
        """The newest request of every stage of a run."""
        return {(each.run_id, each.stage): each for each in reversed(self.all())}

    def standing(self, entry: OpenRequest) -> tuple[Standing, str]:
        """What an answer can still do, by the log alone, and because of what.

        A no that is in the log is judged with the rules, not here.
        """
        if entry.entered is not None:
            return Standing.USED, f"entry {entry.entered} used it, and once is all"
        newest = self._newest[entry.run_id, entry.stage]
        if newest.index > entry.index:
            return (
                Standing.REPLACED,
                f"something has changed since, and {newest.request.short} is asked now",
            )
        if entry.expires <= self.now:
            when = format_moment(entry.expires)
            return (
                Standing.EXPIRED,
                f"on {when}; `sluice resume {entry.run_id}` asks anew",
            )
        return Standing.OPEN, ""

    def require_log(self) -> None:
        """See to it that there is a log, for whoever is asked and begins none.

        Raises:
            UsageError: there never was one here.
            IntegrityError: it is not what it was when it was last seen.
        """
        if self.log is None:
            raise UsageError(
                f"there is no log in {self.place.name}",
                hint=self.place.explain_above()
                or "`sluice run` begins one; whoever is asked by others names theirs"
                " with --log PLACE (a folder, git:REF or s3://BUCKET/PREFIX), or has"
                " the request sent as a file and names that instead of its id",
            )

    def find(self, text: str, environment: str | None = None) -> Found:
        """The request that *text* names: the beginning of its id, or a file with it.

        Raises:
            UsageError: it names none or several, or is not about *environment*.
            IntegrityError: log or request are not what was written.
        """
        named = _ID.fullmatch(text.strip().lower())
        if named is None and (file := Path(text)).is_file():
            found = self._read_file(file)
        else:
            found = self._look_up(named[1] if named else "", text, environment)
        if environment not in {None, found.request.environment}:
            raise UsageError(
                f"request {found.id.short} is about"
                f" {escape(found.request.environment)}, not {environment}",
                hint=_LIST,
            )
        return found

    def load(self, entry: OpenRequest) -> Found:
        """Read the request of *entry*; its digest is what the log says.

        Raises:
            UsageError: it is not here.
            IntegrityError: it is not what was asked.
        """
        try:
            data = self.place.evidence.load(entry.request)
            request = parse_request(data)
        except MissingError as error:
            raise MissingError(
                f"request {entry.request.short} is in the log, but what it says is not"
                f" in the evidence: {error}",
                hint="without it nobody knows what would be approved",
            ) from error
        except IntegrityError as error:
            raise IntegrityError(f"request {entry.request.short}: {error}") from error
        origin = None if self.log is None else self.log.head().origin
        if request.log != origin:
            raise IntegrityError(
                f"request {entry.request.short} is about another log, {request.log}"
            )
        said = (request.environment, request.run_id, request.stage, request.expires)
        if said != (entry.environment, entry.run_id, entry.stage, entry.expires):
            raise IntegrityError(
                f"request {entry.request.short} says otherwise than entry {entry.index}"
                " of the log, which announces it"
            )
        return Found(entry.request, request, entry)

    def _look_up(self, beginning: str, text: str, environment: str | None) -> Found:
        if not beginning:
            raise UsageError(
                f"neither the id of a request nor a file: {text!r}",
                hint=f"write 8 digits of the id at least; {_LIST}",
            )
        self.require_log()
        known = self.state.requests.values()
        found = [each for each in known if each.request.hex.startswith(beginning)]
        found = [each for each in found if environment in {None, each.environment}]
        if len(found) == 1:
            return self.load(found[0])
        if found:
            raise UsageError(
                f"{len(found)} requests begin with {beginning}\n{self._listed(found)}",
                hint="write more of the one that is meant",
            )
        return self._none(beginning, environment)

    def _none(self, beginning: str, environment: str | None) -> Found:
        where = f" for {environment}" if environment else ""
        listed = self._listed(self.open)
        says = f"open are:\n{listed}" if listed else "none is open"
        raise UsageError(
            f"no request{where} begins with {beginning}; {says}",
            hint="a log on another machine? Bring it here, or name it with --log; the"
            " file with the request will do, too",
        )

    def _listed(self, entries: Iterable[OpenRequest]) -> str:
        rows = sorted(entries, key=lambda each: each.index, reverse=True)
        lines = [
            f"  {each.request.hex[:16]}  {escape(each.environment)},"
            f" asked {format_ago(each.created, self.now)}"
            for each in rows[:_SHOWN]
        ]
        if len(rows) > _SHOWN:
            lines.append(f"  and {len(rows) - _SHOWN} more")
        return "\n".join(lines)

    def _read_file(self, file: Path) -> Found:
        try:
            with file.open("rb") as opened:
                data = opened.read(MAX_REQUEST_BYTES + 1)
        except OSError as error:
            raise UsageError(f"cannot read {file}: {error.strerror}") from error
        try:
            request = parse_request(data)
        except IntegrityError as error:
            raise UsageError(
                f"{file} holds no release request: {error}",
                hint="the bytes must be just those that were asked:"
                " `sluice approvals REQUEST --save FILE` writes them",
            ) from error
        digest = Digest.of(data)
        if self.log is None:
            return Found(digest, request, None)
        entry = self.state.requests.get(digest)
        if entry is None:
            raise UsageError(
                f"the log in {self.place.name} holds no request {digest.short}",
                hint="is it older than the request, or another log?",
            )
        return Found(digest, request, entry)
