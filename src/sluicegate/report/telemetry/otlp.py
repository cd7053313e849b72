"""OTLP documents in JSON.

Ids are hexadecimal and not base64, enumerations are numbers, and integers of 64 bits
are strings: so OTLP/JSON deviates from Protobuf's own JSON.

Source:
    opentelemetry-proto, docs/specification.md, "JSON Protobuf Encoding"; the messages
    of opentelemetry/proto/collector/{trace,metrics,logs}/v1.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sluicegate import __version__
from sluicegate.report.telemetry import names
from sluicegate.report.telemetry.instruments import (
    SECONDS,
    Distribution,
    Instrument,
    Point,
    Reading,
    Temporality,
    Type,
)
from sluicegate.report.telemetry.records import (
    Attributes,
    Happening,
    LogRecord,
    Span,
    Value,
)

MAX_TEXT = 4096
"""Characters of one text that are told; the rest is in the audit log."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_HAS_ERROR = 2  # trace.proto, Status.STATUS_CODE_ERROR
_IS_SAMPLED = 1

Json = object
Hide = Callable[[str], str]


class Encoder:
    """Writes documents, every text through *hide*, which leaves no secret in it."""

    def __init__(self, hide: Hide) -> None:
        self._hide = hide

    def traces(self, resource: Attributes, spans: Iterable[Span]) -> Json:
        """An ``ExportTraceServiceRequest``."""
        found = [self._span(span) for span in spans]
        return self._document("Spans", resource, {"spans": found})

    def logs(self, resource: Attributes, records: Iterable[LogRecord]) -> Json:
        """An ``ExportLogsServiceRequest``."""
        found = [self._record(record) for record in records]
        return self._document("Logs", resource, {"logRecords": found})

    def metrics(self, resource: Attributes, readings: Iterable[Reading]) -> Json:
        """An ``ExportMetricsServiceRequest``.

        Of several *readings* of one instrument, oldest first, all deltas count, and of
        those that count from the start the last.
        """
        by_instrument: dict[Instrument, list[Reading]] = {}
        for reading in readings:
            found = by_instrument.setdefault(reading.instrument, [])
            if reading.temporality is Temporality.CUMULATIVE:
                found.clear()
            found.append(reading)
        metrics = [self._metric(*each) for each in by_instrument.items()]
        return self._document("Metrics", resource, {"metrics": metrics})

    def _document(
        self, what: str, resource: Attributes, records: Mapping[str, Json]
    ) -> Json:
        scope = {"name": names.SCOPE, "version": __version__}
        within = {"scope": scope, **records, "schemaUrl": names.SCHEMA_URL}
        return {
            f"resource{what}": [
                {
                    "resource": {"attributes": self._attributes(resource)},
                    f"scope{what}": [within],
                    "schemaUrl": names.SCHEMA_URL,
                }
            ]
        }

    def _span(self, span: Span) -> Json:
        found: dict[str, Json] = {
            "traceId": span.trace_id,
            "spanId": span.span_id,
            "name": self._text(span.name),
            "kind": int(span.kind),
            "startTimeUnixNano": nanoseconds(span.start),
            "endTimeUnixNano": nanoseconds(span.end),
            "attributes": self._attributes(span.attributes),
            "events": [self._happening(each) for each in span.happenings],
            "flags": _IS_SAMPLED,
        }
        if span.parent_id:
            found["parentSpanId"] = span.parent_id
        if span.state:
            found["traceState"] = span.state
        if span.dropped:
            found["droppedEventsCount"] = span.dropped
        if span.error is not None:
            found["status"] = {"code": _HAS_ERROR, "message": self._text(span.error)}
        return found

    def _happening(self, happening: Happening) -> Json:
        return {
            "timeUnixNano": nanoseconds(happening.at),
            "name": happening.name,
            "attributes": self._attributes(happening.attributes),
        }

    def _record(self, record: LogRecord) -> Json:
        at = nanoseconds(record.at)
        return {
            "timeUnixNano": at,
            "observedTimeUnixNano": at,
            "severityNumber": int(record.severity),
            "severityText": record.severity.name,
            "eventName": record.name,
            "body": {"stringValue": self._text(record.body)},
            "attributes": self._attributes(record.attributes),
            "traceId": record.trace_id,
            "spanId": record.span_id,
        }

    def _metric(self, instrument: Instrument, readings: Sequence[Reading]) -> Json:
        is_histogram = instrument.type is Type.HISTOGRAM
        found: dict[str, Json] = {
            "dataPoints": [
                self._point(point, reading)
                for reading in readings
                for point in reading.points
            ],
            "aggregationTemporality": int(readings[0].temporality),
        }
        if not is_histogram:
            found["isMonotonic"] = instrument.type is Type.COUNTER
        return {
            "name": instrument.name,
            "unit": instrument.unit,
            "description": instrument.description,
            "histogram" if is_histogram else "sum": found,
        }

    def _point(self, point: Point, reading: Reading) -> Json:
        return {
            "attributes": self._attributes(point.attributes),
            "startTimeUnixNano": nanoseconds(reading.start),
            "timeUnixNano": nanoseconds(reading.at),
            **_number(point.number),
        }

    def _attributes(self, attributes: Attributes) -> Sequence[Json]:
        return [
            {"key": key, "value": self._value(value)}
            for key, value in attributes.items()
        ]

    def _value(self, value: Value) -> Json:
        match value:
            case bool():
                return {"boolValue": value}
            case int():
                return {"intValue": str(value)}
            case float():
                return {"doubleValue": value}
            case str():
                return {"stringValue": self._text(value)}
            case _:
                values = [{"stringValue": self._text(each)} for each in value]
                return {"arrayValue": {"values": values}}

    def _text(self, text: str) -> str:
        # Hidden first: half a secret would be known to nobody.
        hidden = self._hide(text)[:MAX_TEXT]
        return hidden.encode(errors="replace").decode()  # nor half a character


def _number(number: float | Distribution) -> Mapping[str, Json]:
    match number:
        case Distribution():
            return {
                "count": str(sum(number.counts)),
                "sum": number.total,
                "bucketCounts": [str(each) for each in number.counts],
                "explicitBounds": list(SECONDS),
                "min": number.least,
                "max": number.most,
            }
        case int():
            return {"asInt": str(number)}
        case _:
            return {"asDouble": number}


def nanoseconds(at: datetime) -> str:
    """Nanoseconds since 1970, as the string that OTLP/JSON writes."""
    return str((at - _EPOCH) // _MICROSECOND * 1000)
