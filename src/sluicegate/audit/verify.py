"""Verifying a log from outside, trusting nothing but the key.

Everything is checked and every problem reported, in the order checkpoint, files,
entries, evidence.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sluicegate.audit.envelope import Envelope, LogEnvelope
from sluicegate.audit.pinning import Sighting, check_seen, explain_loss, recall
from sluicegate.audit.reader import LogReader
from sluicegate.audit.record import Entry, Unknown, decode_created, decode_entry
from sluicegate.errors import IntegrityError
from sluicegate.model.event import Event, RunStarted, StageFinished
from sluicegate.model.evidence import EvidenceFile
from sluicegate.model.log_event import LogCreated, LogEvent
from sluicegate.ports.evidence import EvidenceStore
from sluicegate.ports.pin import CheckpointPin
from sluicegate.ports.store import LogStore
from sluicegate.tlog.check import check_tree
from sluicegate.tlog.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from sluicegate.tlog.fetch import fetch_entries
from sluicegate.tlog.note import parse_note, parse_vkey
from sluicegate.tlog.tiles import ENTRIES, Tile, parse_path


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What was found. ``ok`` is whether ``problems`` is empty.

    ``origin`` is empty, ``size`` 0, ``root`` empty and ``evidence_files`` None when the
    checkpoint itself cannot be trusted: nothing else was looked at. ``root`` is base64,
    as in the checkpoint. ``vkey`` is the key used, empty if none is known,
    ``evidence_files`` counts the files that were read and agree, ``seen`` is the size
    of the log when it was last seen, if it is known.
    """

    origin: str
    size: int
    root: str
    vkey: str
    evidence_files: int | None
    problems: tuple[str, ...]
    seen: int | None = None

    @property
    def ok(self) -> bool:
        """Nothing is wrong."""
        return not self.problems


def verify(
    store: LogStore,
    vkey: str | None = None,
    evidence: EvidenceStore | None = None,
    pin: CheckpointPin | None = None,
) -> VerifyReport:
    """Verify a log, and the evidence its entries name.

    Args:
        store: the log's files and its checkpoint.
        vkey: the key that must have signed it. None takes the key that entry 0 names,
            which proves that the log is consistent, and not whose it is.
        evidence: where evidence files are; None does not look at them.
        pin: the checkpoints of this log seen before, which it must extend.

    Raises:
        ExternalError: the store cannot be read. Damage is never raised but reported.
        UsageError: *vkey* is not a verifier key.
    """
    loss = explain_loss(pin) if pin else None
    text, unnamed = vkey or "", None
    try:
        text = text or read_claimed_key(store)
    except IntegrityError as error:
        unnamed = error
    seen = recall(pin, *filter(None, [text])) if pin else []
    try:
        raw = store.load()
        if raw is None:
            raise loss or _explain_absence(store)
        head = _open(raw, text, unnamed)
    except IntegrityError as error:
        return _report_unread(error, vkey, seen)
    entries = _Entries(head, text, evidence)
    problems = [*check_tree(store, head, entries.check_all), *entries.problems]
    size, rolled_back = _check_pins(LogReader(store, parse_vkey(text)), seen)
    problems += rolled_back
    if not head.size:
        problems.append("checkpoint: the log is empty; entry 0 must say whose it is")
    return VerifyReport(
        head.origin,
        head.size,
        head.root_text,
        text,
        entries.evidence_files,
        tuple(problems),
        size,
    )


def read_claimed_key(store: LogStore) -> str:
    """The key that entry 0 names. It is a claim of the log about itself.

    Raises:
        IntegrityError: there is no readable entry 0.
    """
    for name in store.names(Tile(ENTRIES, 0).path):
        entries = fetch_entries(store.get, parse_path(name))
        return decode_created(entries[0])[1].vkey
    raise IntegrityError("entry 0 is missing, and with it the key of the log")


def _check_pins(
    log: LogReader, seen: Sequence[Sighting]
) -> tuple[int | None, list[str]]:
    """How large the log was seen, if ever, and how it fails to extend that."""
    sizes: list[int] = []
    problems: list[str] = []
    for sighting in seen:
        try:
            sizes.append(sighting.read().size)
            check_seen(log, [sighting])
        except IntegrityError as error:
            problems.append(f"pin: {error}. {error.hint}")
    return max(sizes, default=None), problems


def _explain_absence(store: LogStore) -> IntegrityError:
    """What there is in a place without a checkpoint that was never seen."""
    if any(store.names("tile/")):
        return IntegrityError(
            "checkpoint: missing, while files of the log are there",
            hint="Restore the log from a copy.",
        )
    return IntegrityError(
        "there is no log here",
        hint="Go to the project's folder, or name the log with --log.",
    )


