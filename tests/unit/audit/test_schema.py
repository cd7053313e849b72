"""Unit tests of `sluicegate.audit.schema` and of the meanings in it."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, get_args

import pytest
import rfc8785
from entry_samples import ENVELOPE, HASHES, LOG_ENVELOPE, RUN, SAMPLES, VECTORS
from entry_samples import encode_sample as encode_one
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from sluicegate.audit import log_shapes, shapes
from sluicegate.audit.jcs import MAX_INTEGER
from sluicegate.audit.meanings import KINDS, explain
from sluicegate.audit.record import (
    WITHOUT_TASK,
    Unknown,
    decode_entry,
    encode,
    encode_log,
)
from sluicegate.audit.schema import entry_schema, written_schema
from sluicegate.errors import IntegrityError
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    Event,
    RunStarted,
    StageFinished,
    StageStarted,
)
from sluicegate.model.evidence import Evidence, round_value
from sluicegate.model.hold import HoldScope
from sluicegate.model.log_event import KeyRotated, LogEvent
from sluicegate.model.traffic import RequestCounts

TABLES: Mapping[str, Any] = {**log_shapes.BY_KIND, **shapes.BY_KIND}

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789_", min_size=1, max_size=8)
INTEGERS = st.integers(-MAX_INTEGER, MAX_INTEGER)
BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
SIGNATURES = st.text(BASE64, min_size=86, max_size=86).map(lambda text: text + "==")
VALUES = st.booleans() | INTEGERS | TEXTS | st.floats(-9e9, 9e9).map(round_value)
FIELDS = st.dictionaries(NAMES, VALUES, max_size=4)
TEXT_MAPS = st.dictionaries(NAMES, TEXTS, max_size=3)

st.register_type_strategy(str, TEXTS)
st.register_type_strategy(int, INTEGERS)
st.register_type_strategy(Digest, st.binary(max_size=4).map(Digest.of))
st.register_type_strategy(
    datetime,
    st.integers(0, 4_000_000_000_000).map(
        lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
    ),
)
st.register_type_strategy(
    RequestCounts,
    st.tuples(st.integers(0, MAX_INTEGER), st.integers(0, MAX_INTEGER)).map(
        lambda pair: RequestCounts(max(pair), min(pair))
    ),
)
st.register_type_strategy(
    HoldScope,
    st.sampled_from(["all", "run:a/b", "entries:0-0", "entries:3-900"]).map(
        HoldScope.parse
    ),
)
st.register_type_strategy(
    Evidence,
    st.builds(Evidence, FIELDS, st.from_type(Evidence.__annotations__["files"])),
)
st.register_type_strategy(
    KeyRotated,
    st.builds(
        KeyRotated,
        root=st.text(BASE64, min_size=43, max_size=43).map(lambda text: text + "="),
        old_signature=SIGNATURES,
        new_signature=SIGNATURES,
    ),
)
CHANGES: tuple[Any, ...] = (..., None, [[]], {"odd": {}}, 1.5)
PARTS: Mapping[type, dict[str, Any]] = {
    RunStarted: {"labels": TEXT_MAPS},
    StageStarted: {"attempt": st.integers(1, 99)},
    StageFinished: {"inputs": TEXT_MAPS, "attempt": st.integers(1, 99)},
}


@cache
def written() -> Draft202012Validator:
    return Draft202012Validator(dict(written_schema()))


@cache
def published() -> Draft202012Validator:
    return Draft202012Validator(dict(entry_schema()))


def encode_any(event: Event | LogEvent) -> bytes:
    """An entry of *event*, of an attempt if it can be of one."""
    if isinstance(event, LogEvent):
        return encode_log(LOG_ENVELOPE, event)
    if isinstance(event, WITHOUT_TASK):
        return encode(ENVELOPE, event)
    attempt = getattr(event, "attempt", 1)
    return encode(ENVELOPE, event, f"{RUN}/{event.stage}/{attempt}")


def test_the_schemas_are_schemas() -> None:
    Draft202012Validator.check_schema(dict(entry_schema()))
    Draft202012Validator.check_schema(dict(written_schema()))


def test_every_type_has_its_meaning_and_no_other_has() -> None:
    assert set(KINDS) == set(TABLES)
    assert all(text.endswith(".") for text in KINDS.values())


def test_a_key_that_nobody_explained_is_noticed() -> None:
    with pytest.raises(KeyError, match=r"stage\.finished\.surprise"):
        explain("stage.finished", ("surprise",))


def test_every_type_has_a_sample_here() -> None:
    assert set(SAMPLES) == set(TABLES)
    assert {type(event) for event in SAMPLES.values()} == set(_classes())


def _classes() -> Iterator[type]:
    for union in (Event, LogEvent):
        for part in get_args(union):
            yield from get_args(part) or [part]


@pytest.mark.parametrize("kind", TABLES)
@settings(max_examples=6, deadline=None)
@given(st.data())
def test_what_is_written_keeps_to_the_schema_and_reads_back(
    kind: str, data: st.DataObject
) -> None:
    cls = TABLES[kind].cls
    if cls in (Evidence, KeyRotated):
        event = data.draw(st.from_type(cls))
    else:
        event = data.draw(st.builds(cls, **PARTS.get(cls, {})))

    entry = encode_any(event)

    document = json.loads(entry)
    assert list(written().iter_errors(document)) == []
    assert list(published().iter_errors(document)) == []
    assert rfc8785.dumps(document) == entry
    assert decode_entry(entry).event == event


@pytest.mark.parametrize("kind", TABLES)
def test_the_bytes_of_every_type_are_frozen(kind: str) -> None:
    frozen = (VECTORS / f"{kind}.json").read_bytes()
    leaf_hash = hashlib.sha256(b"\0" + frozen).hexdigest()

    assert leaf_hash == json.loads(HASHES.read_bytes())[kind], "the file was changed"
    assert encode_one(kind) == frozen
    assert decode_entry(frozen).event == SAMPLES[kind]
    assert list(written().iter_errors(json.loads(frozen))) == []


def test_nothing_is_frozen_that_is_no_type() -> None:
    assert set(json.loads(HASHES.read_bytes())) == set(TABLES)
    assert {path.stem for path in VECTORS.glob("*.json")} - {HASHES.stem} == set(TABLES)


def changed(kind: str) -> Iterator[tuple[str, bytes]]:
    """The sample with each of its keys removed, and each of another type."""
    document = json.loads((VECTORS / f"{kind}.json").read_bytes())
    for path in _paths(document):
        *inside, last = path
        for change in CHANGES:
            copy = json.loads(json.dumps(document))
            place = copy
            for step in inside:
                place = place[step]
            if change is ...:
                del place[last]
            else:
                place[last] = change
            name = f"{'.'.join(map(str, path))} {change}"
            yield (
                name,
                json.dumps(
                    copy, sort_keys=True, separators=(",", ":"), ensure_ascii=False
                ).encode(),
            )


def _paths(document: dict[str, Any]) -> Iterator[list[str | int]]:
    """Every key that the schema knows, not those of maps of the user's."""
    for key, value in document.items():
        yield [key]
        if key in ("fields", "labels", "inputs"):
            continue
        if isinstance(value, dict):
            yield from ([key, *rest] for rest in _paths(value))
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield from ([key, 0, *rest] for rest in _paths(value[0]))


