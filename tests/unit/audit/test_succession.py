"""Unit tests of `sluicegate.audit.succession` and `sluicegate.audit.trust`."""

from datetime import UTC, datetime, timedelta

import pytest
from fakes import FakeClock
from fakes_audit import (
    FakeKeyring,
    FakePin,
    FakeSigner,
    FakeStore,
    begin_log,
    event_ids,
    log_envelope,
)

from sluicegate.audit import open_log
from sluicegate.audit.authority import Authority
from sluicegate.audit.envelope import LogEnvelope
from sluicegate.audit.keychain import Keychain, hand_over
from sluicegate.audit.log import AuditLog
from sluicegate.audit.log_recorder import LogRecorder
from sluicegate.audit.reader import LogReader
from sluicegate.audit.record import encode_log
from sluicegate.audit.snapshot import write_snapshot
from sluicegate.audit.succession import rotate_key
from sluicegate.audit.trust import read_keychain, resolve, trust
from sluicegate.audit.verify import verify
from sluicegate.errors import IntegrityError, PermanentError, UsageError
from sluicegate.model.log_event import KeyRotated, RetentionChanged
from sluicegate.tlog.note import parse_note, parse_vkey

ORIGIN = "log.example/churn"
NOW = datetime(2026, 11, 22, tzinfo=UTC)
OVERLAP = timedelta(days=30)


class Clock:
    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at


class Place:
    """A log, and a machine that has its keys."""

    def __init__(self, store: FakeStore | None = None) -> None:
        self.store = store or FakeStore()
        self.keys = FakeKeyring()
        self.pin = FakePin()
        self.clock = Clock()
        self.ids = event_ids()

    def envelope(self) -> LogEnvelope:
        template = log_envelope()
        return LogEnvelope(
            event_id=self.ids(),
            recorded_ts=self.clock.now(),
            actor=template.actor,
            tool=template.tool,
        )

    def open(self) -> AuditLog:
        return open_log(
            self.store,
            self.keys,
            self.pin,
            lambda _attempt: None,
            origin=ORIGIN,
            envelope=self.envelope,
        )

    def elsewhere(self, keys: FakeKeyring) -> "Place":
        """Another machine that sees the same log."""
        place = Place(self.store)
        place.keys, place.clock, place.ids = keys, self.clock, self.ids
        return place

    def entry(self) -> bytes:
        return encode_log(self.envelope(), RetentionChanged(401, 400))

    def rotate(
        self, log: AuditLog | None = None, overlap: timedelta | None = OVERLAP
    ) -> KeyRotated:
        return rotate_key(
            log or self.open(),
            self.keys,
            self.envelope,
            reason="a test",
            overlap_until=None if overlap is None else self.clock.now() + overlap,
        )

    def signers(self) -> list[str]:
        """The ids of the keys in the checkpoint."""
        raw = self.store.load()
        assert raw is not None
        return [line.key_id.hex() for line in parse_note(raw).signatures]


def id_of(vkey: str) -> str:
    return vkey.split("+")[1]


def begun() -> Place:
    place = Place()
    place.open().append([place.entry()])
    return place


def test_both_keys_sign_during_the_overlap_and_the_new_one_alone_after_it() -> None:
    place = begun()
    event = place.rotate()
    old, new = id_of(event.old_vkey), id_of(event.new_vkey)
    assert place.signers() == [new, old]

    place.open().append([place.entry()])
    assert place.signers() == [new, old]
    place.clock.at += OVERLAP
    place.open().append([place.entry()])
    assert place.signers() == [new]

    assert event.size == 2
    assert verify(place.store, event.old_vkey).problems == ()
    assert verify(place.store, event.new_vkey).problems == ()
    assert verify(place.store).problems == ()


def test_without_an_overlap_the_old_key_signs_no_more() -> None:
    place = begun()
    event = place.rotate(overlap=None)

    assert place.signers() == [id_of(event.new_vkey)]
    raw = place.store.load() or b""
    chain = trust(place.store, raw, [parse_vkey(event.old_vkey)])
    assert chain.vkeys == (event.old_vkey, event.new_vkey)
    assert LogReader(place.store, chain).head().size == 3


def test_a_chain_of_three_keys_is_followed_from_any_of_them() -> None:
    place = begun()
    first = place.rotate(overlap=None)
    place.open().append([place.entry()])
    second = place.rotate(overlap=None)
    raw = place.store.load() or b""

    for vkey in (first.old_vkey, first.new_vkey, second.new_vkey):
        chain = resolve(place.store, raw, [parse_vkey(vkey)])
        assert chain.vkeys == (first.old_vkey, first.new_vkey, second.new_vkey)
        assert verify(place.store, vkey).ok
    stranger = parse_vkey(FakeSigner(ORIGIN, "stranger").vkey())
    with pytest.raises(IntegrityError, match="nor by one that it handed over to"):
        resolve(place.store, raw, [stranger])


def test_the_chain_is_read_from_a_snapshot() -> None:
    place = begun()
    event = place.rotate(overlap=None)
    log = place.open()
    template = log_envelope()
    recorder = LogRecorder(
        log, FakeClock(), place.ids, actor=template.actor, tool=template.tool
    )
    write_snapshot(recorder, always=True)
    log.append([place.entry()])

    assert read_keychain(log).vkeys == (event.old_vkey, event.new_vkey)
    assert verify(place.store, event.old_vkey).ok


def test_a_log_opened_before_goes_on_with_the_new_key() -> None:
    place = begun()
    long_open = place.open()
    event = place.rotate(overlap=None)

    long_open.append([place.entry()])

    assert place.signers() == [id_of(event.new_vkey)]
    assert verify(place.store, event.old_vkey).ok


