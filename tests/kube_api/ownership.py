"""What becomes of the owners of fields when an object is applied or updated.

Source: sigs.k8s.io/structured-merge-diff/v6/merge/update.go, and of
k8s.io/apimachinery/pkg/util/managedfields/internal (1.36): managedfieldsupdater.go,
skipnonapplied.go, stripmeta.go.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from kube_api.field_sets import NONE, Fields, Path, without
from kube_api.merging import (
    UntypedError,
    check,
    compare,
    fields_of,
    merge,
    remove,
    same,
    with_named_fields,
)
from kube_api.owners import Entry, Owner, capped, conflict_with, read, with_entries
from kube_api.problem import Problem, bad_request
from kube_api.shapes import Shape
from kube_api.values import Json, copy_json

BEFORE = "before-first-apply"

_NEVER: frozenset[Path] = frozenset(
    [
        ("f:apiVersion",),
        ("f:kind",),
        ("f:metadata",),
        *(
            ("f:metadata", f"f:{name}")
            for name in (
                "name",
                "namespace",
                "creationTimestamp",
                "selfLink",
                "uid",
                "clusterName",
                "generation",
                "managedFields",
                "resourceVersion",
            )
        ),
    ]
)


@dataclass(frozen=True)
class Write:
    """Who writes what of an object.

    Attributes:
        owner: whose fields they become.
        now: the time of it, as the API writes times.
        shape: of the kind, by its schema.
        resets: the fields that this endpoint never writes (``status`` on the object
            itself).
        empty: what an object is before it is created, besides its kind: of a built-in
            kind, the structs that are always there.
    """

    owner: Owner
    now: str
    shape: Shape
    resets: frozenset[Path] = NONE
    empty: Json = field(default_factory=dict)

    def counts(self, fields: Iterable[Path]) -> Fields:
        """Those of *fields* that this endpoint writes."""
        return without(frozenset(fields), self.resets)


def apply(
    live: Json | None, applied: Json, write: Write, *, force: bool = False
) -> Json:
    """What *live* becomes when *applied* is applied, with its managedFields.

    Args:
        live: what is stored; None to create it.
        applied: the body of the request.
        write: who applies it.
        force: fields of others are taken.

    Raises:
        Problem: others own fields that would change (409), *applied* has managedFields
            (400), or is not what its schema describes (500, as the real one answers).
    """
    if (applied.get("metadata") or {}).get("managedFields") is not None:
        raise bad_request("metadata.managedFields must be nil")
    if unlike := check(applied, write.shape):
        told = unlike[0] if len(unlike) == 1 else "errors:\n  " + "\n  ".join(unlike)
        raise _not_typed(applied, told)
    entries = read(live or {})
    stored = _bare(live or _nothing(applied))
    if live is not None and not entries:
        before = Owner(BEFORE, "Update", write.owner.api_version)
        everything = replace(write, owner=before)
        entries = _updated(_nothing(applied), stored, [], everything)
    try:
        return _apply(stored, _bare(applied), entries, write, force=force)
    except UntypedError as problem:
        raise _not_typed(applied, str(problem)) from problem


def _apply(
    live: Json, applied: Json, entries: list[Entry], write: Write, *, force: bool
) -> Json:
    shape = write.shape
    merged = merge(live, applied, shape)
    mine = next((e for e in entries if e.owner.is_the_same_as(write.owner)), None)
    others = [e for e in entries if e is not mine]
    ours = write.counts(fields_of(applied, shape))
    if mine is not None and mine.fields:
        merged = _pruned(merged, mine.fields, ours, others, shape)
    difference = compare(live, merged, shape)
    changed = write.counts(difference.modified | difference.added)
    removed = write.counts(difference.removed)
    taken = {e.owner: e.fields & changed for e in others if e.fields & changed}
    if taken and not force:
        raise conflict_with(taken)
    left = [
        replace(e, fields=e.fields - taken.get(e.owner, NONE) - removed) for e in others
    ]
    is_same = same(live, merged)
    time = (mine.time if mine else None) if is_same else write.now
    left.append(Entry(write.owner, ours - _NEVER, time))
    return with_entries(copy_json(merged), left)


def _pruned(
    merged: Json, last: Fields, ours: Fields, others: list[Entry], shape: Shape
) -> Json:
    """*merged* without what was applied *last*, not now, and is nobody else's."""
    named = with_named_fields
    cut = remove(merged, named(last, shape), shape) or {}
    everything = named(fields_of(merged, shape), shape)
    held = named(ours.union(*(e.fields for e in others)), shape)
    kept = named(fields_of(cut, shape), shape)
    cut = remove(merged, everything - (kept | held), shape) or {}
    kept = named(fields_of(cut, shape), shape)
    gone = (everything - kept) & named(last, shape)
    found: Json = remove(merged, gone, shape) or {}
    return found


def update(live: Json | None, new: Json, write: Write) -> Json:
    """*new* with its managedFields, after a POST, a PUT or a PATCH that is no apply.

    Args:
        live: what is stored; None if *new* is created.
        new: what is to be stored, defaulted and pruned. Its own managedFields count,
            unless they are written by a subresource; an empty list gives all up.
        write: who writes.
    """
    entries = read(live or {})
    if not write.owner.subresource:
        told = (new.get("metadata") or {}).get("managedFields")
        if told is not None and told in ([], [{}]):
            entries = []
        else:
            entries = read(new) or entries
    if live is not None and not entries:  # nobody's before: nobody's after
        return with_entries(copy_json(_bare(new)), [])
    bare = _bare(new)
    before = _bare(live) if live is not None else _nothing(new) | write.empty
    return with_entries(copy_json(bare), _updated(before, bare, entries, write))


def _updated(live: Json, new: Json, entries: list[Entry], write: Write) -> list[Entry]:
    difference = compare(live, new, write.shape)
    changed = write.counts(difference.modified | difference.added)
    removed = write.counts(difference.removed)
    left = [replace(e, fields=e.fields - changed - removed) for e in entries]
    gained = changed - _NEVER
    if gained:
        mine = next((e for e in left if e.owner.is_the_same_as(write.owner)), None)
        already = mine.fields if mine else NONE
        left = [e for e in left if e is not mine]
        # The handler of /scale leaves the time out (scalehandler.go).
        time = None if write.owner.subresource == "scale" else write.now
        left.append(Entry(write.owner, already | gained, time))
    return capped([e for e in left if e.fields])


def _bare(stored: Json) -> Json:
    metadata = {**(stored.get("metadata") or {})}
    metadata.pop("managedFields", None)
    return {**stored, "metadata": metadata}


def _nothing(stored: Json) -> Json:
    """What is there before anything is: a kind and its version."""
    return {key: stored[key] for key in ("apiVersion", "kind") if key in stored}


def _not_typed(applied: Json, why: str) -> Problem:
    metadata = applied.get("metadata") or {}
    version, kind = applied.get("apiVersion"), applied.get("kind")
    message = (
        f"failed to create typed patch object ({metadata.get('namespace', '')}/"
        f"{metadata.get('name', '')}; {version}, Kind={kind}): {why}"
    )
    return Problem(500, "", message)
