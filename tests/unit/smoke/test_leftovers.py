"""Unit tests of `sluicegate.smoke.leftovers`: what is removed, and what is not."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from typing_extensions import override

from sluicegate.smoke.container import Plan, running
from sluicegate.smoke.engine import Broken, Engine
from sluicegate.smoke.leftovers import Place, remove

NOW = 1_700_000_000
GONE = "sluicegate-smoke-0123456789abcdef"
PLAN = Plan("sha256:ab", 8000, 1 << 30, "isolated", {"A": "b"}, {"x": "y"}, NOW + 60)


class Recorded(Engine):
    """An engine that has *things*: names with their labels."""

    def __init__(self, things: Sequence[str] = (), failing: str = "") -> None:
        super().__init__(["true"])
        self.things = list(things)
        self.failing = failing
        self.calls: list[tuple[str, ...]] = []

    @override
    def call(self, *arguments: str) -> tuple[int, str, str]:
        self.calls.append(arguments)
        if self.failing and self.failing in " ".join(arguments):
            return 1, "", "the engine is not well"
        if arguments[0] == "rm":
            return 1, "", f"Error: No such container: {arguments[-1]}"
        if arguments[0] == "ps":
            return 0, "\n".join(self.things), ""
        if arguments[:2] == ("network", "ls"):
            return 0, "\n".join(self.things[:1]), ""
        return 0, "", ""

    def removed(self) -> set[str]:
        return {call[-1] for call in self.calls if "rm" in call[:2]}


def thing(place: Place, name: str = GONE, until: int = NOW + 60) -> str:
    labels = place.labels(until)
    where, last = labels["sluicegate.place"], labels["sluicegate.until"]
    return f"{name}\t{where}\t{last}"


def test_what_a_killed_test_has_left_is_removed(tmp_path: Path) -> None:
    place = Place(tmp_path)
    engine = Recorded([thing(place)])

    place.clean(engine, NOW)

    assert engine.removed() == {GONE}
    assert ("network", "rm", GONE) in engine.calls


def test_what_is_in_use_stays_until_it_is_over(tmp_path: Path) -> None:
    place, other = Place(tmp_path), Place(tmp_path)
    with place.reserve() as name:
        engine = Recorded([thing(place, name)])
        other.clean(engine, NOW)
        assert engine.removed() == set()
    other.clean(engine, NOW)

    assert engine.removed() == {name}


def test_what_others_have_started_stays_until_its_time_is_over(tmp_path: Path) -> None:
    """They may run in a container of their own, with another folder of that path."""
    place, other = Place(tmp_path / "a"), Place(tmp_path / "b")
    engine = Recorded([thing(other)])

    place.clean(engine, NOW)
    assert engine.removed() == set()
    place.clean(engine, NOW + 61)
    assert engine.removed() == {GONE}


@pytest.mark.parametrize(
    "line",
    [
        "",
        "other\t{0}\t1",
        "--all\t{0}\t1",
        f"{GONE}/../x\t{{0}}\t1",
        GONE,
        f"{GONE}\t\t",
    ],
)
def test_what_is_not_known_to_be_ours_is_never_removed(
    line: str, tmp_path: Path
) -> None:
    place = Place(tmp_path)
    digest = place.labels(NOW)["sluicegate.place"]
    engine = Recorded([line.format(digest)])

    place.clean(engine, NOW)

    assert engine.removed() == set()


def test_the_place_stays_the_same(tmp_path: Path) -> None:
    assert Place(tmp_path).labels(1) == Place(tmp_path).labels(1)
    assert sorted(path.name for path in (tmp_path / "smoke").iterdir()) == ["place"]


def test_a_lock_is_no_longer_there_when_it_is_over(tmp_path: Path) -> None:
    with Place(tmp_path).reserve() as name:
        assert (tmp_path / "smoke" / f"{name}.lock").exists()

    assert not (tmp_path / "smoke" / f"{name}.lock").exists()


def test_where_no_lock_can_be_written_nothing_is_started(tmp_path: Path) -> None:
    (tmp_path / "smoke").write_text("")

    with pytest.raises(Broken, match="cannot write"):
        Place(tmp_path)


def test_what_cannot_be_removed_is_told() -> None:
    with pytest.raises(Broken, match=f"cannot remove {GONE}: the engine is not well"):
        remove(Recorded(failing="network rm"), GONE)


def test_a_container_is_bounded_and_has_no_way_out(tmp_path: Path) -> None:
    engine = Recorded()
    with running(engine, Place(tmp_path), PLAN):
        pass

    (network,) = [call for call in engine.calls if call[:2] == ("network", "create")]
    (create,) = [call for call in engine.calls if call[0] == "create"]
    assert "--opt=com.docker.network.bridge.enable_ip_masquerade=false" in network
    assert create[-1] == "sha256:ab"
    assert {
        *("--memory=1073741824", "--memory-swap=1073741824", "--pids-limit=1024"),
        *("--security-opt=no-new-privileges", "--restart=no", "--env=A=b"),
        *("--publish=127.0.0.1::8000", "--label=sluicegate.role=smoke", "--label=x=y"),
    } <= {*create}
    assert not [each for each in create if "volume" in each or "privileged=" in each]


@pytest.mark.parametrize("failing", ["network create", "create --name", "start"])
def test_whatever_fails_all_of_it_is_removed(failing: str, tmp_path: Path) -> None:
    engine = Recorded(failing=failing)

    with (
        pytest.raises(Broken, match="the engine is not well"),
        running(engine, Place(tmp_path), PLAN),
    ):
        pass

    (name,) = engine.removed()
    assert engine.calls[-1] == ("network", "rm", name)
    assert list((tmp_path / "smoke").glob("*.lock")) == []
