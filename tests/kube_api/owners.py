"""The entries of metadata.managedFields: who owns what, and how it is written.

Source: k8s.io/apimachinery/pkg/util/managedfields/internal (1.36): managedfields.go,
capmanagers.go, conflict.go.
"""

import json
from dataclasses import dataclass, replace

from kube_api.field_sets import NONE, Fields, decode, encode, in_order, shown
from kube_api.problem import Cause, Problem, apply_conflict
from kube_api.values import Json, metadata_of

MOST_UPDATERS = 10
"""Entries of updates that are kept; older ones become one of ANCIENT."""
ANCIENT = "ancient-changes"


@dataclass(frozen=True)
class Owner:
    """Who an entry is of.

    An applier is the same whichever version it applies; an updater is another for each
    version.
    """

    manager: str
    operation: str
    api_version: str
    subresource: str = ""

    @property
    def applies(self) -> bool:
        return self.operation == "Apply"

    def is_the_same_as(self, other: "Owner") -> bool:
        mine = replace(self, api_version="") if self.applies else self
        theirs = replace(other, api_version="") if other.applies else other
        return mine == theirs

    def shown(self) -> str:
        """As a conflict names it."""
        told = json.dumps(self.manager, ensure_ascii=False)
        if self.subresource:
            told += f' with subresource "{self.subresource}"'
        return told if self.applies else f"{told} using {self.api_version}"


@dataclass(frozen=True)
class Entry:
    """What one owner has, and since when."""

    owner: Owner
    fields: Fields
    time: str | None = None

    def as_json(self) -> Json:
        told: Json = {
            "manager": self.owner.manager,
            "operation": self.owner.operation,
            "apiVersion": self.owner.api_version,
        }
        if self.time:
            told["time"] = self.time
        told |= {"fieldsType": "FieldsV1", "fieldsV1": encode(self.fields)}
        if self.owner.subresource:
            told["subresource"] = self.owner.subresource
        return told


def read(stored: Json) -> list[Entry]:
    """The entries of an object; none if one cannot be read."""
    found: list[Entry] = []
    for told in (stored.get("metadata") or {}).get("managedFields") or []:
        readable = (
            told.get("operation") in {"Apply", "Update"}
            and told.get("apiVersion")
            and told.get("fieldsType") == "FieldsV1"
        )
        if not readable:
            return []
        owner = Owner(
            told.get("manager", ""),
            told["operation"],
            told["apiVersion"],
            told.get("subresource", ""),
        )
        found.append(Entry(owner, decode(told.get("fieldsV1") or {}), told.get("time")))
    return found


def with_entries(stored: Json, entries: list[Entry]) -> Json:
    def order(entry: Entry) -> tuple[str, str, str, str, str]:
        owner = entry.owner
        return (
            owner.operation,
            entry.time or "",
            owner.manager,
            owner.api_version,
            owner.subresource,
        )

    told = [e.as_json() for e in sorted(entries, key=order) if e.fields]
    if told:
        metadata_of(stored)["managedFields"] = told
    return stored


def capped(entries: list[Entry]) -> list[Entry]:
    """The oldest updaters put into one, by version, until there are few enough."""
    updaters = sorted(
        (e for e in entries if not e.owner.applies),
        key=lambda e: (e.time or "", e.owner.manager),
    )
    if len(updaters) <= MOST_UPDATERS:
        return entries
    surplus = len(updaters) - MOST_UPDATERS
    buckets: dict[str, list[Entry]] = {}
    for entry in updaters:
        if surplus <= 0:
            break
        bucket = buckets.setdefault(entry.owner.api_version, [])
        surplus -= bool(bucket)
        bucket.append(entry)
    gathered = [entry for bucket in buckets.values() for entry in bucket[1:] and bucket]
    kept = [e for e in entries if e not in gathered]
    for version, bucket in buckets.items():
        if len(bucket) > 1:
            fields = NONE.union(*(e.fields for e in bucket))
            owner = Owner(ANCIENT, "Update", version)
            kept.append(Entry(owner, fields, bucket[-1].time))
    return kept


def conflict_with(taken: dict[Owner, Fields]) -> Problem:
    """Worded as internal/conflict.go does; the time of an update is not told."""
    causes: list[Cause] = []
    lines: list[str] = []
    for owner in sorted(taken, key=lambda each: each.shown()):
        who = owner.shown()
        lines.append(f"conflicts with {who}:")
        for path in in_order(taken[owner]):
            lines.append(f"- {shown(path)}")
            causes.append(
                Cause("FieldManagerConflict", f"conflict with {who}", shown(path))
            )
    if len(causes) == 1:
        message = (
            f"Apply failed with 1 conflict: {causes[0].message}: {causes[0].field}"
        )
    else:
        message = f"Apply failed with {len(causes)} conflicts: " + "\n".join(lines)
    return apply_conflict(causes, message)
