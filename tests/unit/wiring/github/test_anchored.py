"""Unit tests of `sluicegate.wiring.github.anchored`: a log held against statuses."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from fakes_audit import FakeSigner, FakeStore, event_ids, log_envelope
from fakes_code_host import ANN, FakeCodeHost
from typing_extensions import override

from sluicegate.adapters.github.refusing import NotThereError
from sluicegate.audit.log import AuditLog
from sluicegate.audit.record import encode_log
from sluicegate.errors import PermanentError, TransientError
from sluicegate.model.code_host import CommitStatus, StatusState
from sluicegate.model.log_event import RetentionChanged
from sluicegate.ports.code_host import MissingPermissionError
from sluicegate.report.github.status import log_status
from sluicegate.report.hosted_anchor import anchor_rows, hosted_document
from sluicegate.tlog.checkpoint import Checkpoint
from sluicegate.wiring.github.anchored import Anchoring
from sluicegate.wiring.github.showing import anchor

FIRST, SECOND, LAST = (letter * 40 for letter in "abc")


class Grown:
    """A log that has grown by one entry at a time, and what it was on the way."""

    def __init__(self, origin: str = "log.example/churn", days: int = 400) -> None:
        self._ids = event_ids()
        self.store, self.heads = FakeStore(), list[Checkpoint]()
        with self.store.exclusive():
            self.log = AuditLog.create(
                self.store, FakeSigner(origin), envelope=log_envelope(self._ids())
            )
        self.heads.append(self.log.head())
        self.before = dict(self.store.objects)
        for more in range(5):
            self.before = dict(self.store.objects)
            event = RetentionChanged(days + more, days)
            self.log.append([encode_log(log_envelope(self._ids()), event)])
            self.heads.append(self.log.head())

    def cut_off(self) -> "AuditLog":
        """The log as it was before its newest entry."""
        return AuditLog(FakeStore(self.before), FakeSigner("log.example/churn"))


@pytest.fixture
def grown() -> Grown:
    return Grown()


def look(log: AuditLog, host: FakeCodeHost, *commits: str) -> Iterator[str]:
    found = Anchoring(host, log.tree()).look(commits or (FIRST, SECOND, LAST))
    return iter(found.contradictions)


def test_a_log_that_grew_agrees_with_all_that_was_said_of_it(grown: Grown) -> None:
    host = FakeCodeHost()
    for commit, head in zip((FIRST, FIRST, LAST), grown.heads, strict=False):
        anchor(host, commit, head)

    found = Anchoring(host, grown.log.tree()).look((FIRST, SECOND, LAST))

    assert found.contradictions == ()
    assert (found.commits, found.agreeing, found.newest) == (3, 3, 3)
    assert list(anchor_rows(found, 6)) == [
        "3 statuses of 3 commits in acme/app agree with it",
        "they vouch for 3 entries; the 3 after them have none yet",
    ]


def test_a_log_that_was_cut_off_is_found_out(grown: Grown) -> None:
    host = FakeCodeHost(user=ANN)
    anchor(host, LAST, grown.heads[-1])
    short = grown.cut_off()

    (why,) = look(short, host)

    assert f"commit {LAST[:12]}, set by ann at " in why
    assert f"the log had 6 entries; it has {short.head().size}" in why


def test_a_log_that_was_rewritten_is_found_out(grown: Grown) -> None:
    host = FakeCodeHost()
    anchor(host, FIRST, grown.heads[2])
    other = Grown(days=500)
    assert other.heads[2].root != grown.heads[2].root

    (why,) = look(other.log, host)

    assert "the first 3 entries of the log were others" in why


def test_every_size_that_was_shown_is_held_against_the_log(grown: Grown) -> None:
    for head in grown.heads:
        flipped = bytes([head.root[0] ^ 1]) + head.root[1:]
        host = FakeCodeHost()
        anchor(host, FIRST, replace(head, root=flipped))

        assert len(list(look(grown.log, host))) == 1


def test_what_is_said_of_other_logs_is_no_contradiction(grown: Grown) -> None:
    host = FakeCodeHost()
    anchor(host, FIRST, Grown("log.example/other").heads[-1])
    host.set_status(FIRST, CommitStatus("sluicegate/log", StatusState.SUCCESS, "hello"))
    host.set_status(FIRST, replace(log_status(grown.heads[-1]), context="ci/test"))

    found = Anchoring(host, grown.log.tree()).look((FIRST,))

    assert (found.others, found.agreeing, found.contradictions) == (1, 0, ())
    assert list(anchor_rows(found, 6)) == [
        "no status of 1 commit in acme/app is about this log",
        "1 status about other logs",
    ]


def test_that_none_was_found_is_said_and_no_problem(grown: Grown) -> None:
    found = Anchoring(FakeCodeHost(), grown.log.tree()).look((FIRST, LAST))

    assert found.contradictions == ()
    assert list(anchor_rows(found, 6)) == [
        "no status of 2 commits in acme/app is about this log"
    ]
    assert (hosted_document(found) or {})["size"] is None


def test_many_contradictions_are_not_all_told(grown: Grown) -> None:
    host = FakeCodeHost()
    for size in range(7, 20):
        anchor(host, LAST, replace(grown.heads[-1], size=size))

    told = list(look(grown.log, host))

    assert len(told) == 6
    assert told[-1] == "8 more statuses of commits contradict the log"


class _Forgetful(FakeCodeHost):
    """A host that does not know one commit."""

    @override
    def statuses(self, commit: str) -> Iterator[CommitStatus]:
        if commit == SECOND:
            raise NotThereError("not there", "statuses: read", hint="")
        return super().statuses(commit)


def test_a_commit_that_was_never_pushed_is_passed_over(grown: Grown) -> None:
    host = _Forgetful()
    anchor(host, FIRST, grown.heads[-1])

    found = Anchoring(host, grown.log.tree()).look((FIRST, SECOND))

    assert (found.commits, found.unknown, found.newest) == (2, 1, 6)
    assert list(anchor_rows(found, 6))[1:] == [
        "they vouch for 6 entries, all of it",
        "1 commit it does not know",
    ]


def test_a_host_that_knows_no_commit_at_all_vouches_for_nothing(grown: Grown) -> None:
    with pytest.raises(PermanentError, match="not there"):
        Anchoring(_Forgetful(), grown.log.tree()).look((SECOND,))


class _Private(FakeCodeHost):
    """A host of whose commits the token may read one only."""

    @override
    def statuses(self, commit: str) -> Iterator[CommitStatus]:
        if commit == SECOND:
            raise MissingPermissionError("may not", "statuses: read", hint="")
        return super().statuses(commit)


def test_a_commit_that_may_not_be_read_is_not_passed_over(grown: Grown) -> None:
    with pytest.raises(MissingPermissionError):
        Anchoring(_Private(), grown.log.tree()).look((FIRST, SECOND))


@pytest.mark.parametrize(
    "fault",
    [
        MissingPermissionError("may not", "statuses: read", hint=""),
        TransientError("GitHub is down"),
    ],
)
def test_what_cannot_be_asked_is_never_taken_for_agreement(
    grown: Grown, fault: MissingPermissionError | TransientError
) -> None:
    with pytest.raises(type(fault)):
        Anchoring(FakeCodeHost(fails=fault), grown.log.tree()).look((FIRST,))
