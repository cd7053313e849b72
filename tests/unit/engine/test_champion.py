"""Unit tests of `sluicegate.engine.champion`: the model to beat, out of the log."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from fakes import FakePorts
from run_events import end
from stage_harness import make_context

from sluicegate.engine.champion import describe_champion, with_champion
from sluicegate.errors import ExternalError, IntegrityError, PermanentError
from sluicegate.model.champion import Champion, NoChampion
from sluicegate.model.decision import Outcome
from sluicegate.model.digest import Digest
from sluicegate.model.event import StageFinished
from sluicegate.model.evidence import Evidence, EvidenceFile, Value
from sluicegate.model.rollout import Release
from sluicegate.model.state_item import StableRelease
from sluicegate.ports.secrets import GivenSecrets
from sluicegate.ports.stable import StableEvidence
from sluicegate.stages.compare import CompareStage
from sluicegate.stages.evaluation.champions import MlflowChampion

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RELEASE = Release(Digest.of(b"v1"), "v1.2.0", "c" * 40)
PREDICTIONS = b'{"id": "a", "y": 1, "yhat": 1}\n'
CONTEXT = replace(make_context(), stage="compare")


def stage(**champion: str) -> CompareStage:
    return CompareStage.model_validate(
        {
            "uses": "compare",
            "candidate": "out/new.jsonl",
            "champion": {"uses": "stable", "environment": "production", **champion},
            "metrics": {"accuracy": {"margin": 0.01}},
        }
    )


def kept(
    ports: FakePorts, name: str = "candidate.jsonl", **fields: Value
) -> StageFinished:
    """A comparison whose candidate is the file *name*."""
    file = EvidenceFile(
        name, "application/jsonl", len(PREDICTIONS), ports.evidence.keep(PREDICTIONS)
    )
    found = {"candidate_digest": str(file.digest), **fields}
    return replace(
        end("compare", evidence=Evidence(found, (file,))), outcome=Outcome.OPEN
    )


def released(
    ports: FakePorts, *ends: StageFinished, pipeline: str | None = "sample_release_v0.9"
) -> None:
    """Let what *ends* say be known of the stable release."""
    stable = StableRelease("production", RELEASE, "R1", NOW, 7)
    by_stage = {each.stage: each for each in ends}
    fields = {name: each.evidence.fields for name, each in by_stage.items()}
    known = StableEvidence(stable, fields, by_stage, "R1", pipeline)
    ports.stable.released["production"] = known


def find(ports: FakePorts, **champion: str) -> Champion | NoChampion | None:
    return with_champion(stage(**champion), CONTEXT, ports.ports()).champion


def test_the_champion_is_what_the_stable_release_was_judged_by() -> None:
    ports = FakePorts()
    released(ports, kept(ports))

    champion = find(ports)

    assert isinstance(champion, Champion)
    assert champion.data == PREDICTIONS
    assert champion.name == "candidate.jsonl"
    assert (champion.version, champion.run) == ("v1.2.0 in production", "R1")
    assert json.loads(champion.document()) == {
        "from": "stable",
        "environment": "production",
        "release": "v1.2.0",
        "commit": "c" * 40,
        "image": str(RELEASE.image),
        "run": "R1",
        "stage": "compare",
        "file": "candidate.jsonl",
        "digest": str(Digest.of(PREDICTIONS)),
    }


def test_a_stage_that_had_another_name_is_found_by_that() -> None:
    ports = FakePorts()
    released(ports, replace(kept(ports), stage="versus"))

    assert isinstance(find(ports), NoChampion)
    assert isinstance(find(ports, stage="versus"), Champion)


@pytest.mark.parametrize(
    ("ends", "why"),
    [
        ((), "the log does not say (any more) how v1.2.0 in production was judged"),
        (("other",), "v1.2.0 in production was released without a stage compare"),
        (("closed",), "v1.2.0 in production was released while compare was closed"),
        (("broken",), "v1.2.0 in production was released while compare was broken"),
        (
            ("bare",),
            "v1.2.0 in production was released without predictions by compare",
        ),
    ],
)
def test_a_release_of_which_no_predictions_are_known_is_for_people(
    ends: tuple[str, ...], why: str
) -> None:
    ports = FakePorts()
    whole = kept(ports)
    known: Mapping[str, StageFinished] = {
        "other": replace(whole, stage="other"),
        "closed": replace(whole, outcome=Outcome.CLOSED),
        "broken": replace(whole, outcome=Outcome.BROKEN, evidence=Evidence()),
        "bare": replace(whole, evidence=Evidence({"lines": 3})),
    }
    released(ports, *(known[each] for each in ends))

    assert find(ports) == NoChampion(why)


def test_what_another_service_has_released_is_no_champion() -> None:
    ports = FakePorts()
    released(ports, kept(ports), pipeline="fraud_release_v1.0")

    with pytest.raises(PermanentError, match="is of another service, fraud") as refused:
        find(ports)
    assert "like sample-production" in str(refused.value.hint)


def test_a_release_whose_run_was_pruned_is_for_people() -> None:
    ports = FakePorts()
    released(ports, kept(ports), pipeline=None)

    assert isinstance(find(ports), NoChampion)


def test_nothing_released_is_a_first_model() -> None:
    assert find(FakePorts()) == NoChampion("nothing is released in production")


def test_predictions_that_were_lost_are_broken_and_those_changed_are_tampered() -> None:
    ports = FakePorts()
    released(ports, kept(ports))
    digest = Digest.of(PREDICTIONS)
    ports.evidence.kept[digest] = b"others"
    with pytest.raises(IntegrityError):
        find(ports)

    del ports.evidence.kept[digest]
    with pytest.raises(PermanentError, match="are not there any more") as lost:
        find(ports)
    assert lost.value.hint is not None


@pytest.mark.parametrize(
    "found",
    [
        {"candidate_digest": str(Digest.of(b"other"))},
        {"candidate_digest": True},
    ],
)
def test_a_file_that_is_not_the_one_that_was_judged_is_refused(
    found: Mapping[str, Value],
) -> None:
    ports = FakePorts()
    released(ports, kept(ports, "candidate.jsonl", **found))

    with pytest.raises(PermanentError, match="does not say which predictions"):
        find(ports)


def test_two_files_are_one_too_many_and_none_is_too_few() -> None:
    ports = FakePorts()
    whole = kept(ports)
    (file,) = whole.evidence.files
    twice = (file, replace(file, name="candidate.csv"))
    for files in ((), twice):
        released(ports, replace(whole, evidence=Evidence(whole.evidence.fields, files)))
        with pytest.raises(PermanentError, match="does not say which predictions"):
            find(ports)


def test_a_champion_in_a_file_is_asked_of_nobody() -> None:
    ports = FakePorts()
    plain = CompareStage.model_validate(
        {
            "uses": "compare",
            "candidate": "new.csv",
            "champion": "old.csv",
            "metrics": {"accuracy": {"margin": 0.01}},
        }
    )

    assert with_champion(plain, CONTEXT, ports.ports()) is CONTEXT
    assert ports.stable.asked == []


def test_a_registry_is_asked_through_its_port() -> None:
    settings = {
        "url": "http://localhost:5000",
        "model": "churn",
        "predictions": "p.csv",
    }
    found = Champion(b"x", "p.csv", "churn version 3", "r", {})
    asked = []

    def ask(source: MlflowChampion, given: GivenSecrets) -> Champion:
        assert given() == {}
        asked.append(source.model)
        return found

    judged = CompareStage.model_validate(
        {
            "uses": "compare",
            "candidate": "new.csv",
            "champion": {"uses": "mlflow", **settings},
            "metrics": {"accuracy": {"margin": 0.01}},
        }
    )
    ports = FakePorts().ports()

    context = with_champion(judged, CONTEXT, replace(ports, champion=ask))
    assert (context.champion, asked) == (found, ["churn"])
    with pytest.raises(ExternalError, match="nobody here can ask"):
        with_champion(judged, CONTEXT, ports)


def test_another_release_or_other_predictions_are_other_inputs() -> None:
    one = Champion(b"x", "c.csv", "v1 in production", "R1", {"run": "R1"})
    others: tuple[Champion | NoChampion, ...] = (
        replace(one, data=b"y"),
        replace(one, origin={"run": "R2"}),
        NoChampion("nothing is released"),
        NoChampion("nothing is known"),
    )

    assert len({describe_champion(each) for each in (one, *others)}) == 5
