"""The form of snapshots: a state in parts that each fit in an entry, and back. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sluicegate.audit import state_shapes
from sluicegate.audit.codec import Shape
from sluicegate.audit.jcs import format_json
from sluicegate.errors import IntegrityError
from sluicegate.model.log_event import LogCreated, SnapshotLog, StateSnapshot
from sluicegate.model.log_state import LogState

_PART_BYTES = 24 * 1024
"""Of items in a part: the envelope has room beside them in an entry of 32 KiB."""

_LOG = "log"
_SHAPES: Mapping[str, Shape[Any]] = {
    "rotations": state_shapes.KEY_ROTATED,
    "holds": state_shapes.HOLD,
    "leases": state_shapes.LEASE,
    "stable": state_shapes.STABLE_RELEASE,
    "rollouts": state_shapes.OPEN_ROLLOUT,
    "definitions": state_shapes.DEFINITION,
    "runs": state_shapes.OPEN_RUN,
    "statements": state_shapes.ABSORBED,
    "requests": state_shapes.OPEN_REQUEST,
    "answers": state_shapes.GIVEN_ANSWER,
    "locks": state_shapes.LOCK,
    "overrides": state_shapes.OVERRIDE,
    "terms": state_shapes.ROLLOUT_TERM,
    "directions": state_shapes.GIVEN_DIRECTION,
    "attested": state_shapes.ATTESTED_ANSWER,
}
COVERS = (_LOG, *_SHAPES)
"""All kinds of items. An event type that changes one of them in a new way needs a new
kind: the snapshots of older versions do not know of it."""

CERTAIN = (_LOG, "rotations", "holds", "statements")
"""The kinds of items that an entry of an unknown type, or with an unknown word, leaves
as they are: what changes them has no words, and what is new gets a new kind."""


def split(state: LogState) -> tuple[StateSnapshot, ...]:
    """The snapshot of *state* in parts that each fit in an entry.

    Raises:
        IntegrityError: entries of unknown types were passed over.
    """
    if state.created is None or state.unknown:
        raise IntegrityError(
            f"{state.unknown} entries are of types that this version does not know, so "
            "that it cannot say what they changed",
            hint="A newer version of Sluicegate wrote them: use that one.",
        )
    pages: list[dict[str, list[Any]]] = [{}]
    room = _PART_BYTES
    for kind, shape in _SHAPES.items():
        for item in _items(state, kind):
            length = len(format_json(shape.encode(item)))
            if length > room and pages[-1]:
                pages.append({})
                room = _PART_BYTES
            pages[-1].setdefault(kind, []).append(item)
            room -= length + 1
    created = state.created
    log = SnapshotLog(
        origin=created.origin,
        vkey=created.vkey,
        created_days=created.retention_days,
        retention_days=state.retention_days,
        min_index=state.min_index,
    )
    return tuple(
        StateSnapshot(
            size=state.size,
            part=part,
            parts=len(pages),
            covers=COVERS,
            log=None if part else log,
            **{kind: tuple(items) for kind, items in page.items()},
        )
        for part, page in enumerate(pages)
    )


def is_whole(parts: Sequence[StateSnapshot]) -> bool:
    """Whether these are all parts of one snapshot, in order."""
    return (
        bool(parts)
        and parts[0].log is not None
        and parts[0].parts == len(parts)  # any number may stand there
        and [part.part for part in parts] == list(range(len(parts)))
        and len({(part.size, part.parts, part.covers) for part in parts}) == 1
    )


def join(parts: Sequence[StateSnapshot]) -> LogState:
    """The state that a whole snapshot says."""
    first, log = parts[0], parts[0].log
    assert log is not None
    return LogState(
        size=first.size,
        created=LogCreated(log.origin, log.vkey, log.created_days),
        retention_days=log.retention_days,
        min_index=log.min_index,
        snapshot=first.size,
        rotations=tuple(item for part in parts for item in part.rotations),
        holds={item.hold: item for part in parts for item in part.holds},
        leases={item.environment: item for part in parts for item in part.leases},
        stable={item.environment: item for part in parts for item in part.stable},
        rollouts={item.environment: item for part in parts for item in part.rollouts},
        definitions={
            (item.pipeline, item.branch): item
            for part in parts
            for item in part.definitions
        },
        runs={item.run_id: item for part in parts for item in part.runs},
        statements={item.statement: item for part in parts for item in part.statements},
        requests={item.request: item for part in parts for item in part.requests},
        answers={item.statement: item for part in parts for item in part.answers},
        locks={item.environment: item for part in parts for item in part.locks},
        overrides={item.override: item for part in parts for item in part.overrides},
        terms={item.environment: item for part in parts for item in part.terms},
        directions={item.index: item for part in parts for item in part.directions},
        attested={item.place: item for part in parts for item in part.attested},
    )


def _items(state: LogState, kind: str) -> Sequence[Any]:
    found = getattr(state, kind)
    return tuple(found.values()) if isinstance(found, dict) else found


def compare(said: LogState, folded: LogState, covers: Sequence[str]) -> list[str]:
    """The kinds of items that a snapshot says otherwise than the entries before it.

    Kinds that either of them does not know are left out.
    """
    wrong = [
        kind
        for kind in _SHAPES
        if kind in covers and getattr(said, kind) != getattr(folded, kind)
    ]
    if _LOG in covers and _about_log(said) != _about_log(folded):
        wrong.insert(0, _LOG)
    return wrong


def take(said: LogState, folded: LogState, covers: Sequence[str]) -> LogState:
    """What a snapshot says of the kinds in *covers*, and *folded* of all others."""
    others = {kind: getattr(folded, kind) for kind in _SHAPES if kind not in covers}
    return replace(said, **others)


def _about_log(state: LogState) -> tuple[object, ...]:
    return (state.created, state.retention_days, state.min_index)
