"""The rules of an environment, in layers: all of every layer must be satisfied.

A layer is a file: the project's own pipeline file, and above it the shared policies
that it extends. Because each is judged by itself, a file can tighten what another one
asks for, and loosen nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sluicegate.gates.condition import Condition
from sluicegate.gates.facts import STABLE
from sluicegate.model.digest import Digest
from sluicegate.model.policy import (
    After,
    ApprovalRule,
    Freeze,
    OverrideRule,
    People,
    Window,
)


@dataclass(frozen=True, slots=True)
class Rules:
    """What one file asks of a release into one environment.

    ``source`` names the file for people. Outside all of ``windows`` nothing is
    released, if there are any; within a freeze neither. ``conditions`` are judged over
    the evidence of the run. ``override`` is None where the glass cannot be broken.
    """

    source: str
    people: People = field(default_factory=People)
    approvals: ApprovalRule | None = None
    override: OverrideRule | None = None
    after: tuple[After, ...] = ()
    windows: tuple[Window, ...] = ()
    freezes: tuple[Freeze, ...] = ()
    conditions: tuple[Condition, ...] = ()

    @property
    def asks_for_something(self) -> bool:
        """Whether there is anything that a release must satisfy."""
        return bool(
            self.approvals
            or self.after
            or self.windows
            or self.freezes
            or self.conditions
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """All that judges a release into *environment*, from the protected branch.

    Attributes:
        environment: its name.
        layers: the project's own rules, and those of the policies it extends.
        digest: of all that was read: who approves a request approves it under this.
        branch: the protected branch, a whole ref name.
        commit: the tip at which the rules were read.
        baseline: the commit that counts as released before the first release.
        definition: what the protected branch's own pipeline is; None if nobody asks.
        stages: the gates of the protected branch's own stages that come before this
            environment: a released commit cannot loosen what judges it.
    """

    environment: str
    layers: tuple[Rules, ...]
    digest: Digest
    branch: str
    commit: str
    baseline: str | None = None
    definition: Digest | None = None
    stages: Mapping[str, tuple[Condition, ...]] = field(default_factory=dict)

    @property
    def asks_for_something(self) -> bool:
        """Whether there is anything that a release must satisfy."""
        return any(layer.asks_for_something for layer in self.layers)

    @property
    def compares(self) -> bool:
        """Whether any condition reads what was found for the stable release."""
        return any(name.startswith(STABLE) for name in self.reads)

    @property
    def reads(self) -> tuple[str, ...]:
        """All names that conditions of the rules read, each once."""
        own = (each for layer in self.layers for each in layer.conditions)
        of_stages = (each for gate in self.stages.values() for each in gate)
        conditions = (*own, *of_stages)
        return tuple(dict.fromkeys(name for each in conditions for name in each.names))

    @property
    def needs_people(self) -> bool:
        """Whether anybody must approve."""
        return any(layer.approvals for layer in self.layers)
