"""Unit tests of `sluicegate.report.telemetry.names`: the conventions at one version.

The tables are the registry of semantic conventions v1.44.0 as far as it is used here
(model/cicd/registry.yaml, spans.yaml and metrics.yaml; model/vcs/registry.yaml;
model/deployment/registry.yaml; model/error, model/service, model/telemetry,
model/process), read at its tag e10a930844c6951757a43b849d364f7d056ac32b.
"""

import enum
from dataclasses import replace

import pytest
import rollout_events
from run_events import NOW, RUN_ID, at, begin, end, planned
from traced_runs import Trace, entered, requested, result, run_finished

from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome
from sluicegate.model.event import PlannedStage, RolloutFinished, StageSkipped
from sluicegate.model.resources import Resources
from sluicegate.model.rollout import RolloutResult
from sluicegate.model.source import Source
from sluicegate.report.telemetry import names
from sluicegate.report.telemetry.instruments import Temporality
from sluicegate.report.telemetry.log_record import record_of
from sluicegate.report.telemetry.metering import INSTRUMENTS, RunMeter
from sluicegate.report.telemetry.records import Attributes, Subject
from sluicegate.report.telemetry.resource import pipeline_resource, run_resource
from sluicegate.stages.kinds import KINDS

STRING, INT = str, int
RESULTS = ("success", "failure", "error", "timeout", "cancellation", "skip")
ATTRIBUTES: dict[str, type | tuple[str, ...]] = {
    "cicd.pipeline.name": STRING,
    "cicd.pipeline.run.id": STRING,
    "cicd.pipeline.run.url.full": STRING,
    "cicd.pipeline.run.state": ("pending", "executing", "finalizing"),
    "cicd.pipeline.result": RESULTS,
    "cicd.pipeline.action.name": ("BUILD", "RUN", "SYNC"),
    "cicd.pipeline.task.name": STRING,
    "cicd.pipeline.task.run.id": STRING,
    "cicd.pipeline.task.run.url.full": STRING,
    "cicd.pipeline.task.run.result": RESULTS,
    "cicd.pipeline.task.type": ("build", "test", "deploy"),
    "cicd.system.component": STRING,
    "deployment.environment.name": STRING,
    "error.type": STRING,
    "process.exit.code": INT,
    "service.name": STRING,
    "service.version": STRING,
    "telemetry.sdk.name": STRING,
    "telemetry.sdk.language": STRING,
    "telemetry.sdk.version": STRING,
    "vcs.owner.name": STRING,
    "vcs.provider.name": ("bitbucket", "gitea", "github", "gitlab"),
    "vcs.ref.head.name": STRING,
    "vcs.ref.head.revision": STRING,
    "vcs.ref.head.type": ("branch", "tag"),
    "vcs.repository.name": STRING,
    "vcs.repository.url.full": STRING,
}
OURS = {
    ("cicd.pipeline.result", "pending"),
    ("cicd.pipeline.task.run.result", "pending"),
}
"""Values that are added to an open enumeration, as the conventions allow."""

METRICS = {
    "cicd.pipeline.run.duration": ("histogram", "s"),
    "cicd.pipeline.run.active": ("updowncounter", "{run}"),
    "cicd.pipeline.run.errors": ("counter", "{error}"),
    "cicd.system.errors": ("counter", "{error}"),
}
REQUIRED = {
    "cicd.pipeline.run.duration": {"cicd.pipeline.name", "cicd.pipeline.run.state"},
    "cicd.pipeline.run.active": {"cicd.pipeline.name", "cicd.pipeline.run.state"},
    "cicd.pipeline.run.errors": {"cicd.pipeline.name", "error.type"},
    "cicd.system.errors": {"cicd.system.component", "error.type"},
}
TASK = {
    "cicd.pipeline.task.name",
    "cicd.pipeline.task.run.id",
    "cicd.pipeline.task.run.result",
    "cicd.pipeline.task.run.url.full",
}
URL = "https://github.com/acme/churn/actions/runs/7"
SOURCE = Source(
    "/p", "a" * 40, "main", "v1", (), "https://x:y@github.com/acme/churn.git"
)


