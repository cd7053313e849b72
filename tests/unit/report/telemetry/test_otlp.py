"""Unit tests of `sluicegate.report.telemetry.otlp`: held against the real definitions.

What is drawn is parsed strictly by `opentelemetry-proto`, as a collector would.
"""

import json
from datetime import UTC, datetime

import rollout_events
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality
from opentelemetry.proto.trace.v1.trace_pb2 import Span as ProtoSpan
from opentelemetry.proto.trace.v1.trace_pb2 import Status
from otlp_receiver import parse, plain
from run_events import NOW, at, begin, end, planned
from traced_runs import PARENT, DrawnRun, Trace, drawn_runs, run_finished, tell

from sluicegate.model.decision import Outcome
from sluicegate.model.event import RolloutFinished
from sluicegate.model.rollout import RolloutResult
from sluicegate.report.telemetry.instruments import (
    SECONDS,
    Instrument,
    Meter,
    Reading,
    Temporality,
    Type,
)
from sluicegate.report.telemetry.log_record import record_of
from sluicegate.report.telemetry.metering import RunMeter
from sluicegate.report.telemetry.names import SCHEMA_URL
from sluicegate.report.telemetry.otlp import MAX_TEXT, Encoder, nanoseconds

RESOURCE = {"service.name": "sluicegate"}
COUNT = Instrument("n", Type.COUNTER, "{n}", "how many")
TIME = Instrument("t", Type.HISTOGRAM, "s", "how long")


def as_it_is(text: str) -> str:
    return text


