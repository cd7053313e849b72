"""Unit tests of `sluicegate.audit.search`, `query`, `facts` and `indexing`."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from fakes_audit import FakeSigner, FakeStore
from fakes_index import FakeIndex
from hypothesis import example, given, settings
from hypothesis import strategies as st
from searched_logs import (
    RUNS,
    Document,
    append,
    build_log,
    document,
    documents,
    queries,
    reopen,
)
from typing_extensions import override

from sluicegate.adapters.sqlite_index import SqliteIndex
from sluicegate.audit.facts import read_facts
from sluicegate.audit.indexing import update_index
from sluicegate.audit.query import Query
from sluicegate.audit.search import Search
from sluicegate.errors import (
    ExternalError,
    IntegrityError,
    PermanentError,
    UsageError,
)
from sluicegate.ports.entry_index import EntryIndex

VKEY = FakeSigner().vkey()
LINT = Query(stage="lint")


def answer(search: Search, query: Query, *, newest_first: bool = False) -> list[int]:
    return [each.index for each in search.find(query, newest_first=newest_first)]


@contextmanager
def sqlite_index() -> Iterator[SqliteIndex]:
    with tempfile.TemporaryDirectory() as folder:
        yield SqliteIndex(Path(folder, "index.sqlite"), VKEY)


ALIKE: Document = {
    "schema": "https://sluicegate.dev/audit/v1",
    "type": "run.started",
    "event_id": "0" * 26,
    "recorded_ts": "2000-01-01T00:00:00.000Z",
    "subject": [{"name": "x", "digest": {"sha256": "d" * 20 + "e" * 44}}],
}


@settings(max_examples=60)
@example(before=[ALIKE], after=[], asked=[Query(digest="d" * 21)])
@given(
    before=st.lists(documents(), max_size=8),
    after=st.lists(documents(), max_size=8),
    asked=st.lists(queries(), min_size=1, max_size=8),
)
def test_an_index_answers_as_a_look_at_every_entry_does(
    before: list[Document], after: list[Document], asked: list[Query]
) -> None:
    log = build_log(before)
    with sqlite_index() as index:
        update_index(log, index)
        append(log, *after)
        indexed, whole = Search(log, index), Search(log)
        for query in asked:
            expected = answer(whole, query)
            assert answer(indexed, query) == expected
            assert answer(indexed, query, newest_first=True) == expected[::-1]


@given(st.lists(documents(), max_size=8), queries())
def test_what_is_found_is_what_was_committed(
    entries: list[Document], query: Query
) -> None:
    log = build_log(entries)
    committed = dict(log.entries())

    for found in Search(log, FakeIndex()).find(query):
        assert found.entry == committed[found.index]
        assert query.matches(found.facts)


def test_what_the_log_got_after_it_was_indexed_is_found() -> None:
    log, index = build_log([document(1, stage="lint")]), FakeIndex()
    update_index(log, index)
    search = Search(log, index)
    assert answer(search, LINT) == [1]

    append(log, document(2, stage="lint"))  # this search has its index already

    assert answer(search, LINT) == [1, 2]
    assert answer(search, LINT, newest_first=True) == [2, 1]


def test_the_index_is_brought_up_to_date_before_it_is_asked() -> None:
    log, index = build_log([document(1, stage="lint")]), FakeIndex()

    answer(Search(log, index), LINT)
    append(log, document(2))
    answer(Search(log, index), LINT)

    assert [row.at for row in index.rows] == [0, 1, 2]


def test_asking_for_everything_needs_no_index() -> None:
    log, index = build_log([document(1)]), FakeIndex()

    assert answer(Search(log, index), Query()) == [0, 1]
    assert index.reached is None


def test_a_log_that_was_rolled_back_after_it_was_indexed_is_never_shown() -> None:
    store, index = FakeStore(), FakeIndex()
    log = build_log([document(1, stage="lint")], store)
    old = dict(store.objects)
    append(log, document(2, stage="lint"))
    update_index(log, index)
    store.objects = old

    with pytest.raises(IntegrityError, match="rolled back: it had 3 entries") as caught:
        answer(Search(reopen(store), index), LINT)

    assert "remove memory" in str(caught.value.hint)
    assert index.forgotten == 0


def test_a_log_that_was_rewritten_after_it_was_indexed_is_never_shown() -> None:
    index = FakeIndex()
    update_index(build_log([document(1)]), index)
    forked = build_log([document(2), document(3, stage="lint")])

    with pytest.raises(IntegrityError, match="not what they were"):
        answer(Search(forked, index), LINT)


def test_a_log_that_is_rewritten_between_two_questions_is_never_shown() -> None:
    store, index = FakeStore(), FakeIndex()
    search = Search(build_log([document(1, stage="lint")], store), index)
    assert answer(search, LINT) == [1]

    store.objects = {}
    build_log([document(9, stage="lint")], store)

    with pytest.raises(IntegrityError, match="not what they were"):
        answer(search, LINT)


@pytest.mark.parametrize("size", [1, 2, 9])
def test_an_index_of_something_else_is_made_anew(size: int) -> None:
    log, index = build_log([document(1, stage="lint")]), FakeIndex()
    update_index(log, index)
    assert index.reached is not None
    index.reached = replace(index.reached, size=size, root=bytes(32))

    assert answer(Search(log, index), LINT) == [1]
    assert index.forgotten == 1


def test_an_index_with_a_checkpoint_that_nobody_signed_is_made_anew() -> None:
    log, index = build_log([document(1, stage="lint")]), FakeIndex()
    update_index(log, index)
    assert index.reached is not None
    forged = index.reached.checkpoint.replace(b"\n2\n", b"\n9\n")
    index.reached = replace(index.reached, checkpoint=forged)

    assert answer(Search(log, index), LINT) == [1]
    assert index.forgotten == 1


def test_an_index_that_names_a_wrong_entry_is_thrown_away_and_says_so() -> None:
    log, index = build_log([document(1), document(2, stage="lint")]), FakeIndex()
    update_index(log, index)
    index.rows = [row._replace(stage="lint") for row in index.rows]

    with pytest.raises(PermanentError, match="memory was damaged") as caught:
        answer(Search(log, index), LINT)

    assert "Ask again" in str(caught.value.hint)
    assert answer(Search(log, index), LINT) == [2]


class BrokenIndex(FakeIndex):
    """Takes nothing."""

    @override
    def extend(self, *_: object, begins: bool) -> bool:
        raise PermanentError(f"the disk is full, {begins}")


class LosingIndex(FakeIndex):
    """Forgets whatever it is given."""

    @override
    def extend(self, *_: object, begins: bool) -> bool:
        return not begins


@pytest.mark.parametrize("index", [BrokenIndex(), LosingIndex()])
def test_without_a_place_for_an_index_the_whole_log_is_read(index: EntryIndex) -> None:
    log = build_log([document(1, stage="lint", run_id=RUNS[0])])
    heard: list[ExternalError] = []
    search = Search(log, index, on_trouble=heard.append)

    assert search.find_run("Z0AA") == RUNS[0]
    assert answer(search, LINT) == [1]
    assert len(heard) == 1


def test_progress_is_told() -> None:
    log = build_log([document(number) for number in range(5)])
    heard: list[tuple[int, int]] = []

    update_index(log, FakeIndex(), lambda done, total: heard.append((done, total)))

    assert heard == [(6, 6)]


@pytest.fixture(params=[True, False], ids=["indexed", "whole"])
def runs(request: pytest.FixtureRequest) -> Search:
    log = build_log([document(n, run_id=run) for n, run in enumerate(RUNS)])
    index = FakeIndex() if request.param else None
    if index:
        update_index(log, index)
    append(log, document(9, run_id="01JDA2Z9M3Q4T5V6W7X8Y9Z0CC"))
    return Search(log, index)


@pytest.mark.parametrize(
    ("text", "run"),
    [
        (RUNS[1], RUNS[1]),
        ("z0bb", RUNS[1]),
        ("Z0CC", "01JDA2Z9M3Q4T5V6W7X8Y9Z0CC"),
        ("acme/run/1", "acme/run/1"),
        ("acme", "acme/run/1"),
    ],
)
def test_a_run_is_found_by_either_end_of_its_id(
    runs: Search, text: str, run: str
) -> None:
    assert runs.find_run(text) == run


@pytest.mark.parametrize(("text", "count"), [("01jda", "3"), ("XX", "no"), ("", "no")])
def test_a_run_that_is_not_one_is_refused(runs: Search, text: str, count: str) -> None:
    with pytest.raises(UsageError, match=f"^{count} runs in the log"):
        runs.find_run(text)


@pytest.mark.parametrize(
    "entry", [b"", b"[]", b"7", b"{", b'{"a":1} ', b"\xff", b'{"a":"\\ud800"}']
)
def test_what_is_no_entry_is_refused(entry: bytes) -> None:
    with pytest.raises(IntegrityError, match="entry 7"):
        read_facts(7, entry)


def test_an_escape_that_was_escaped_is_text() -> None:
    assert read_facts(0, b'{"stage":"C:\\\\ud800"}').stage == "C:\\ud800"
