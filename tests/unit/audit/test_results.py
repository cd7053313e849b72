"""Unit tests of `sluicegate.audit.results`: what may spare a stage from running."""

from collections.abc import Sequence

import pytest
from fakes_audit import FACTS, FakeSigner, FakeStore, begin_log, event_ids
from hypothesis import given
from hypothesis import strategies as st
from run_events import NOW, end

from sluicegate.audit import results
from sluicegate.audit.envelope import Envelope
from sluicegate.audit.log import AuditLog
from sluicegate.audit.record import encode
from sluicegate.audit.results import LoggedResults, read_results
from sluicegate.errors import IntegrityError
from sluicegate.model.event import Event, StageSkipped
from sluicegate.model.task import task_id

IDS = event_ids()
RUN = "01JDA2Z9M3Q4T5V6W7X8Y9Z0AA"


def entry(seq: int, event: Event, task: str | None = None) -> bytes:
    envelope = Envelope(IDS(), RUN, seq, NOW, FACTS.source, FACTS.actor, FACTS.tool)
    return encode(envelope, event, task)


def build(events: Sequence[Event]) -> tuple[AuditLog, FakeStore]:
    store = FakeStore()
    begin_log(store)
    log = AuditLog(store, FakeSigner())
    log.append([entry(seq, event) for seq, event in enumerate(events)])
    return log, store


EVENTS = st.one_of(
    st.builds(end, st.sampled_from(["lint", "test"]), attempt=st.integers(1, 3)),
    st.builds(StageSkipped, st.sampled_from(["lint", "test"]), st.just("no")),
)


@given(st.lists(EVENTS, min_size=1, max_size=12))
def test_the_ends_of_attempts_are_found_newest_first(events: list[Event]) -> None:
    log, _ = build(events)

    found = LoggedResults(lambda: log)

    for stage in ("lint", "test"):
        ends = [e for e in events if getattr(e, "attempt", 0) and e.stage == stage]  # type: ignore[union-attr]
        assert [each.finished for each in found.of(stage)] == ends[::-1]
        assert [each.task_id for each in found.of(stage)] == [
            f"{RUN}/{stage}/{each.attempt}"  # type: ignore[union-attr]
            for each in ends[::-1]
        ]


def test_without_a_log_there_is_nothing() -> None:
    assert LoggedResults(lambda: None).of("lint") == ()


def test_an_attempt_of_a_matrix_is_named_with_its_labels() -> None:
    log, _ = build([end("lint")])
    task = task_id(RUN, {"os": "linux"}, "test", 1)
    log.append([entry(1, end("test"), task)])

    (found,) = read_results(log)["test"]

    assert found.task_id == f"{RUN}/os=linux/test/1"


def test_only_the_newest_entries_count_and_all_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(results, "WINDOW", 300)
    events = [end("lint", attempt=number) for number in range(1, 700)]
    log, store = build(events)
    for name in ("tile/entries/000", "tile/0/000"):
        del store.objects[name]  # is not read at all

    found = read_results(log)["lint"]

    assert [each.finished for each in found] == events[:-301:-1]


def test_an_entry_that_was_changed_is_not_passed_over() -> None:
    log, store = build([end("lint"), end("lint", attempt=2)])
    name = "tile/entries/000.p/3"
    harmed = store.objects[name].replace(b'"stage.finished"', b'"stage.finishing"', 1)
    store.objects[name] = harmed.replace(b"it is so", b"it is s", 1)

    with pytest.raises(IntegrityError, match="entry 1 is not what was committed"):
        read_results(log)