def test_a_machine_without_the_new_key_stops_and_says_which_to_copy() -> None:
    place = begun()
    old = FakeKeyring()
    old.keys = dict(place.keys.keys)
    other = place.elsewhere(old)
    other.pin = place.pin
    long_open = other.open()
    event = place.rotate()

    for write in (other.open, lambda: long_open.append([place.entry()])):
        with pytest.raises(UsageError, match="rotated in entry 2") as caught:
            write()
        assert event.new_vkey in str(caught.value)
    assert place.store.load() == place.pin.saved


def test_a_retired_key_that_appends_alone_is_found_out() -> None:
    place = begun()
    before = Authority(place.open().keys, place.open().authority.signers)
    event = place.rotate(overlap=None)
    thief = AuditLog(place.store, before.signers[0])
    with pytest.raises(IntegrityError):
        thief.append([place.entry()])
    _force(place, before)

    report = verify(place.store, event.old_vkey)
    assert any("alone, which handed over to" in each for each in report.problems)
    with pytest.raises(IntegrityError, match="alone, which handed over to"):
        place.open()
    raw = place.store.load() or b""
    with pytest.raises(IntegrityError, match="alone, which handed over to"):
        resolve(place.store, raw, [parse_vkey(event.old_vkey)])


def _force(place: Place, authority: Authority) -> None:
    """Append as somebody would who has the old key and no manners."""
    state = LogReader(place.store, read_keychain(place.open())).head()
    log = AuditLog(place.store, authority)
    with place.store.exclusive():
        log._commit(place.store.load(), state, [place.entry()])


def test_a_handing_over_that_the_old_key_did_not_sign_is_found_out() -> None:
    place = begun()
    log = place.open()
    thief = FakeSigner(ORIGIN, "thief")
    honest = hand_over(
        log.head(), log.authority.signers[0], thief, reason="", overlap_until=None
    )
    forged = KeyRotated(
        old_vkey=honest.old_vkey,
        new_vkey=honest.new_vkey,
        size=honest.size,
        root=honest.root,
        reason="",
        old_signature=honest.new_signature,
        new_signature=honest.new_signature,
    )
    chain = Keychain(log.key, (forged,))
    with place.store.exclusive():
        writer = AuditLog(place.store, Authority(chain, (thief,)))
        entry = encode_log(place.envelope(), forged)
        writer._commit(place.store.load(), log.head(), [entry])

    report = verify(place.store, honest.old_vkey)
    assert not report.ok
    assert "did not sign the handing over" in "".join(report.problems)
    with pytest.raises(IntegrityError, match="did not sign the handing over"):
        place.open()


def test_a_history_rewritten_under_the_same_rotation_is_found_out() -> None:
    """Whoever has only the new key cannot change what came before it."""
    place = begun()
    event = place.rotate(overlap=None)
    new = place.open().authority.signers[0]
    store = FakeStore()
    log = begin_log(store)  # with the old key, which stands for any rewriting
    log.append([encode_log(log_envelope("1" * 26), RetentionChanged(999, 400))])
    chain = Keychain(parse_vkey(event.old_vkey), (event,))
    with store.exclusive():
        writer = AuditLog(store, Authority(chain, (new,)))
        entry = encode_log(log_envelope("2" * 26), event)
        writer._commit(store.load(), log.head(), [entry])

    raw = store.load() or b""
    with pytest.raises(IntegrityError, match="handed over in another history"):
        resolve(store, raw, [parse_vkey(event.old_vkey)])
    for vkey in (event.old_vkey, event.new_vkey):
        report = verify(store, vkey)
        assert "handed over in another history" in "".join(report.problems)


def test_a_rotation_cut_off_before_its_entry_is_carried_on_with_the_same_key() -> None:
    place = begun()
    prepared = place.keys.prepare(ORIGIN).vkey()

    event = place.rotate()

    assert event.new_vkey == prepared


@pytest.mark.parametrize("lost_reply", [False, True])
def test_a_rotation_whose_commit_failed_leaves_one_key_in_use(
    *, lost_reply: bool
) -> None:
    place = begun()
    log = place.open()
    old = log.authority.signers[0].vkey()
    prepared = place.keys.prepare(ORIGIN).vkey()
    place.store.fail_at = len(place.store.written) + 2  # the checkpoint
    place.store.lost_reply = lost_reply
    with pytest.raises(PermanentError):
        place.rotate(log)
    place.store.fail_at = None

    reopened = place.open()
    reopened.append([place.entry()])

    used = reopened.authority.signers[0].vkey()
    assert used == (prepared if lost_reply else old)
    assert place.keys.keys[ORIGIN].vkey() == used
    assert verify(place.store, old).ok


def test_the_pins_follow_the_key() -> None:
    place = begun()
    older = dict(place.store.objects)
    event = place.rotate(overlap=None)

    assert place.pin.load_of(event.old_vkey) == place.store.load()
    assert place.pin.load_of(event.new_vkey) == place.store.load()
    copy = Place(FakeStore(older))
    copy.pin = FakePin(place.pin.keys)
    copy.keys.keys = {ORIGIN: place.keys.all[event.old_vkey]}
    with pytest.raises(IntegrityError, match="rolled back: it had 3 entries"):
        copy.open()


def test_signing_again_changes_the_signatures_alone() -> None:
    place = begun()
    event = place.rotate()
    before = place.open().head()
    place.clock.at += OVERLAP

    log = place.open()
    raw = log.sign_again(lambda _text: ())

    assert place.store.load() == raw
    assert place.signers() == [id_of(event.new_vkey)]
    assert log.head() == before
    written = list(place.store.written)
    log.sign_again(lambda _text: ())
    assert place.store.written == written, "the same bytes are not written again"
