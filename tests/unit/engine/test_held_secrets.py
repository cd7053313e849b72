"""Unit tests of `sluicegate.engine.held_secrets`."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from fakes import START, FakePorts
from fakes_secrets import FakeKeeper, desk, settings
from fakes_target import release
from run_world import pipeline, stage
from typing_extensions import override

from sluicegate.engine.held_secrets import RENEWED_AFTER, HeldSecrets, RenewedSource
from sluicegate.errors import ExternalError, PermanentError, TransientError
from sluicegate.model.event_secrets import SecretEvent, SecretsGiven, SecretsRevoked
from sluicegate.model.metric import Pair, Tally
from sluicegate.model.rollout import Release
from sluicegate.ports.metrics import MetricSource, Reading

USES = {"TOKEN": {"from": "bao", "path": "p", "stages": ["count"]}}
READING = Reading(START, Pair(Tally(9, (1,)), Tally(1, (0,))))
RELEASES = release("old"), release("new")


class World:
    def __init__(self) -> None:
        self.fakes = FakePorts()
        self.bao = FakeKeeper("bao", {"p": "first-value"})
        self.fakes.keepers = {"bao": self.bao}
        self.events: list[SecretEvent] = []
        counting = stage("count")
        whole = replace(pipeline(counting), secrets=settings(USES))
        ports = self.fakes.ports()
        giver = desk(ports, whole, self.events.append)
        due = giver.due(counting).given
        self.held = HeldSecrets(lambda: giver.fetch(counting, due), ports.clock)

    def pass_time(self, time: timedelta) -> None:
        self.fakes.clock.elapsed_ms += time // timedelta(milliseconds=1)


def test_nothing_is_fetched_before_it_is_asked_for_and_then_once() -> None:
    world = World()
    assert world.bao.acts == []

    assert world.held() == world.held() == {"TOKEN": "first-value"}
    assert world.bao.acts == ["login bao", "fetch bao", "end bao"]
    assert [type(e) for e in world.events] == [SecretsGiven, SecretsRevoked]
    assert world.fakes.hidden == ["first-value"]


def test_what_could_not_be_fetched_is_asked_for_again() -> None:
    world = World()
    world.bao.fail_at = frozenset({"fetch bao"})
    with pytest.raises(PermanentError, match="fetch bao is refused"):
        world.held()
    world.bao.fail_at = frozenset()

    assert world.held() == {"TOKEN": "first-value"}


def test_what_is_young_or_was_never_there_is_not_renewed() -> None:
    world = World()
    assert not world.held.renew()
    assert world.bao.acts == []

    world.held()
    world.pass_time(RENEWED_AFTER - timedelta(seconds=1))
    assert not world.held.renew()
    assert world.bao.acts.count("login bao") == 1


def test_what_is_old_is_renewed_once_in_a_while_and_says_whether_it_differs() -> None:
    world = World()
    world.held()
    world.pass_time(RENEWED_AFTER)
    assert not world.held.renew()
    assert not world.held.renew()
    assert world.bao.acts.count("login bao") == 2

    world.bao.values["p"] = "second-value"
    world.pass_time(RENEWED_AFTER)
    assert world.held.renew()
    assert world.held() == {"TOKEN": "second-value"}
    assert world.bao.alive == 0


def test_where_renewing_fails_the_old_ones_stay_and_it_is_not_tried_at_once() -> None:
    world = World()
    world.held()
    world.pass_time(RENEWED_AFTER)
    world.bao.fail_at = frozenset({"login bao"})

    with pytest.raises(ExternalError, match="login bao"):
        world.held.renew()
    assert world.held() == {"TOKEN": "first-value"}
    assert not world.held.renew()


@dataclass
class Locked(MetricSource):
    """Opens to the secret of today."""

    world: World
    key: str = "first-value"
    asked: list[str] = field(default_factory=list)

    @override
    def read(self, stable: Release, canary: Release, since: datetime) -> Reading:
        token = self.world.held()["TOKEN"]
        self.asked.append(token)
        if token != self.key:
            raise TransientError("401")
        return READING


def test_a_source_that_refuses_an_old_secret_is_asked_again_with_the_new_one() -> None:
    world = World()
    locked = Locked(world)
    source = RenewedSource(locked, world.held)
    assert source.read(*RELEASES, START) is READING

    world.bao.values["p"] = locked.key = "second-value"
    with pytest.raises(TransientError, match="401"):
        source.read(*RELEASES, START)  # it was fetched just now
    world.pass_time(RENEWED_AFTER)

    assert source.read(*RELEASES, START) is READING
    assert locked.asked == ["first-value"] * 3 + ["second-value"]


def test_a_source_that_fails_for_another_reason_is_not_asked_twice() -> None:
    world = World()
    locked = Locked(world, key="nobody has it")
    source = RenewedSource(locked, world.held)
    with pytest.raises(TransientError):
        source.read(*RELEASES, START)
    world.pass_time(RENEWED_AFTER)

    with pytest.raises(TransientError):
        source.read(*RELEASES, START)
    assert len(locked.asked) == 2
