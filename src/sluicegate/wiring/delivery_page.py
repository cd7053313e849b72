"""The figures of delivery for Prometheus: as a page of metrics."""

from pathlib import Path

from sluicegate.adapters.prometheus.page import page_of
from sluicegate.adapters.prometheus.textfile import write_textfile
from sluicegate.audit.delivery.costs import By
from sluicegate.errors import UsageError
from sluicegate.model.delivery_figures import Delivery
from sluicegate.report.delivery_page import delivery_metrics
from sluicegate.wiring.deliveries import Asked, Deliveries

__all__ = ["build_page", "check_textfile", "write_textfile"]


def build_page(found: Deliveries, asked: Asked, delivery: Delivery) -> bytes:
    """What Prometheus reads, of *delivery*, which was *asked* for."""
    costs = found.costs(asked, By.STAGE)
    now = found.machine.clock.now()
    return page_of(tuple(delivery_metrics(delivery, costs, now)))


def check_textfile(path: Path) -> None:
    """See to it that the textfile collector of the node exporter would read *path*.

    Raises:
        UsageError: it would not.
    """
    if path.suffix != ".prom":
        raise UsageError(
            f"the node exporter does not read a file called {path.name}",
            hint=f"its name has to end in .prom, like {path.stem or 'sluice'}.prom",
        )
