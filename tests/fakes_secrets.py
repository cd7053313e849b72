"""Providers of secrets in memory, which remember what they were asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fakes import FakeObserver
from run_world import SOURCE, pipeline
from typing_extensions import override

from sluicegate.engine.secrets import StageSecrets
from sluicegate.engine.situation import Situation
from sluicegate.engine.toolbox import Ports
from sluicegate.errors import PermanentError
from sluicegate.model.event_secrets import SecretEvent
from sluicegate.model.secret import FetchedSecret, Purpose
from sluicegate.ports.secrets import SecretLogin, SecretProvider
from sluicegate.stages.pipeline import Pipeline
from sluicegate.stages.secrets.settings import Secrets


@dataclass
class FakeKeeper(SecretProvider):
    """Keeps *values* by path; *acts* are what was done here, in words.

    *fail_at* are the acts that fail; *left* is why logins cannot be revoked.
    """

    name: str
    values: dict[str, str] = field(default_factory=dict)
    acts: list[str] = field(default_factory=list)
    purposes: list[Purpose] = field(default_factory=list)
    fail_at: frozenset[str] = frozenset()
    left: str | None = None
    on_act: Callable[[str], None] = lambda _act: None
    alive: int = 0

    @override
    def login(self, purpose: Purpose) -> SecretLogin:
        self.act("login")
        self.purposes.append(purpose)
        self.alive += 1
        return _Login(self)

    def act(self, what: str) -> None:
        said = f"{what} {self.name}"
        self.acts.append(said)
        self.on_act(said)
        if said in self.fail_at:
            raise PermanentError(f"{said} is refused", hint="ask them")


@dataclass
class _Login(SecretLogin):
    keeper: FakeKeeper
    is_over: bool = False

    @override
    def fetch(self, path: str, field: str | None, version: str | None) -> FetchedSecret:
        assert not self.is_over
        self.keeper.act("fetch")
        if path not in self.keeper.values:
            raise PermanentError(f"{self.keeper.name} has no {path}")
        return FetchedSecret(self.keeper.values[path], version or "7")

    @override
    def end(self) -> str | None:
        if not self.is_over:
            self.is_over = True
            self.keeper.alive -= 1
        self.keeper.act("end")
        return self.keeper.left


def settings(uses: Mapping[str, Mapping[str, object]], *providers: str) -> Secrets:
    """``secrets:`` of a pipeline file, with *providers* that are all environments."""
    names = providers or sorted({str(use["from"]) for use in uses.values()})
    return Secrets.model_validate(
        {"providers": {name: {"uses": "environment"} for name in names}, "use": uses}
    )


def desk(
    ports: Ports,
    what: Pipeline | None = None,
    tell: Callable[[SecretEvent], None] = lambda _event: None,
    releasing: frozenset[str] = frozenset(),
    observer: FakeObserver | None = None,
) -> StageSecrets:
    """What gives stages their secrets, in a run of *what*."""
    situation = Situation(what or pipeline(), SOURCE, "R")
    return StageSecrets(
        ports, situation, tell, lambda: releasing, observer or FakeObserver()
    )