def _open(raw: bytes, vkey: str, unnamed: IntegrityError | None) -> Checkpoint:
    hint = "Restore the log from a copy."
    try:
        parse_checkpoint(parse_note(raw).text)
        if unnamed is not None:
            raise unnamed
        hint = "Unless another key than the log's was named, restore it from a copy."
        return open_checkpoint(raw, parse_vkey(vkey))
    except IntegrityError as error:
        raise IntegrityError(f"checkpoint: {error}", hint=hint) from error


def _report_unread(
    error: IntegrityError, vkey: str | None, seen: Sequence[Sighting]
) -> VerifyReport:
    """What can be told without a checkpoint: why, and what was seen before."""
    problems = [f"{error}. {error.hint}" if error.hint else str(error)]
    sizes: list[int] = []
    for sighting in seen:
        try:
            sizes.append(sighting.read().size)
        except IntegrityError as broken:
            if str(broken) not in problems[0]:
                problems.append(f"pin: {broken}. {broken.hint}")
    size = max(sizes, default=None)
    return VerifyReport("", 0, "", vkey or "", None, tuple(problems), size)


class _Entries:
    """Checks the entries as such, in order; collects what is wrong."""

    def __init__(
        self, head: Checkpoint, vkey: str, evidence: EvidenceStore | None
    ) -> None:
        self.problems: list[str] = []
        self._head = head
        self._vkey = vkey
        self._evidence = evidence
        self._event_ids: set[str] = set()
        self._next_seq: dict[str, int] = {}
        self._files: dict[EvidenceFile, str | None] = {}

    @property
    def evidence_files(self) -> int:
        """How many files agree with the log."""
        return sum(problem is None for problem in self._files.values())

    def check_all(self, start: int, entries: Sequence[bytes]) -> None:
        """Check the entries from *start* on."""
        for index, entry in enumerate(entries, start):
            self.check(index, entry)

    def check(self, index: int, entry: bytes) -> None:
        """Check one entry."""
        try:
            if index == 0:
                found = self._check_created(*decode_created(entry))
            else:
                found = self._check_entry(decode_entry(entry))
        except IntegrityError as error:
            found = [str(error)]
        self.problems += [f"entry {index}: {problem}" for problem in found]

    def _check_created(self, envelope: LogEnvelope, created: LogCreated) -> list[str]:
        self._event_ids.add(envelope.event_id)
        problems = []
        if created.origin != self._head.origin:
            problems.append(f"it begins the log {created.origin!r}, not this one")
        if created.vkey != self._vkey:
            problems.append(f"it names another key: {created.vkey}")
        return problems

    def _check_entry(self, entry: Entry) -> list[str]:
        problems = []
        event_id = entry.envelope.event_id
        if event_id in self._event_ids:
            problems.append(f"event {event_id} is there twice")
        self._event_ids.add(event_id)
        if isinstance(entry.event, LogCreated):
            problems.append("the log is begun a second time")
        if isinstance(entry.envelope, Envelope):
            problems += self._check_run(entry.envelope, entry.event)
        return problems

    def _check_run(
        self, envelope: Envelope, event: Event | LogEvent | Unknown
    ) -> list[str]:
        problems = []
        due = self._next_seq.get(envelope.run_id, 0)
        if envelope.seq != due:
            problems.append(
                f"event {envelope.seq} of run {envelope.run_id} "
                f"where event {due} should be"
            )
        self._next_seq[envelope.run_id] = envelope.seq + 1
        if (envelope.seq == 0) != isinstance(event, RunStarted):
            problems.append(
                f"run {envelope.run_id} begins with something else"
                if envelope.seq == 0
                else f"run {envelope.run_id} begins a second time"
            )
        if isinstance(event, StageFinished):
            problems += filter(None, map(self._check_file, event.evidence.files))
        return problems

    def _check_file(self, file: EvidenceFile) -> str | None:
        if self._evidence is None:
            return None
        if file not in self._files:
            self._files[file] = _check_evidence(self._evidence, file)
        return self._files[file]


def _check_evidence(evidence: EvidenceStore, file: EvidenceFile) -> str | None:
    try:
        data = evidence.load(file.digest)
    except IntegrityError as error:
        return f"{file.name}: {error}"
    if len(data) != file.size:
        return f"{file.name}: {len(data)} bytes, not {file.size}"
    return None
