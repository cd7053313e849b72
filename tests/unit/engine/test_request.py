"""Unit tests of `sluicegate.engine.request`: the models that a request is bound to."""

from dataclasses import replace

import pytest
from fakes import START
from release_requests import REQUEST

from sluicegate.audit.request_form import format_request, parse_request
from sluicegate.engine.request import models_of
from sluicegate.errors import IntegrityError
from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome
from sluicegate.model.digest import Digest
from sluicegate.model.event import StageFinished
from sluicegate.model.evidence import Evidence, EvidenceFile
from sluicegate.model.release_request import Artifact, ArtifactKind

MODEL, OTHER = Digest.of(b"model"), Digest.of(b"other")


def ended(
    stage: str = "train",
    subject: str | None = None,
    digest: Digest = MODEL,
    *,
    name: str = "model-manifest.json",
    kept: Digest = MODEL,
) -> StageFinished:
    return StageFinished(
        stage=stage,
        attempt=1,
        outcome=Outcome.OPEN,
        reason="",
        gate=None,
        evidence=Evidence({}, (EvidenceFile(name, "application/json", 5, kept),)),
        tools=(),
        subjects=((subject or f"{stage}/model", digest),),
        usage=ResourceUsage(1),
        start_ts=START,
        end_ts=START,
    )


def test_the_list_of_a_models_files_is_an_artifact() -> None:
    assert models_of([ended()]) == (Artifact("train/model", ArtifactKind.MODEL, MODEL),)


def test_the_same_files_are_one_artifact_and_others_are_another() -> None:
    same, other = ended("modelscan"), ended("second", digest=OTHER, kept=OTHER)

    found = models_of([ended(), same, other])

    assert [(each.name, each.digest) for each in found] == [
        ("train/model", MODEL),
        ("second/model", OTHER),
    ]


@pytest.mark.parametrize(
    "end",
    [
        ended(subject="acme/model"),  # an image may be called so
        ended("build", "train/model"),
        ended(name="report.json"),
        ended(kept=OTHER),
    ],
)
def test_nothing_passes_for_a_model_that_no_stage_has_read(end: StageFinished) -> None:
    assert models_of([end]) == ()


def test_a_request_with_a_model_is_read_as_it_was_written() -> None:
    request = replace(REQUEST, artifacts=(*REQUEST.artifacts, *models_of([ended()])))
    data = format_request(request)

    assert parse_request(data) == request
    with pytest.raises(IntegrityError):
        parse_request(data.replace(b'"kind":"model"', b'"kind":"modem"'))
