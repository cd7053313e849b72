"""Verifying a log from outside, trusting nothing but the key.

Everything is checked and every problem reported, in the order checkpoint, files,
entries, evidence, store, anchors.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sluicegate.audit.entry_rules import EntryRules, OpenRun
from sluicegate.audit.keychain import Keychain, build_keychain
from sluicegate.audit.pinning import Sighting, check_seen, explain_loss, recall
from sluicegate.audit.reader import LogReader
from sluicegate.audit.record import decode_created, decode_entry
from sluicegate.audit.snapshot import read_state
from sluicegate.audit.trust import UnprovenLog, read_keychain, trust
from sluicegate.audit.witnessed import Witnessing, check_witnessed
from sluicegate.errors import IntegrityError
from sluicegate.model.log_event import LogPruned
from sluicegate.model.retention import Promise
from sluicegate.ports.evidence import EvidenceStore
from sluicegate.ports.pin import CheckpointPin
from sluicegate.ports.store import LogStore
from sluicegate.tlog.check import check_tree
from sluicegate.tlog.checkpoint import Checkpoint, parse_checkpoint
from sluicegate.tlog.fetch import fetch_entries
from sluicegate.tlog.note import format_vkey, parse_note, parse_vkey
from sluicegate.tlog.policy import Policy
from sluicegate.tlog.tiles import ENTRIES, Tile, parse_path
from sluicegate.tlog.tree import VerifiedTree

Progress = Callable[[int, int], None]
"""Receives how many entries have been checked, and how many there are."""


@dataclass(frozen=True, slots=True)
class Anchors:
    """What vouches for a log from outside of it, as far as it was asked.

    ``seen`` is the size of the log when this machine last saw it, None if it never did;
    ``held`` is whether the log extends what was seen. ``witnesses`` is None without a
    policy, ``store`` if the store was not asked.
    """

    seen: int | None = None
    held: bool = False
    witnesses: Witnessing | None = None
    store: Promise | None = None


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What was found. ``ok`` is whether ``problems`` is empty.

    ``origin`` is empty, ``size`` 0, ``root`` empty and ``evidence_files`` None when the
    checkpoint itself cannot be trusted: nothing else was looked at. ``root`` is base64,
    as in the checkpoint. ``vkey`` is the key used, empty if none is known,
    ``evidence_files`` counts the files that were read and agree. Entries before
    ``min_index`` were pruned. ``open_runs`` have not finished, and ``unknown`` counts
    the entries of each type that this version does not know: neither is a problem.
    ``signatures`` counts those under signed statements that hold, ``unchecked`` those
    of which that is not known, by the reason; ``attested`` counts answers that a code
    host attests and nobody has signed. ``doubts`` are times of entries that
    something contradicts, which proves nothing by itself.
    """

    origin: str
    size: int
    root: str
    vkey: str
    evidence_files: int | None
    problems: tuple[str, ...]
    anchors: Anchors = Anchors()
    min_index: int = 0
    open_runs: tuple[OpenRun, ...] = ()
    unknown: Mapping[str, int] = field(default_factory=dict)
    signatures: int = 0
    unchecked: Mapping[str, int] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    attested: int = 0

    @property
    def ok(self) -> bool:
        """Nothing is wrong."""
        return not self.problems


