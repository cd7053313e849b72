"""Where what is told of a run goes: the endpoints, and what became of it all."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from sluicegate import __version__
from sluicegate.adapters.masking import Masks
from sluicegate.adapters.telemetry.delivery import Delivery
from sluicegate.adapters.telemetry.exporter import Exporter, Route
from sluicegate.adapters.telemetry.lane import Account, Encode
from sluicegate.adapters.telemetry.settings import Endpoint, Settings, Signal
from sluicegate.report.telemetry.context import TraceContext, parse_context
from sluicegate.report.telemetry.instruments import Reading, Temporality
from sluicegate.report.telemetry.metering import RunMeter
from sluicegate.report.telemetry.otlp import Encoder
from sluicegate.report.telemetry.records import LogRecord, Span, Value
from sluicegate.wiring.machine import Machine

if TYPE_CHECKING:
    from sluicegate.adapters.telemetry.sender import Sender

_AGENT = f"OTel-OTLP-Exporter-Sluicegate/{__version__}"
_WORDS = {
    Signal.TRACES: "span",
    Signal.METRICS: "metric",
    Signal.LOGS: "log record",
}


class Out:
    """Sends what is told of the run *run* of the *pipeline*, both as resources.

    *start* is when the process began to count.
    """

    def __init__(
        self,
        settings: Settings,
        machine: Machine,
        masks: Masks,
        run: Mapping[str, Value],
        pipeline: Mapping[str, Value],
        start: datetime,
    ) -> None:
        self._settings, self._masks = settings, masks
        self._environ = machine.environ
        self._warnings = list(settings.warnings)
        self.parent = self._read_parent()
        deltas = Temporality.DELTA if settings.deltas else Temporality.CUMULATIVE
        self.meter = RunMeter(str(pipeline["cicd.pipeline.name"]), deltas, start)
        self._encoder = Encoder(masks.text)
        self._run, self._pipeline = run, pipeline
        encoders: dict[Signal, Encode] = {
            Signal.TRACES: self._traces,
            Signal.METRICS: self._metrics,
            Signal.LOGS: self._logs,
        }
        routes = {
            signal: _route(encoders[signal], endpoint, machine.ca_bundle)
            for signal, endpoint in settings.endpoints.items()
        }
        self._exporter = Exporter(routes)
        self._accounts: Mapping[Signal, Account] = {}

    @property
    def is_open(self) -> bool:
        """Whether anything is sent anywhere."""
        return bool(self._settings.endpoints)

    def sends(self, signal: Signal) -> bool:
        """Whether records of that signal are sent."""
        return self._exporter.sends(signal)

    def keeps(self, trace_id: str) -> bool:
        """Whether the spans of that trace are sent."""
        parent = None if self.parent is None else self.parent.sampled
        return self._settings.sampling.keeps(trace_id, parent=parent)

    @property
    def has_foreign_state(self) -> bool:
        """Whether programs would find a ``TRACESTATE`` that is of no use here."""
        known = "" if self.parent is None else self.parent.state
        return bool(self._environ.get("TRACESTATE")) and not known

    def spans(self, spans: Sequence[Span]) -> None:
        """Send *spans*."""
        self._exporter.put(Signal.TRACES, spans)

    def record(self, record: LogRecord) -> None:
        """Send *record*."""
        self._exporter.put(Signal.LOGS, (record,))

    def measure(self, at: datetime) -> None:
        """Send what has been counted until *at*."""
        if self.sends(Signal.METRICS):
            self._exporter.put(Signal.METRICS, self.meter.read(at))

    def finish(self, seconds: float, *, hurried: bool) -> list[str]:
        """Wait at most so long, or less if *hurried*; what a person should know."""
        self._accounts = self._exporter.finish(seconds, hurried=hurried)
        return [*self._warnings, *self._losses()]

    def _losses(self) -> list[str]:
        lost: dict[tuple[str, str], list[str]] = {}
        for signal, account in self._accounts.items():
            if account.lost:
                place = self._settings.endpoints[signal].place
                said = lost.setdefault((place, account.fault), [])
                said.append(_count(account.lost, _WORDS[signal]))
        return [
            f"{_join(said)} not delivered to {place}: {self._masks.text(fault)}"
            for (place, fault), said in lost.items()
        ]

    def document(self) -> dict[str, object]:
        """What was delivered, and what was not, by signal."""
        accounts = self._accounts.items()
        losses = self._losses()
        return {
            "delivered": {signal.value: each.delivered for signal, each in accounts},
            "lost": {signal.value: each.lost for signal, each in accounts},
            "why_lost": "; ".join(losses) if losses else None,
        }

    def _read_parent(self) -> TraceContext | None:
        text = self._environ.get("TRACEPARENT", "")
        if not text or not self.is_open:
            return None
        parent = parse_context(text, self._environ.get("TRACESTATE", ""))
        if parent is None:
            self._warnings.append(
                "TRACEPARENT is no trace context of the W3C: the run has a trace of its"
                " own"
            )
        return parent

    def _traces(self, spans: Sequence[Span]) -> bytes:
        return _dump(self._encoder.traces(self._run, spans))

    def _logs(self, records: Sequence[LogRecord]) -> bytes:
        return _dump(self._encoder.logs(self._run, records))

    def _metrics(self, readings: Sequence[Reading]) -> bytes:
        return _dump(self._encoder.metrics(self._pipeline, readings))


def _route(encode: Encode, endpoint: Endpoint, ca_bundle: str | None) -> Route:
    """Posts by a sender that is loaded and made in the thread that uses it."""

    @cache
    def sender() -> "Sender":
        from sluicegate.adapters.telemetry.sender import Sender  # noqa: PLC0415 - slow

        return Sender(endpoint, ca_bundle, _AGENT)

    def post(body: bytes, seconds: float) -> Delivery:
        return sender().post(body, seconds)

    def prepare() -> None:
        sender()

    return Route(encode, post, prepare)


def _dump(document: object) -> bytes:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return text.encode()


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _join(parts: Sequence[str]) -> str:
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last
