"""Unit tests of `sluicegate.audit.proofs`."""

from dataclasses import replace

import pytest
from fakes_audit import FakeSigner, FakeStore, begin_log
from fakes_witness import FakeWitness

from sluicegate.audit.log import AuditLog
from sluicegate.audit.proofs import build_proof, open_proof, prove_growth
from sluicegate.audit.witnessed import keep
from sluicegate.errors import IntegrityError, UsageError
from sluicegate.tlog.checkpoint import Checkpoint, parse_checkpoint
from sluicegate.tlog.merkle import check_consistency
from sluicegate.tlog.note import Note, parse_note, parse_vkey
from sluicegate.tlog.policy import Log, Policy, require_all
from sluicegate.tlog.proof import format_proof, parse_proof
from sluicegate.tlog.tree import VerifiedTree

KEY = parse_vkey(FakeSigner().vkey())
STRANGER = parse_vkey(FakeSigner("log.example/other").vkey())
SECOND = replace(parse_vkey(FakeSigner("second").vkey()), name=KEY.name)


def grown(*sizes: int) -> tuple[AuditLog, list[Checkpoint]]:
    """A log that was of each of *sizes* in turn."""
    log = begin_log(FakeStore())
    states = []
    for size in sizes:
        have = log.head().size
        log.append([b'{"n":%d}' % number for number in range(have, size)])
        states.append(log.head())
    return log, states


def fork(log: AuditLog, *, at: int, size: int) -> Checkpoint:
    """Another log of the same key that agrees up to *at*."""
    store = FakeStore(log.store.objects)  # type: ignore[attr-defined] # a FakeStore
    other = AuditLog(store, FakeSigner())
    other.append([b'{"other":%d}' % number for number in range(at, size)])
    return other.head()