def verify(
    store: LogStore,
    vkey: str | None = None,
    evidence: EvidenceStore | None = None,
    pin: CheckpointPin | None = None,
    *,
    policy: Policy | None = None,
    needs_quorum: bool = True,
    now: datetime | None = None,
    progress: Progress = lambda _done, _all: None,
) -> VerifyReport:
    """Verify a log, and the evidence its entries name.

    Args:
        store: the log's files and its checkpoint.
        vkey: a key that must have signed it, or handed over to the one that did. None
            takes the key that entry 0 names, which proves that the log is consistent,
            and not whose it is.
        evidence: where evidence files are; None does not look at them.
        pin: the checkpoints of this log seen before, which it must extend.
        policy: the witnesses to believe; None does not ask for any.
        needs_quorum: whether it is a problem that too few of them have signed yet.
        now: the time, for entries that are dated beyond it; None does not ask.
        progress: told again and again how far it is.

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
        head, keys = _open(store, raw, text, unnamed)
    except IntegrityError as error:
        return _report_unread(error, vkey, seen)
    rules = EntryRules(head.origin, evidence)

    def find_min_index() -> int:
        pruned = _find_pruned_since(LogReader(store, keys), raw, head)
        rules.min_index = max(rules.min_index, pruned)
        return rules.min_index

    problems = [
        *check_tree(
            store,
            head,
            rules.check,
            min_index=find_min_index,
            progress=lambda done: progress(done, head.size),
        ),
        *rules.problems,
        *rules.finish(),
        *_check_keys(store, rules, raw, keys),
        *(f"store: {finding}" for finding in store.inspect(head.size)),
    ]
    anchors, contradictions = _check_anchors(store, raw, keys, seen, policy)
    witnesses = anchors.witnesses
    if needs_quorum and witnesses is not None and not witnesses.reached:
        quorum = witnesses.quorum
        problems.append(f"witnesses: no state of the log was cosigned by {quorum}")
    if not head.size:
        problems.append("checkpoint: the log is empty; entry 0 must say whose it is")
    return VerifyReport(
        origin=head.origin,
        size=head.size,
        root=head.root_text,
        vkey=format_vkey(keys.current),
        evidence_files=rules.evidence_files,
        problems=(*problems, *contradictions),
        anchors=anchors,
        min_index=rules.min_index,
        open_runs=rules.open_runs,
        unknown=rules.unknown,
        signatures=rules.statements.held,
        unchecked=rules.statements.unchecked,
        attested=rules.attested.count,
        doubts=tuple(rules.times.doubts(_sightings(witnesses), now)),
    )


def _sightings(found: Witnessing | None) -> Sequence[tuple[int, datetime]]:
    """What witnesses saw of the log, and when."""
    seen = () if found is None else found.seen
    return [(each.size, datetime.fromtimestamp(each.at, UTC)) for each in seen]


def read_claimed_key(store: LogStore) -> str:
    """The key that entry 0 names. It is a claim of the log about itself.

    Where entry 0 was pruned, the newest snapshot repeats what it said.

    Raises:
        IntegrityError: there is no readable entry 0, nor a snapshot.
    """
    for name in store.names(Tile(ENTRIES, 0).path):
        try:
            entries = fetch_entries(store.get, parse_path(name))
        except IntegrityError:
            if store.get(name) is None:
                continue  # pruned since it was listed
            raise
        return decode_created(entries[0])[1].vkey
    raw = store.load()
    created = read_state(UnprovenLog(store, raw)).created if raw is not None else None
    if created is None:
        raise IntegrityError("entry 0 is missing, and with it the key of the log")
    return created.vkey


def _check_keys(
    store: LogStore, rules: EntryRules, raw: bytes, keys: Keychain
) -> Sequence[str]:
    """Hold the keys that entries name against those that the log is trusted by."""
    created = rules.created
    if created is None and not rules.min_index:
        return ()  # reported
    if created and created.vkey not in keys.vkeys and not rules.rotations:
        return (f"entry 0: it names another key: {created.vkey}",)
    try:
        if created is None:  # pruned, and maybe the handing over as well
            chain = read_keychain(UnprovenLog(store, store.load() or raw))
        else:
            chain = build_keychain(created.vkey, rules.rotations)
        chain.check_trusts(keys.keys)
        head = chain.open(raw)
        if chain.rotations:
            chain.check_roots(VerifiedTree(store.get, head).root_at)
    except IntegrityError as error:
        return (str(error),)
    return ()


def _find_pruned_since(log: LogReader, raw: bytes, old: Checkpoint) -> int:
    """The index up to which *log* was pruned since it was *old*, signed as *raw*.

    Entries that came since are looked at for nothing else: the next verification will.
    """
    now = log.store.load()
    if now is None or now == raw:
        return 0
    try:
        log = LogReader(log.store, trust(log.store, now, [log.key]))
        events = [
            decode_entry(data).event
            for _, data in log.entries(old.size, log.check_extends(old).size)
        ]
    except IntegrityError:
        return 0
    pruned = [event.min_index for event in events if isinstance(event, LogPruned)]
    return max(pruned, default=0)


def _check_anchors(
    store: LogStore,
    raw: bytes,
    keys: Keychain,
    seen: Sequence[Sighting],
    policy: Policy | None,
) -> tuple[Anchors, list[str]]:
    """Ask what is outside of the log, and say how the log contradicts it."""
    size, problems = _check_pins(LogReader(store, keys), seen)
    held, witnesses = size is not None and not problems, None
    if policy is not None:
        try:
            tree = VerifiedTree(store.get, keys.open(raw))
            witnesses = check_witnessed(store, raw, tree, policy)
            problems += (f"witnesses: {each}" for each in witnesses.problems)
        except IntegrityError as error:
            problems.append(f"witnesses: {error}")
    return Anchors(size, held, witnesses, store.promise()), problems


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


def _open(
    store: LogStore, raw: bytes, vkey: str, unnamed: IntegrityError | None
) -> tuple[Checkpoint, Keychain]:
    hint = "Restore the log from a copy."
    try:
        parse_checkpoint(parse_note(raw).text)
        if unnamed is not None:
            raise unnamed
        hint = "Unless another key than the log's was named, restore it from a copy."
        keys = trust(store, raw, [parse_vkey(vkey)])
        return keys.open(raw), keys
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
    anchors = Anchors(seen=max(sizes, default=None))
    return VerifyReport("", 0, "", vkey or "", None, tuple(problems), anchors)
