"""What all in-toto statements have in common.

Source:
    https://github.com/in-toto/attestation/tree/v1.2.0/spec/v1: Statement, resource
    descriptors, digest sets.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sluicegate.model.event import StageFinished
from sluicegate.model.evidence import EvidenceFile
from sluicegate.report.export.logged import Json, Moment

STATEMENT = "https://in-toto.io/Statement/v1"
EXTENSION = "sluicegate_log"
"""The key of our own in every predicate; SLSA asks for ``<vendor>_<field name>``."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement. ``predicate`` has the keys that its type asks for."""

    predicate_type: str
    subject: tuple[dict[str, Json], ...]
    predicate: dict[str, Json]

    def format(self, moment: Moment) -> str:
        """Write it as one line, with the entry of *moment* as where it stems from."""
        head = moment.head
        checkpoint: Json = {"size": head.size, "rootHash": head.root}
        return self.write({**origin_of(moment), "checkpoint": checkpoint})

    def write(self, origin: dict[str, Json]) -> str:
        """Write it as one line, with *origin* as where it stems from."""
        predicate = {**self.predicate, EXTENSION: origin}
        return json.dumps(
            {
                "_type": STATEMENT,
                "subject": list(self.subject),
                "predicateType": self.predicate_type,
                "predicate": predicate,
            }
        )


def origin_of(moment: Moment) -> dict[str, Json]:
    """The entry of *moment*: the same however much the log has grown since.

    What was measured in another job says so: it is the word of that job.
    """
    logged = moment.logged
    origin: dict[str, Json] = {
        "origin": moment.head.origin,
        "index": logged.row.index,
        "leafHash": {"sha256": logged.leaf_hash},
        "eventId": logged.row.event_id,
    }
    event = logged.event
    if isinstance(event, StageFinished) and event.handed_over is not None:
        origin["handedOver"] = {
            "digest": {"sha256": event.handed_over.digest.hex},
            "job": event.handed_over.job or "",
        }
    return origin


def commit_of(moment: Moment) -> dict[str, Json]:
    """The commit of the run, as a resource."""
    row = moment.logged.row
    commit: dict[str, Json] = {"digest": {"gitCommit": row.commit}}
    uri = _uri(row.repo)
    if uri is None:
        return {"name": row.repo, **commit}
    return {"uri": f"{uri}@{row.ref}" if row.ref else uri, **commit}


def _uri(repo: str) -> str | None:
    """The address of a repository as a URI; None of one without a host."""
    if "://" in repo:
        return f"git+{repo}"
    host, _, path = repo.partition(":")
    return f"git+ssh://{host}/{path}" if path and "/" not in host else None


def subject_of(moment: Moment, event: StageFinished) -> tuple[dict[str, Json], ...]:
    """What a result is about: the artifacts that it names, else the commit."""
    if not event.subjects:
        return ({"name": moment.logged.row.repo, **commit_of(moment)},)
    return tuple(
        {"name": name, "digest": {"sha256": digest.hex}}
        for name, digest in event.subjects
    )


def definition_of(moment: Moment) -> list[Json]:
    """The pipeline's definition, as a resource; nothing if it is not known."""
    if moment.started is None:
        return []
    started = moment.started
    return [{"name": started.pipeline, "digest": {"sha256": started.definition.hex}}]


def files_of(files: Iterable[EvidenceFile]) -> list[Json]:
    """Files of evidence, as resources."""
    return [
        {
            "name": file.name,
            "mediaType": file.media_type,
            "digest": {"sha256": file.digest.hex},
        }
        for file in files
    ]


def write_time(at: datetime) -> str:
    """RFC 3339, in UTC."""
    return at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