def dump(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


@given(drawn_runs(), st.sampled_from([None, PARENT]))
def test_the_spans_of_any_run_are_what_the_definitions_say(
    run: DrawnRun, parent: object
) -> None:
    spans = tell(run, PARENT if parent else None)

    body = dump(Encoder(as_it_is).traces(RESOURCE, spans))

    (found,) = parse(body, ExportTraceServiceRequest).resource_spans
    (scope,) = found.scope_spans
    assert found.schema_url == scope.schema_url == SCHEMA_URL
    assert [each.span_id.hex() for each in scope.spans] == [s.span_id for s in spans]
    for proto, span in zip(scope.spans, spans, strict=True):
        assert proto.trace_id.hex() == span.trace_id
        assert proto.parent_span_id.hex() == span.parent_id
        assert proto.start_time_unix_nano <= proto.end_time_unix_nano
        assert set(plain(proto.attributes)) == set(span.attributes)


@given(drawn_runs())
def test_the_log_records_of_any_run_are_what_the_definitions_say(run: DrawnRun) -> None:
    records = [
        record_of(what, when, PARENT.trace_id, PARENT.span_id)
        for what, when in run.happened
        if not isinstance(what, tuple)
    ]

    body = dump(Encoder(as_it_is).logs(RESOURCE, records))

    (found,) = parse(body, ExportLogsServiceRequest).resource_logs
    (scope,) = found.scope_logs
    assert [each.event_name for each in scope.log_records] == [r.name for r in records]
    assert {each.trace_id.hex() for each in scope.log_records} == {PARENT.trace_id}


@given(drawn_runs(), st.sampled_from(Temporality))
def test_the_metrics_of_any_run_are_what_the_definitions_say(
    run: DrawnRun, temporality: Temporality
) -> None:
    meter = RunMeter("p", temporality, NOW)
    for what, _ in run.happened:
        if not isinstance(what, tuple):
            meter.see(what)
    for span in tell(run):
        meter.take(span)

    body = dump(Encoder(as_it_is).metrics(RESOURCE, meter.read(at(1))))

    (found,) = parse(body, ExportMetricsServiceRequest).resource_metrics
    (scope,) = found.scope_metrics
    names = [each.name for each in scope.metrics]
    assert len(set(names)) == len(names)
    for metric in scope.metrics:
        for point in metric.histogram.data_points:
            assert sum(point.bucket_counts) == point.count
            assert len(point.bucket_counts) == len(point.explicit_bounds) + 1


def test_a_failed_run_has_the_status_of_an_error() -> None:
    trace = Trace([planned("lint")])
    trace.see(trace.started, begin("lint"), end("lint", Outcome.CLOSED))
    trace.see(run_finished(Outcome.CLOSED, "stopped at lint"))

    body = dump(Encoder(as_it_is).traces(RESOURCE, trace.spans))

    (found,) = parse(body, ExportTraceServiceRequest).resource_spans
    run = found.scope_spans[0].spans[-1]
    assert run.kind == ProtoSpan.SPAN_KIND_SERVER
    assert run.status.code == Status.STATUS_CODE_ERROR
    assert run.status.message == "stopped at lint"
    assert run.start_time_unix_nano == NOW.timestamp() * 10**9


def test_the_events_of_a_rollout_are_those_of_its_span() -> None:
    trace = Trace([planned("canary")])
    trace.see(trace.started, begin("canary"), rollout_events.STARTED)
    done = RolloutFinished("canary", RolloutResult.PROMOTED, "so", at(60))

    trace.see(rollout_events.block(0, 60), done)

    body = dump(Encoder(as_it_is).traces(RESOURCE, trace.spans))

    (found,) = parse(body, ExportTraceServiceRequest).resource_spans
    (span,) = found.scope_spans[0].spans
    (block,) = span.events
    assert plain(block.attributes)["sluice.canary.requests"] == 50


def test_no_text_is_told_that_must_not_be_seen() -> None:
    trace = Trace([planned("lint")])
    trace.see(trace.started, begin("lint"))
    trace.see(end("lint", Outcome.CLOSED, reason="with s3cret in it"))
    record = record_of(end("lint", reason="s3cret"), NOW, PARENT.trace_id, "1" * 16)
    encoder = Encoder(lambda text: text.replace("s3cret", "***"))

    told = dump(encoder.traces(RESOURCE, trace.spans)) + dump(
        encoder.logs({"a": "s3cret"}, [record])
    )

    assert b"s3cret" not in told
    assert b"with *** in it" in told


def test_a_secret_at_the_edge_of_a_long_text_is_hidden_whole() -> None:
    trace = Trace([planned("lint")])
    trace.see(trace.started, begin("lint"))
    text = "x" * (MAX_TEXT - 3) + "s3cret"
    trace.see(end("lint", Outcome.CLOSED, reason=text))

    told = dump(Encoder(lambda t: t.replace("s3cret", "***")).traces({}, trace.spans))

    assert b"s3c" not in told


def test_integers_are_strings_as_they_may_have_64_bits() -> None:
    assert nanoseconds(datetime(2026, 11, 22, tzinfo=UTC)) == "1795305600000000000"


def counts(temporality: Temporality) -> tuple[list[int], list[int], list[int]]:
    """Counts, their starts and ends, of a counter that is read three times."""
    meter = Meter(temporality, NOW)
    readings: list[Reading] = []
    for second, number in ((10, 1), (20, 2), (30, 4)):
        meter.add(COUNT, number, {"a": "b"})
        readings += meter.read(at(second))
    body = dump(Encoder(as_it_is).metrics(RESOURCE, readings))
    (found,) = parse(body, ExportMetricsServiceRequest).resource_metrics
    (metric,) = found.scope_metrics[0].metrics
    points = metric.sum.data_points
    base = NOW.timestamp() * 10**9
    return (
        [point.as_int for point in points],
        [round((point.start_time_unix_nano - base) / 10**9) for point in points],
        [round((point.time_unix_nano - base) / 10**9) for point in points],
    )


def test_what_counts_from_the_start_is_told_once_a_document() -> None:
    assert counts(Temporality.CUMULATIVE) == ([7], [0], [30])


def test_deltas_are_told_each_with_its_own_time() -> None:
    assert counts(Temporality.DELTA) == ([1, 2, 4], [0, 10, 20], [10, 20, 30])


@given(st.lists(st.floats(0, 10**7), min_size=1))
def test_a_distribution_counts_every_number_once(numbers: list[float]) -> None:
    meter = Meter(Temporality.DELTA, NOW)
    for number in numbers:
        meter.add(TIME, number, {})

    body = dump(Encoder(as_it_is).metrics(RESOURCE, meter.read(at(1))))

    (found,) = parse(body, ExportMetricsServiceRequest).resource_metrics
    metric = found.scope_metrics[0].metrics[0].histogram
    (point,) = metric.data_points
    assert metric.aggregation_temporality == (
        AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA
    )
    assert point.count == len(numbers)
    assert (point.min, point.max) == (min(numbers), max(numbers))
    assert list(point.explicit_bounds) == list(SECONDS)
    assert sum(point.bucket_counts[:1]) == sum(number <= 1 for number in numbers)