@pytest.mark.parametrize("kind", TABLES)
def test_every_key_is_needed_as_it_is_unless_it_is_optional(kind: str) -> None:
    optional = set()
    for name, entry in changed(kind):
        try:
            read = decode_entry(entry)
        except IntegrityError:
            valid = not list(published().iter_errors(json.loads(entry)))
            assert not valid or name.startswith("type ") or "task_id" in name
            continue
        place, _, change = name.rpartition(" ")
        # Left out, or of a type that a newer version may have: never another value.
        assert change == "Ellipsis" or isinstance(read.event, Unknown), name
        optional.add(place)
    assert optional <= OPTIONAL, "a key that was needed is not any more"


OPTIONAL = {
    *("machine", "statement", "actor.issuer", "actor.user_id", "source.ref"),
    "signature",
    *("task_id", "overlap_until", "log", "rotations", "holds", "leases", "stable"),
    *("rollouts", "definitions", "runs", "statements", "cut", "branch", "selection"),
    *("labels", "inputs", "cached", "gate", "condition", "stage", "rollouts.0.stable"),
    *("definitions.0.branch", "rotations.0.overlap_until", "tools.0.digest"),
    *("resources.cpu_ms", "resources.max_rss_bytes", "stages.1.retries"),
    *("canary.reference", "stable.reference", "rollouts.0.canary.reference"),
    *("rollouts.0.stable.reference", "stable.0.release.reference"),
    "request",  # of environment.entered, where nobody was asked
    "refused",  # of gpu.reserved, where nothing stood against it
    *("secrets.0.field", "secrets.0.version", "logins.0.problem"),
}


@pytest.mark.parametrize("kind", TABLES)
def test_keys_and_types_of_the_future_are_read(kind: str) -> None:
    document = json.loads((VECTORS / f"{kind}.json").read_bytes())
    more = {**document, "later": {"x": [1]}, "actor": {**document["actor"], "y": 1}}
    other = {**document, "type": "later.invented"}

    for future, expected in ((more, SAMPLES[kind]), (other, Unknown())):
        assert list(published().iter_errors(future)) == []
        assert list(written().iter_errors(future)) != []
        assert decode_entry(rfc8785.dumps(future)).event == expected
