"""A finished build as SLSA provenance.

Source:
    https://slsa.dev/spec/v1.2/build-provenance, predicate type provenance/v1.
"""

from sluicegate.model.event import StageFinished
from sluicegate.report.export.logged import Json, Moment
from sluicegate.report.export.statement import (
    Statement,
    commit_of,
    definition_of,
    files_of,
    subject_of,
    write_time,
)

PROVENANCE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "https://sluicegate.dev/build/docker/v1"
BUILDER = "https://sluicegate.dev/builder/v1"
_BUILDS = frozenset({"docker-build"})


def provenance(moment: Moment) -> Statement | None:
    """How an image was built; None for what built none, or did so in an earlier run."""
    event = moment.logged.event
    if not isinstance(event, StageFinished) or event.cached or not event.subjects:
        return None
    if moment.kinds.get(event.stage) not in _BUILDS:
        return None
    row = moment.logged.row
    tools: list[Json] = [
        {"name": tool.name, "digest": {"sha256": tool.digest.hex}}
        for tool in event.tools
        if tool.digest is not None
    ]
    predicate: dict[str, Json] = {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": {
                "source": row.repo,
                "ref": row.ref,
                "pipeline": moment.started.pipeline if moment.started else "",
                "stage": event.stage,
            },
            "resolvedDependencies": [commit_of(moment), *definition_of(moment)],
        },
        "runDetails": {
            "builder": {
                "id": BUILDER,
                "version": {"sluicegate": moment.logged.version},
                "builderDependencies": tools,
            },
            "metadata": {
                "invocationId": moment.logged.task or row.run_id,
                "startedOn": write_time(event.start_ts),
                "finishedOn": write_time(event.end_ts),
            },
            "byproducts": files_of(event.evidence.files),
        },
    }
    return Statement(PROVENANCE, subject_of(moment, event), predicate)
