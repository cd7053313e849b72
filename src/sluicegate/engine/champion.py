"""The model to beat, read by whoever judges: out of the log, or out of a registry.

It is never taken over from another job. One that runs the project's programs could hand
over the predictions of any model, or of a worse one.
"""

from dataclasses import replace

from sluicegate.engine.toolbox import Ports
from sluicegate.errors import MissingError, PermanentError
from sluicegate.model.champion import Champion, NoChampion
from sluicegate.model.decision import Outcome
from sluicegate.model.event import StageFinished
from sluicegate.ports.secrets import GivenSecrets, none_given
from sluicegate.ports.stable import StableEvidence
from sluicegate.stages.compare import CANDIDATE_FIELD, CANDIDATE_FILES, CompareStage
from sluicegate.stages.evaluation.champions import StableChampion
from sluicegate.stages.stage import Stage, StageContext


def with_champion(
    stage: Stage,
    context: StageContext,
    ports: Ports,
    given: GivenSecrets = none_given,
) -> StageContext:
    """*context* with the model that *stage* is to compare with, if it is no file.

    *given* are the secrets by which a registry may be asked.

    Raises:
        ExternalError: it cannot be told, or cannot be read.
        IntegrityError: the log or its evidence is not what was committed.
    """
    if not isinstance(stage, CompareStage) or stage.champion_source is None:
        return context
    source = stage.champion_source
    if isinstance(source, StableChampion):
        named = source.stage or context.stage
        service = _service(context.pipeline)
        return replace(context, champion=_find_stable(source, named, service, ports))
    return replace(context, champion=ports.champion(source, given))


def describe_champion(champion: Champion | NoChampion) -> str:
    """All that a result depends on of the model to beat, as a text."""
    if isinstance(champion, NoChampion):
        return champion.reason
    return champion.document().decode()


def _service(pipeline: str) -> str:
    return pipeline.partition("_")[0]


def _find_stable(
    source: StableChampion, stage: str, service: str, ports: Ports
) -> Champion | NoChampion:
    """What *stage* was shown as the candidate, when what is stable now was released.

    Services may share a log; what another one has released is no champion of *service*.
    """
    found = ports.stable.of(source.environment)
    if found is None:
        return NoChampion(f"nothing is released in {source.environment}")
    release = found.release.release
    what = f"{release.name} in {source.environment}"
    if found.pipeline is None or not found.ends:
        return NoChampion(f"the log does not say (any more) how {what} was judged")
    if _service(found.pipeline) != service:
        raise PermanentError(
            f"{what} is of another service, {_service(found.pipeline)}",
            hint="services that share a log need environments of different names, like"
            f" {service}-{source.environment}; or give each a log of its own",
        )
    end = found.ends.get(stage)
    if end is None:
        return NoChampion(f"{what} was released without a stage {stage}")
    if end.outcome is not Outcome.OPEN:
        return NoChampion(f"{what} was released while {stage} was {end.outcome.value}")
    return _read(source, what, found, end, ports)


def _read(
    source: StableChampion,
    what: str,
    found: StableEvidence,
    end: StageFinished,
    ports: Ports,
) -> Champion | NoChampion:
    files = [each for each in end.evidence.files if each.name in CANDIDATE_FILES]
    digest = end.evidence.fields.get(CANDIDATE_FIELD)
    if not files and digest is None:
        return NoChampion(f"{what} was released without predictions by {end.stage}")
    if len(files) != 1 or digest != str(files[0].digest):
        raise PermanentError(
            f"the log does not say which predictions {end.stage} was shown of {what}"
        )
    (file,) = files
    try:
        data = ports.evidence.load(file.digest)
    except MissingError as error:
        raise PermanentError(
            f"the predictions of {what} are not there any more: {error}",
            hint="evidence must last as long as a release: see `audit.evidence`, or"
            " put the file back where evidence is",
        ) from error
    release, run_id = found.release.release, found.run_id or ""
    return Champion(
        data,
        file.name,
        what,
        run_id,
        {
            "from": "stable",
            "environment": source.environment,
            "release": release.name,
            "commit": release.commit,
            "image": str(release.image),
            "run": run_id,
            "stage": end.stage,
            "file": file.name,
        },
    )
