"""The proxy's routing file."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.adapters.targets.traefik_config import (
    Leaf,
    Routing,
    build_config,
    build_services,
    is_loaded,
    parse_config,
)
from sluicegate.errors import PermanentError, UsageError
from sluicegate.model.digest import Digest
from sluicegate.model.rollout import Release

OLD = Release(Digest.of(b"old"), "v1.0", "1" * 40)
NEW = Release(Digest.of(b"new"), "v2.0", "2" * 40)
STABLE, CANARY = Leaf(OLD, "host-old", 8000), Leaf(NEW, "host-new", 9000)

leaves = st.builds(
    Leaf,
    st.builds(
        Release,
        st.binary(max_size=8).map(Digest.of),
        st.text(max_size=20),
        st.text("0123456789abcdef", min_size=40, max_size=40),
    ),
    st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=63),
    st.integers(1, 65535),
)
routings = st.one_of(
    st.builds(Routing, st.none() | leaves, st.none() | leaves),
    st.builds(
        Routing, leaves, leaves, st.integers(0, 99), st.sampled_from([None, "shop"])
    ),
)


def shares(routing: Routing) -> dict[str, int]:
    live = build_services(routing)["live"]["weighted"]["services"]
    return {child["name"]: child["weight"] for child in live}


@given(routings)
def test_what_was_written_is_read_back(routing: Routing) -> None:
    assert parse_config(build_config(routing)) == routing


@given(routings)
def test_below_its_first_line_the_file_is_the_configuration(routing: Routing) -> None:
    body = json.loads(build_config(routing).partition("\n")[2])
    assert body.get("http", {}).get("services", {}) == build_services(routing)


@given(st.text())
def test_a_file_of_another_make_is_refused(text: str) -> None:
    with pytest.raises(PermanentError):
        parse_config(text)


def test_a_canary_shares_the_traffic_with_stable() -> None:
    routing = Routing(STABLE, CANARY, 5)
    assert shares(routing) == {
        f"live-{OLD.image.short}": 95,
        f"live-{NEW.image.short}": 5,
    }
    assert (routing.weight(OLD), routing.weight(NEW)) == (95, 5)


def test_a_canary_without_weight_keeps_its_leaves_but_is_no_child() -> None:
    routing = Routing(STABLE, CANARY)
    assert shares(routing) == {f"live-{OLD.image.short}": 100}
    assert f"live-{NEW.image.short}" in build_services(routing)
    assert f"probe-{NEW.image.short}" in build_services(routing)


def test_without_a_stable_release_nothing_is_live() -> None:
    routing = Routing(canary=CANARY)
    assert "live" not in build_services(routing)
    assert '"live"' not in build_config(routing)


@pytest.mark.parametrize(
    ("stable", "canary", "percent"),
    [(STABLE, None, 5), (None, CANARY, 5), (STABLE, CANARY, 100), (None, None, -1)],
)
def test_a_share_that_nobody_can_have_is_refused(
    stable: Leaf | None, canary: Leaf | None, percent: int
) -> None:
    with pytest.raises(UsageError):
        Routing(stable, canary, percent)


def shown(routing: Routing, *, status: str = "enabled") -> bytes:
    services = [
        {"name": f"{name}@file", "provider": "file", "status": status, **service}
        for name, service in build_services(routing).items()
    ]
    internal = {"name": "api@internal", "provider": "internal", "status": "enabled"}
    return json.dumps([internal, *services]).encode()


@given(routings, routings)
def test_only_the_very_same_routing_counts_as_loaded(a: Routing, b: Routing) -> None:
    same = build_services(a) == build_services(b)
    assert is_loaded(a, shown(b)) == same


def test_a_configuration_that_traefik_rejects_is_not_loaded() -> None:
    routing = Routing(STABLE, CANARY, 5)
    assert is_loaded(routing, shown(routing))
    assert not is_loaded(routing, shown(routing, status="disabled"))
    assert not is_loaded(routing, b"[]")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=10,
)


@given(st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_no_reply_raises_anything_but_the_error_the_port_names(reply: bytes) -> None:
    with suppress(PermanentError):
        assert not is_loaded(Routing(STABLE), reply)


def test_clients_stay_by_a_cookie_of_the_canarys_own_while_two_releases_serve() -> None:
    live = build_services(Routing(STABLE, CANARY, 5, "shop"))["live"]["weighted"]
    name = live["sticky"]["cookie"]["name"]
    assert name == f"shop_{NEW.image.short}"
    for alone in (Routing(STABLE, None, 0, "shop"), Routing(STABLE, CANARY, 0, "shop")):
        assert "sticky" not in build_services(alone)["live"]["weighted"]


def test_a_proxy_without_the_cookie_has_not_loaded_it() -> None:
    sticky, plain = Routing(STABLE, CANARY, 5, "shop"), Routing(STABLE, CANARY, 5)
    assert is_loaded(sticky, shown(sticky))
    assert is_loaded(plain, shown(plain))
    assert not is_loaded(sticky, shown(plain))
    assert not is_loaded(plain, shown(sticky))


def test_a_file_from_before_there_were_cookies_is_read() -> None:
    text = build_config(Routing(STABLE, CANARY, 5)).replace(', "cookie": null', "")
    assert '"cookie"' not in text
    assert parse_config(text) == Routing(STABLE, CANARY, 5)
