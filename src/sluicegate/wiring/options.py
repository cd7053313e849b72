"""How a run is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sluicegate.engine.selection import Chosen, Selection
from sluicegate.wiring.handing import Announced


@dataclass(frozen=True)
class Options:
    """How a run is asked for.

    ``force`` runs the chosen stages although earlier results stand. ``jobs`` is how
    many stages run programs at once; default: one a processor. ``leave_out_releases``
    leaves out what would publish or release something, with what needs it; only a run
    that is not recorded may. Such a run may also write what its stages find to the
    folder ``hand_over``, for another job to judge: it leaves releases out anyway.
    ``handed_over`` are the results that other jobs have found.
    """

    allow_dirty: bool = False
    selection: Selection = field(default_factory=Selection)
    labels: Mapping[str, str] = field(default_factory=dict)
    force: bool = False
    jobs: int | None = None
    leave_out_releases: bool = False
    hand_over: Path | None = None
    handed_over: tuple[Announced, ...] = ()

    def forced(self, chosen: Chosen) -> frozenset[str]:
        """The stages that are to be run whatever was found before."""
        names = {named.name for named in chosen.stages} - chosen.earlier
        return frozenset(names if self.force else ())
