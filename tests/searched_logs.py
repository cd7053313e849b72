"""Logs to look something up in: entries of few words, so that questions find some."""

from collections.abc import Sequence

from fakes_audit import FakeSigner, FakeStore, begin_log
from hypothesis import strategies as st

from sluicegate.audit.jcs import Json, format_json
from sluicegate.audit.log import AuditLog
from sluicegate.audit.query import Query
from sluicegate.audit.query import write_time as write
from sluicegate.model.ulid import format_ulid

RUNS = ("01JDA2Z9M3Q4T5V6W7X8Y9Z0AA", "01JDA2Z9M3Q4T5V6W7X8Y9Z0BB", "acme/run/1")
KINDS = ("run.started", "stage.finished", "canary.block", "canary.judged", "new.kind")
STAGES = ("lint", "test", "canary", "a*b", "\u202eevil\n\x00", "Ünïcode")
ACTORS = ("1000", "1001", "octo-bot", "=1+1\x00", "user:x")
COMMITS = ("a" * 40, "ab" + "c" * 38, "b" * 64)
DIGESTS = ("d" * 64, "d" * 20 + "e" * 44, "0" * 64, "f" * 64)
MOMENTS = st.datetimes().map(lambda at: at.replace(microsecond=0))

Document = dict[str, Json]


def document(number: int = 1, **more: Json) -> Document:
    """An entry of which only what can be asked is there."""
    return {
        "schema": "https://sluicegate.dev/audit/v1",
        "type": "stage.started",
        "event_id": format_ulid(number, number.to_bytes(10, "big")),
        "recorded_ts": "2026-11-22T00:00:00.000Z",
        "actor": {"kind": "user", "id": "1000"},
        **more,
    }


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """An entry; any of its parts may be missing, or be of another type."""
    found: Document = document(
        draw(st.integers(0, 9)),
        type=draw(st.sampled_from(KINDS)),
        recorded_ts=write(draw(MOMENTS)),
        actor={
            "kind": draw(st.sampled_from(["user", "app"])),
            "id": draw(st.sampled_from(ACTORS)),
        },
    )
    if draw(st.booleans()):
        found["run_id"] = draw(st.sampled_from(RUNS))
        found["source"] = {"commit": f"sha1:{draw(st.sampled_from(COMMITS))}"}
    if draw(st.booleans()):
        found["stage"] = draw(st.sampled_from(STAGES))
    some = draw(st.lists(st.sampled_from(DIGESTS), max_size=3))
    found["subject"] = [{"name": "x", "digest": {"sha256": each}} for each in some[:2]]
    found["policy"] = [f"sha256:{each}" for each in some[2:]]
    if draw(st.integers(0, 9)) == 0:
        odd: list[Json] = [None, 7, [], {}, {"id": 1}]
        found[draw(st.sampled_from(sorted(found)))] = draw(st.sampled_from(odd))
    return found


@st.composite
def queries(draw: st.DrawFn) -> Query:
    """Any question, of one part or of several."""

    def maybe(*words: str) -> str:
        return draw(st.sampled_from(["", "", *words]))

    return Query(
        run=maybe(*RUNS),
        kinds=tuple(
            draw(st.sampled_from([[], [], ["canary.*"], ["*"], [*KINDS[:2]], ["x"]]))
        ),
        stage=maybe(*STAGES, "*", "t?st", "[l]int"),
        actor=maybe(*ACTORS, "user:*", "app:1000", "*"),
        commit=maybe("a", "ab", *COMMITS, "ffff"),
        digest=maybe("d", "d" * 21, *DIGESTS, "abcdef"),
        event_end=maybe("0", "00001", format_ulid(3, (3).to_bytes(10, "big"))),
        since=draw(st.none() | MOMENTS),
        until=draw(st.none() | MOMENTS),
    )


def build_log(
    entries: Sequence[Document] = (), store: FakeStore | None = None
) -> AuditLog:
    """A log that begins with its own entry 0, and goes on with *entries*."""
    kept = store or FakeStore()
    log = begin_log(kept)
    append(log, *entries)
    return log


def append(log: AuditLog, *entries: Document) -> None:
    if entries:
        log.append([format_json(entry) for entry in entries])


def reopen(store: FakeStore) -> AuditLog:
    """The log in *store* as another process sees it."""
    return AuditLog(store, FakeSigner())
