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
    ``handed_over`` are the results that other jobs have found: who takes them and hands
    nothing over judges them, and runs no program of the project.
    """

    allow_dirty: bool = False
    selection: Selection = field(default_factory=Selection)
    labels: Mapping[str, str] = field(default_factory=dict)
    force: bool = False
    jobs: int | None = None
    leave_out_releases: bool = False
    hand_over: Path | None = None
    handed_over: tuple[Announced, ...] = ()

    @property
    def takes_only(self) -> bool:
        """Whether no program of the project is run."""
        return bool(self.handed_over) and self.hand_over is None

    def forced(self, chosen: Chosen) -> frozenset[str]:
        """The stages that are to be run whatever was found before."""
        names = {named.name for named in chosen.stages} - chosen.earlier
        return frozenset(names if self.force else ())