@pytest.fixture(scope="module")
def trace() -> Trace:
    """A run in which everything happens that is told."""
    made = Trace(
        [planned("lint"), planned("scan"), PlannedStage("canary", "canary", ())],
        url=URL,
    )
    made.see(made.started, begin("lint"))
    made.ran("lint", "ruff", result(1))
    gpu = replace(
        end("lint", Outcome.CLOSED),
        declared=Resources(gpu=1),
        usage=ResourceUsage(1234, 100),
    )
    made.see(gpu, StageSkipped("scan", "lint is closed"), begin("canary"))
    made.see(requested(), entered(), rollout_events.STARTED, seconds=20)
    finished = RolloutFinished("canary", RolloutResult.ROLLED_BACK, "bad", at(90))
    made.see(finished, end("canary", Outcome.BROKEN), run_finished(Outcome.BROKEN))
    assert {span.subject for span in made.spans} == set(Subject)
    return made


def check(attributes: Attributes) -> None:
    for name, value in attributes.items():
        if name.startswith("sluice."):
            continue
        known = ATTRIBUTES[name]
        if isinstance(known, tuple):
            assert value in known or (name, value) in OURS, (name, value)
        else:
            assert isinstance(value, known), name


def test_every_attribute_of_a_span_is_in_the_registry(trace: Trace) -> None:
    for span in trace.spans:
        check(span.attributes)
        for happening in span.happenings:
            check(happening.attributes)


def test_every_task_has_what_the_conventions_require(trace: Trace) -> None:
    stages = trace.of(Subject.STAGE)

    assert len(stages) == 3
    for span in stages:
        assert set(span.attributes) >= TASK, span.name
        failed = span.attributes["cicd.pipeline.task.run.result"] in {
            "failure",
            "error",
        }
        assert failed == ("error.type" in span.attributes)


def test_the_run_has_what_the_conventions_require(trace: Trace) -> None:
    said = trace.only(Subject.RUN).attributes

    assert said["cicd.pipeline.result"] == "error"
    assert "error.type" in said


def test_the_resource_of_a_run_is_in_the_registry(trace: Trace) -> None:
    pipeline = pipeline_resource("p", SOURCE, {})
    run = run_resource(pipeline, RUN_ID, URL, trace.started, None)

    check(run)
    assert run["vcs.repository.url.full"] == "https://github.com/acme/churn"
    assert {"cicd.pipeline.run.id", "cicd.pipeline.run.url.full"} <= set(run)
    assert not {"cicd.pipeline.run.id", "vcs.ref.head.revision"} & set(pipeline)


def test_metrics_are_those_of_the_registry_or_our_own() -> None:
    for instrument in INSTRUMENTS:
        if not instrument.name.startswith("sluice."):
            made = instrument.type.value, instrument.unit
            assert made == METRICS[instrument.name]
    assert set(METRICS) <= {each.name for each in INSTRUMENTS}


def test_points_have_what_the_conventions_require_and_never_a_run(
    trace: Trace,
) -> None:
    meter = RunMeter("p_r_v1.0", Temporality.CUMULATIVE, NOW)
    meter.see(trace.started)
    meter.see(end("lint"))
    for span in trace.spans:
        meter.take(span)

    readings = meter.read(at(1))

    told = {reading.instrument.name for reading in readings}
    assert told == {each.name for each in INSTRUMENTS}
    for reading in readings:
        for point in reading.points:
            check(point.attributes)
            assert REQUIRED.get(reading.instrument.name, set()) <= set(point.attributes)
            assert RUN_ID not in str(point.attributes)
            assert trace.started.commit not in str(point.attributes)


def test_log_records_use_the_registry(trace: Trace) -> None:
    record = record_of(end("lint"), NOW, trace.tracer.trace_id, "1" * 16)

    check(record.attributes)
    assert record.name == "sluice.stage.finished"
    assert record.attributes["cicd.pipeline.task.name"] == "lint"


def test_every_kind_of_stage_has_a_type_but_that_which_runs_anything() -> None:
    untyped = {kind for kind in KINDS if names.task_type(kind) is None}

    assert untyped == {"command"}


def test_the_schema_is_that_of_the_version() -> None:
    assert names.SCHEMA_URL == "https://opentelemetry.io/schemas/1.44.0"


def test_no_enumeration_is_told_as_one(trace: Trace) -> None:
    for span in trace.spans:
        assert not any(isinstance(v, enum.Enum) for v in span.attributes.values())