@pytest.mark.parametrize("size", [1, 2, 3, 255, 256, 257, 600])
def test_every_entry_of_a_log_can_be_proven_by_one_file(size: int) -> None:
    log, _ = grown(size)

    for index in {0, 1, size // 2, 255, 256, size - 1} & set(range(size)):
        data = format_proof(build_proof(log, index))
        found = open_proof(data, [KEY])

        assert (found.index, found.entry) == (index, log.entry(index))
        assert (found.head, found.key, found.quorum) == (log.head(), KEY, None)


def test_what_is_not_in_the_log_cannot_be_proven() -> None:
    log, _ = grown(3)

    with pytest.raises(UsageError, match="no entry 3"):
        build_proof(log, 3)


def test_the_state_that_witnesses_cosigned_is_proven_in_if_it_holds_the_entry() -> None:
    log, _ = grown(300)
    fake = FakeWitness("w1", [KEY])
    policy = require_all((fake.witness,))
    cosign(log, fake, policy)
    log.append([b'{"newer":1}'])

    old, new = build_proof(log, 7), build_proof(log, 300)

    assert sizes(old, new) == [300, 301]
    found = open_proof(format_proof(old), [KEY], policy)
    assert found.quorum is not None
    assert found.quorum.reached
    with pytest.raises(IntegrityError, match="was not cosigned by w1"):
        open_proof(format_proof(new), [KEY], policy)


def test_what_somebody_put_beside_the_log_is_not_handed_out() -> None:
    log, (state,) = grown(300)
    other = fork(log, at=300, size=301)
    assert other != state
    signed = log._sign(other)

    for lie in (b"garbage", signed):
        log.store.attach("witnessed", lie)
        assert sizes(build_proof(log, 7)) == [300]


def cosign(log: AuditLog, fake: FakeWitness, policy: Policy) -> None:
    raw = log.store.load()
    assert raw is not None
    note = parse_note(raw)
    signed = Note(note.text, (*note.signatures, fake.cosign(note.text)))
    with log.store.exclusive():
        keep(log.store, log.tree(), signed, policy)


def sizes(*proofs: object) -> list[int]:
    return [
        parse_checkpoint(parse_note(proof.checkpoint).text).size  # type: ignore[attr-defined]
        for proof in proofs
    ]


def test_a_proof_must_be_signed_by_a_key_that_is_trusted() -> None:
    data = format_proof(build_proof(grown(3)[0], 1))

    with pytest.raises(UsageError, match="whose key"):
        open_proof(data, [])
    with pytest.raises(IntegrityError, match="the key of"):
        open_proof(data, [STRANGER])
    with pytest.raises(IntegrityError):
        open_proof(data, [SECOND])
    assert open_proof(data, [STRANGER, SECOND, KEY]).key == KEY


def test_a_policy_may_name_the_log_that_is_trusted() -> None:
    data = format_proof(build_proof(grown(3)[0], 1))

    for key, fails in ((KEY, False), (STRANGER, True)):
        policy = Policy((Log(key),), (), (), "none")
        if fails:
            with pytest.raises(IntegrityError):
                open_proof(data, [KEY], policy)
        else:
            assert open_proof(data, [KEY], policy).entry == b'{"n":1}'


def test_a_proof_without_the_entry_needs_it_from_elsewhere() -> None:
    proof = build_proof(grown(3)[0], 1)
    data = format_proof(replace(proof, extra=None))

    with pytest.raises(UsageError, match="holds no entry"):
        open_proof(data, [KEY])
    assert open_proof(data, [KEY], entry=b'{"n":1}').entry == b'{"n":1}'
    with pytest.raises(IntegrityError):
        open_proof(data, [KEY], entry=b'{"n":2}')


def test_an_entry_that_is_given_counts_and_not_the_one_in_the_proof() -> None:
    proof = build_proof(grown(3)[0], 1)
    data = format_proof(replace(proof, extra=b"words of another program"))

    with pytest.raises(IntegrityError):
        open_proof(data, [KEY])
    assert open_proof(data, [KEY], entry=b'{"n":1}').index == 1


def test_a_log_that_only_grew_proves_it_between_any_two_of_its_states() -> None:
    log, states = grown(1, 2, 255, 256, 257, 300, 512, 600)
    tree = log.tree()

    for place, old in enumerate(states):
        for new in states[place:]:
            proof = prove_growth(tree, old, new)
            check_consistency(old.size, new.size, proof, old.root, new.root)


def test_a_rollback_is_called_one() -> None:
    log, (old, new) = grown(250, 600)

    with pytest.raises(IntegrityError, match=r"^ROLLBACK: .* 600 .* 250$"):
        prove_growth(log.tree(), new, old)


def test_a_log_at_hand_that_is_older_than_what_was_signed_was_rolled_back() -> None:
    log, _ = grown(250)
    newer, (_, state) = grown(250, 600)

    with pytest.raises(IntegrityError, match=r"^ROLLBACK: the log at hand has 250"):
        prove_growth(log.tree(), log.head(), state)
    assert newer.head().size == 600


def test_a_fork_is_called_one_whatever_its_size() -> None:
    log, (old, new) = grown(250, 600)
    for at, size in ((250, 600), (250, 300), (250, 251)):
        base = FakeStore()
        begun, _ = grown(at)
        base.objects = dict(begun.store.objects)  # type: ignore[attr-defined]
        other = fork(begun, at=at, size=size)
        with pytest.raises(IntegrityError, match=r"^FORK: "):
            prove_growth(log.tree(), other, new)
    assert prove_growth(log.tree(), old, new)


def test_two_logs_cannot_be_held_against_each_other() -> None:
    log, (state,) = grown(3)
    other = replace(state, origin="log.example/other")

    with pytest.raises(IntegrityError, match="two logs"):
        prove_growth(log.tree(), other, state)
    tree = VerifiedTree(log.store.get, state)
    with pytest.raises(IntegrityError, match="the log at hand is"):
        prove_growth(tree, other, other)


def test_a_proof_is_never_larger_than_it_may_be_to_be_read() -> None:
    store = FakeStore()
    log = begin_log(store)
    log.append([b'{"text":"' + b"x" * (32 * 1024 - 12) + b'"}'])

    data = format_proof(build_proof(log, 1))

    assert parse_proof(data).extra == log.entry(1)
