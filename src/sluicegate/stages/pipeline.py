"""A pipeline: the graph of stages for one repository, read and checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sluicegate.gates.condition import Condition
from sluicegate.gates.gate import Gate
from sluicegate.model.cost import Rates
from sluicegate.model.digest import Digest
from sluicegate.stages.environment import Environment
from sluicegate.stages.notify import Notify
from sluicegate.stages.secrets.settings import Secrets
from sluicegate.stages.stage import Stage


@dataclass(frozen=True, slots=True)
class NamedStage:
    """A stage in its place. ``needs`` and ``gate`` have their defaults filled in.

    Conditions are compiled: what cannot be judged was refused when read. ``when_in`` is
    the environment whose release ``when`` reads, None if it reads none.
    """

    name: str
    stage: Stage
    needs: tuple[str, ...]
    gate: Gate
    when: Condition | None = None
    when_in: str | None = None


@dataclass(frozen=True, slots=True)
class AuditSettings:
    """Where the log lives, for how long, and who watches it.

    ``dir:PATH`` is relative to the pipeline file, as is ``witnesses``, a policy file.
    ``retention`` is None where the file does not say. ``inbox`` is where else signed
    statements wait: ``git:REMOTE`` or ``dir:PATH``. ``evidence`` is where evidence is
    kept, None with the log; in a Git ref at most ``evidence_limit`` bytes a file, None
    for the usual number.
    """

    store: str
    retention: timedelta | None
    witnesses: str | None = None
    inbox: str | None = None
    evidence: str | None = None
    evidence_limit: int | None = None


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Stages in the order of the file, each after everything it needs.

    ``definition`` is the SHA-256 of the file's canonical JSON (RFC 8785) with defaults
    left out: what was written, not what this version makes of it. ``paths`` belong to
    the service besides the file's folder, and are relative to it. ``pools`` are the
    slots that stages share, by name.
    """

    name: str
    stages: tuple[NamedStage, ...]
    environments: Mapping[str, Environment]
    audit: AuditSettings
    definition: Digest
    paths: tuple[str, ...] = ()
    pools: Mapping[str, int] = field(default_factory=dict)
    notify: tuple[Notify, ...] = ()
    secrets: Secrets = field(default_factory=Secrets)
    costs: Rates | None = None

    _by_name: Mapping[str, NamedStage] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_name = {stage.name: stage for stage in self.stages}
        object.__setattr__(self, "_by_name", by_name)  # frozen

    def stage(self, name: str) -> NamedStage:
        """The stage called *name*, which must exist."""
        return self._by_name[name]
