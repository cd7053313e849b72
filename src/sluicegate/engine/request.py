"""What a stage wants to release, and whether a request still asks for that. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sluicegate.engine.authority import Asker
from sluicegate.engine.situation import Earlier
from sluicegate.gates.rules import Policy
from sluicegate.model.digest import Digest
from sluicegate.model.event import StageFinished
from sluicegate.model.evidence import Evidence, Value
from sluicegate.model.model_manifest import MANIFEST
from sluicegate.model.release_request import (
    Artifact,
    ArtifactKind,
    Change,
    LiveRelease,
    ReleaseRequest,
    StageEvidence,
)
from sluicegate.model.rollout import Release
from sluicegate.model.state_item import StableRelease
from sluicegate.model.task import task_id
from sluicegate.stages.stage import StageContext


@dataclass(frozen=True, slots=True)
class Wanted:
    """A release that a stage wants to begin in an environment.

    ``evidence`` is what the stages before it found, by the tasks that found it.
    """

    environment: str
    stage: str
    run_id: str
    pipeline: str
    definition: Digest
    commit: str
    release: str
    artifacts: tuple[Artifact, ...]
    evidence: tuple[StageEvidence, ...]
    rollback: bool = False

    def request(
        self,
        asker: Asker,
        policy: Policy,
        live: StableRelease | None,
        *,
        changes: Sequence[Change],
        pusher: tuple[str, ...],
        created: datetime,
        expires: datetime,
        nonce: str,
    ) -> ReleaseRequest:
        """The request for it."""
        return ReleaseRequest(
            log=asker.log,
            repository=asker.repository,
            environment=self.environment,
            run_id=self.run_id,
            stage=self.stage,
            pipeline=self.pipeline,
            definition=self.definition,
            commit=self.commit,
            release=self.release,
            artifacts=self.artifacts,
            evidence=self.evidence,
            policy=policy.digest,
            policy_branch=policy.branch,
            policy_commit=policy.commit,
            live=live_release(live),
            changes=tuple(changes),
            requester=asker.requester,
            pusher=pusher,
            created=created,
            expires=expires,
            nonce=nonce,
            rollback=self.rollback,
        )


def differences(
    request: ReleaseRequest,
    wanted: Wanted,
    policy: Policy,
    live: StableRelease | None,
) -> tuple[str, ...]:
    """What *request* asks for otherwise than is wanted now, in words."""
    same = {
        "the environment": request.environment == wanted.environment,
        "the commit": request.commit == wanted.commit,
        "the artifact": request.artifacts == wanted.artifacts,
        "the evidence": request.evidence == wanted.evidence,
        "the pipeline": request.definition == wanted.definition,
        "the policy": request.policy == policy.digest,
        "what is released there": request.live == live_release(live),
        "the run": (request.run_id, request.stage) == (wanted.run_id, wanted.stage),
    }
    return tuple(what for what, is_same in same.items() if not is_same)


def want(
    context: StageContext,
    environment: str,
    release: Release,
    upstream: Sequence[StageFinished],
    *,
    earlier: Earlier | None,
) -> Wanted:
    """What the stage of *context* wants to release into *environment*.

    Of an *earlier* release, *upstream* is what its own run had found.
    """
    found_by = (context.run_id, context.labels)
    if earlier is not None:
        found_by = (earlier.run_id, earlier.labels)
    return Wanted(
        environment=environment,
        stage=context.stage,
        run_id=context.run_id,
        pipeline=context.pipeline,
        definition=context.definition,
        commit=release.commit,
        release=release.name,
        artifacts=(*artifacts_of(release), *models_of(upstream)),
        evidence=stage_evidence(*found_by, upstream),
        rollback=earlier is not None,
    )


def live_release(stable: StableRelease | None) -> LiveRelease | None:
    """What is released, as a request says it."""
    if stable is None:
        return None
    release = stable.release
    return LiveRelease(release.name, release.commit, release.image)


def artifacts_of(release: Release) -> tuple[Artifact, ...]:
    """The digests that *release* is bound to: the registry's, and the image's own."""
    found = [Artifact(release.name, ArtifactKind.CONFIG, release.image)]
    if release.reference is not None:
        name, _, digest = release.reference.rpartition("@")
        found.insert(0, Artifact(name, ArtifactKind.MANIFEST, Digest.parse(digest)))
    return tuple(found)


def models_of(upstream: Sequence[StageFinished]) -> tuple[Artifact, ...]:
    """The lists of files of the models that the stages before have read, each once.

    Somebody who approves a request approves these files, and no others.
    """
    found: dict[Digest, Artifact] = {}
    for each in upstream:
        name = f"{each.stage}/model"
        kept = {file.digest for file in each.evidence.files if file.name == MANIFEST}
        for subject, digest in each.subjects:
            if subject == name and digest in kept:
                found.setdefault(digest, Artifact(name, ArtifactKind.MODEL, digest))
    return tuple(found.values())


def stage_evidence(
    run_id: str, labels: Mapping[str, str], upstream: Sequence[StageFinished]
) -> tuple[StageEvidence, ...]:
    """What the stages before found, by digest, and the tasks that found it."""
    return tuple(
        StageEvidence(
            each.stage,
            task_id(run_id, labels, each.stage, each.attempt),
            digest_evidence(each.evidence),
        )
        for each in upstream
    )


def evidence_of(
    upstream: Sequence[StageFinished],
) -> dict[str, Mapping[str, Value]]:
    """The fields that the stages before found, by stage."""
    return {each.stage: each.evidence.fields for each in upstream}


def digest_evidence(evidence: Evidence) -> Digest:
    """SHA-256 over sorted JSON: fields by name, of each file its name and digest."""
    document = {
        "fields": dict(evidence.fields),
        "files": [[file.name, str(file.digest)] for file in evidence.files],
    }
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return Digest.of(text.encode())
