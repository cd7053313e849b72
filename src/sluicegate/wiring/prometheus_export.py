"""Showing runs to Prometheus while they go on, if that is asked for.

As a file (``SLUICE_METRICS_TEXTFILE``) and as a page
(``OTEL_METRICS_EXPORTER=prometheus``). It decides nothing, a run waits at most a second
for it, and whatever goes wrong in here stays in here: it is said once.

Source:
    OpenTelemetry specification v1.60.0, configuration/sdk-environment-variables.md:
    ``OTEL_EXPORTER_PROMETHEUS_HOST`` and ``_PORT``; a list of exporters is allowed.
"""

import re
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from typing_extensions import override

from sluicegate import __version__
from sluicegate.engine.toolbox import Observer
from sluicegate.model.event import Event, RunStarted
from sluicegate.model.finding import Finding
from sluicegate.model.run import Run
from sluicegate.ports.clock import Clock
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.pipeline import Pipeline

if TYPE_CHECKING:
    from sluicegate.adapters.prometheus.keeping import KeptTextfile
    from sluicegate.adapters.prometheus.server import MetricsServer
    from sluicegate.report.prometheus.run_metrics import RunMetrics

_TEXTFILE = "SLUICE_METRICS_TEXTFILE"
_EXPORTERS = "OTEL_METRICS_EXPORTER"
_HOST, _PORT = "OTEL_EXPORTER_PROMETHEUS_HOST", "OTEL_EXPORTER_PROMETHEUS_PORT"
_DEFAULT_HOST, _DEFAULT_PORT = "localhost", "9464"
_NUMBER = re.compile("[0-9]{1,5}")
_LAST_PORT = 65535
_LAST_SECONDS = 1.0


class PrometheusExport:
    """Shows one run after the other, as *environ* asks.

    *textfile* is where the file goes whatever *environ* says. Used by several threads.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        environ: Mapping[str, str],
        clock: Clock,
        textfile: Path | None = None,
    ) -> None:
        named = environ.get(_TEXTFILE, "").strip()
        self._textfile = textfile or (Path(named) if named else None)
        self._serves = serves_metrics(environ)
        self._pipeline, self._environ, self._clock = pipeline, environ, clock
        self._lock = threading.Lock()
        self._metrics: RunMetrics | None = None
        self._file: KeptTextfile | None = None
        self._server: MetricsServer | None = None
        self._troubles: list[str] = []
        self._ended_at = 0.0

    def watch(
        self, run_id: str, started: RunStarted, run: Run | None, observer: Observer
    ) -> Observer:
        """An observer that shows a run to *observer*, and to Prometheus.

        *run* is what is known of one that is gone on with.
        """
        if self._textfile is None and not self._serves:
            return observer
        try:
            self._begin(run_id, started, run)
        except Exception as error:  # noqa: BLE001 - showing must not change a run
            self._fail(error)
            return observer
        return _Shown(self, observer)

    def see(self, event: Event) -> None:
        """Take the next event of the run."""
        if self._metrics is None:
            return
        try:
            with self._lock:
                self._metrics.see(event, self._clock.now())
            if self._file is not None:
                self._file.touch()
        except Exception as error:  # noqa: BLE001 - showing must not change a run
            self._metrics = None
            self._fail(error)

    def trouble(self) -> str | None:
        """What a person should know at once; nothing twice."""
        found = None if self._server is None else self._server.trouble()
        return None if found is None else f"{found} ({found.hint})"

    def end(self) -> None:
        """Nothing more happens. Returns at once."""
        self._ended_at = time.monotonic()
        if self._file is not None:
            self._file.end()

    def finish(self) -> Sequence[str]:
        """Wait for what is being written, a second at most; what was lost."""
        if not self._ended_at:
            self.end()
        if (found := self.trouble()) is not None:
            self._troubles.append(found)
        if self._server is not None:
            self._server.stop()
        if self._file is not None:
            left = self._ended_at + _LAST_SECONDS - time.monotonic()
            if (lost := self._file.finish(max(0.0, left))) is not None:
                self._troubles.append(lost)
        self._file = self._server = None
        found_all, self._troubles = tuple(self._troubles), []
        return found_all

    def _begin(self, run_id: str, started: RunStarted, run: Run | None) -> None:
        from sluicegate.report.prometheus.run_metrics import (  # noqa: PLC0415 - as asked
            RunMetrics,
        )
        from sluicegate.report.rollout_terms import terms_of  # noqa: PLC0415 - likewise

        canaries = {
            named.name: (named.stage.environment, terms_of(named.stage).bounds)
            for named in self._pipeline.stages
            if isinstance(named.stage, CanaryStage)
        }
        metrics = RunMetrics(run_id, __version__, started, canaries)
        if run is not None:
            metrics.resume(run)
        with self._lock:
            self._metrics = metrics
        if self._textfile is not None and self._file is None:
            from sluicegate.adapters.prometheus.keeping import (  # noqa: PLC0415 - as asked
                KeptTextfile,
            )

            self._file = KeptTextfile(self._textfile.absolute(), self._page)
        if self._serves and self._server is None:
            self._server = self._serve()

    def _serve(self) -> "MetricsServer | None":
        from sluicegate.adapters.prometheus.server import (  # noqa: PLC0415 - as asked
            MetricsServer,
        )

        host = self._environ.get(_HOST, "").strip() or _DEFAULT_HOST
        port = self._environ.get(_PORT, "").strip() or _DEFAULT_PORT
        if not _NUMBER.fullmatch(port) or int(port) > _LAST_PORT:
            self._troubles.append(f"no /metrics: {_PORT} is no number of a port")
            self._serves = False
            return None
        return MetricsServer(host, int(port), self._page)

    def _page(self) -> bytes:
        from sluicegate.adapters.prometheus.page import page_of  # noqa: PLC0415 - slow

        with self._lock:
            metrics = self._metrics
            found = () if metrics is None else metrics.metrics(self._clock.now())
        return page_of(found)

    def _fail(self, error: Exception) -> None:
        self._troubles.append(
            f"Prometheus is shown nothing more of this run: {type(error).__name__}"
        )


class _Shown(Observer):
    """Passes everything on, then shows it. Called from any thread."""

    def __init__(self, export: PrometheusExport, observer: Observer) -> None:
        self._export, self._observer = export, observer

    @override
    def event(self, event: Event) -> None:
        self._observer.event(event)
        self._export.see(event)
        if (trouble := self._export.trouble()) is not None:
            self._observer.line("setup", trouble)

    @override
    def line(self, stage: str, text: str) -> None:
        self._observer.line(stage, text)

    @override
    def findings(self, stage: str, findings: Sequence[Finding]) -> None:
        self._observer.findings(stage, findings)

    @override
    def resumed(self, run: Run) -> None:
        self._observer.resumed(run)


def serves_metrics(environ: Mapping[str, str]) -> bool:
    """Whether *environ* asks for a page of metrics."""
    wanted = environ.get(_EXPORTERS, "").lower().split(",")
    is_disabled = environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    return "prometheus" in map(str.strip, wanted) and not is_disabled
