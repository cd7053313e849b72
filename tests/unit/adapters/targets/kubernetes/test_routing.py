from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.adapters.kubernetes.objects import HTTP_ROUTE, Obj
from sluicegate.adapters.kubernetes.values import Node
from sluicegate.adapters.targets.kubernetes.routing import (
    Arms,
    Shares,
    read_shares,
    write_shares,
)
from sluicegate.errors import PermanentError

ARMS = Arms("shop", 80, "stable", "canary")
WITH_BASELINE = Arms("shop", 80, "stable", "canary", "baseline")
Document = dict[str, Any]

_names = st.sampled_from(["other", "stable-admin", "search"])
_filters = st.sampled_from(
    [
        [],
        [{"type": "RequestHeaderModifier", "requestHeaderModifier": {"remove": ["x"]}}],
        [
            {
                "type": "RequestMirror",
                "requestMirror": {"backendRef": {"name": "canary", "port": 80}},
            }
        ],
    ]
)


def rules_of(*rules: Document) -> tuple[Node, ...]:
    meta = {"name": "shop", "namespace": "shop"}
    return Obj(HTTP_ROUTE, {"metadata": meta, "spec": {"rules": rules}}).items(
        "spec", "rules"
    )


def ref(
    name: str, weight: int | None = None, port: int = 80, **more: object
) -> Document:
    found = {"group": "", "kind": "Service", "name": name, "port": port, **more}
    return found if weight is None else {**found, "weight": weight}


def foreign(reference: Mapping[str, Any]) -> bool:
    return (reference["name"], reference["port"]) not in {
        (name, 80) for name in WITH_BASELINE.services
    }


@st.composite
def shares(draw: st.DrawFn) -> Shares:
    if draw(st.booleans()):
        return Shares.of(draw(st.integers(0, 49)), with_baseline=True)
    return Shares.of(draw(st.integers(0, 100)))


@st.composite
def our_rules(draw: st.DrawFn) -> Document:
    """A rule that leads to our Services, and perhaps to others."""
    unit = draw(st.integers(1, 1000))
    parts = draw(st.lists(st.integers(0, 100), min_size=3, max_size=3))
    names = draw(st.permutations(["stable", "canary", "baseline"]))
    listed = draw(st.integers(1, 3))
    weights = [part * unit for part in parts[:listed]]
    weights[0] += (-sum(weights)) % 100 or (100 if not sum(weights) else 0)
    mine = [ref(name, weight) for name, weight in zip(names, weights, strict=False)]
    others = draw(
        st.lists(
            st.builds(
                ref,
                _names,
                st.one_of(st.none(), st.integers(0, 500)),
                st.sampled_from([80, 9000]),
            ),
            max_size=3,
        )
    )
    others += [ref("stable", 5, 9000)] if draw(st.booleans()) else []
    rule: Document = {
        "backendRefs": draw(st.permutations([*mine, *others])),
        "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
    }
    if chosen := draw(_filters):
        rule["filters"] = chosen
    if draw(st.booleans()):
        rule["timeouts"] = {"request": "5s"}
    return rule


@st.composite
def other_rules(draw: st.DrawFn) -> Document:
    refs = draw(st.lists(st.builds(ref, _names, st.integers(0, 9)), max_size=2))
    return {"backendRefs": refs, "filters": draw(_filters)}


@settings(max_examples=40)
@given(
    st.lists(our_rules(), min_size=1, max_size=3),
    st.lists(other_rules(), max_size=2),
    shares(),
)
def test_what_is_written_is_read_back(
    ours: list[Document], others: list[Document], wanted: Shares
) -> None:
    made = write_shares(rules_of(*ours, *others), WITH_BASELINE, wanted)
    written = rules_of(*[each for each in made if isinstance(each, dict)])
    assert [each.shares for each in read_shares(written, WITH_BASELINE)] == [
        wanted
    ] * len(ours)


@settings(max_examples=40)
@given(our_rules(), shares())
def test_the_weights_of_ours_add_up_to_what_they_were_before_or_to_a_hundred(
    rule: Document, wanted: Shares
) -> None:
    (written,) = write_shares(rules_of(rule), WITH_BASELINE, wanted)
    assert isinstance(written, dict)
    before, after = (
        sum(r["weight"] for r in each["backendRefs"] if not foreign(r))
        for each in (rule, written)
    )
    assert after in {before, 100}
    if any(r.get("weight", 1) for r in rule["backendRefs"] if foreign(r)):
        assert after == before


@settings(max_examples=40)
@given(our_rules(), shares())
def test_only_our_backends_change(rule: Document, wanted: Shares) -> None:
    (written,) = write_shares(rules_of(rule), WITH_BASELINE, wanted)
    assert isinstance(written, dict)
    for name in set(rule) | set(written):
        if name != "backendRefs":
            assert written[name] == rule[name]
    assert [r for r in written["backendRefs"] if foreign(r)] == [
        r for r in rule["backendRefs"] if foreign(r)
    ]


@settings(max_examples=40)
@given(our_rules(), shares())
def test_who_gets_nothing_is_not_listed_and_who_is_listed_gets_something(
    rule: Document, wanted: Shares
) -> None:
    (written,) = write_shares(rules_of(rule), WITH_BASELINE, wanted)
    assert isinstance(written, dict)
    listed = [r for r in written["backendRefs"] if not foreign(r)]
    assert all(r["weight"] > 0 for r in listed)
    assert len({r["name"] for r in listed}) == len(listed)
    expected = {
        name for name in WITH_BASELINE.services if wanted.get(WITH_BASELINE, name)
    }
    assert {r["name"] for r in listed} == expected


@settings(max_examples=40)
@given(our_rules(), shares())
def test_writing_the_same_again_changes_nothing(rule: Document, wanted: Shares) -> None:
    once = write_shares(rules_of(rule), WITH_BASELINE, wanted)
    again = rules_of(*[each for each in once if isinstance(each, dict)])
    assert write_shares(again, WITH_BASELINE, wanted) == once


@settings(max_examples=40)
@given(other_rules(), our_rules(), shares())
def test_rules_that_lead_elsewhere_stay_as_they_are(
    other: Document, rule: Document, wanted: Shares
) -> None:
    written = write_shares(rules_of(other, rule, other), WITH_BASELINE, wanted)
    assert (written[0], written[2]) == (other, other)


@pytest.mark.parametrize(
    ("weights", "canary"),
    [
        ((95, 5), Fraction(5)),
        ((19, 1), Fraction(5)),
        ((950_000, 50_000), Fraction(5)),
        ((None, None), Fraction(50)),
        ((2, 1), Fraction(100, 3)),
        ((0, 7), Fraction(100)),
    ],
    ids=["percent", "small", "large", "defaults", "odd", "canary alone"],
)
def test_weights_of_any_scale_are_read_as_shares(
    weights: tuple[int | None, int | None], canary: Fraction
) -> None:
    rules = rules_of(
        {"backendRefs": [ref("stable", weights[0]), ref("canary", weights[1])]}
    )
    (read,) = read_shares(rules, ARMS)
    assert read.shares == Shares(100 - canary, canary)


def test_other_backends_keep_their_share_of_the_rule() -> None:
    rules = rules_of({"backendRefs": [ref("stable", 300), ref("legacy", 100)]})
    (written,) = write_shares(rules, ARMS, Shares.of(10))
    assert written == {
        "backendRefs": [ref("stable", 270), ref("canary", 30), ref("legacy", 100)]
    }


def test_weights_beside_others_that_cannot_be_divided_are_refused() -> None:
    rules = rules_of({"backendRefs": [ref("stable", 3), ref("legacy", 1)]})
    with pytest.raises(PermanentError, match="gives ours the weight 3") as raised:
        write_shares(rules, ARMS, Shares.of(10))
    assert "a hundred times" in str(raised.value.hint)


def test_a_rule_that_gives_ours_nothing_is_refused() -> None:
    rules = rules_of({"backendRefs": [ref("stable", 0), ref("legacy", 1)]})
    with pytest.raises(PermanentError, match="gives weight 0 to stable and canary"):
        read_shares(rules, ARMS)


def test_a_route_that_leads_elsewhere_is_refused_with_where_it_leads() -> None:
    rules = rules_of({"backendRefs": [ref("legacy", 1), ref("stable", 1, 8080)]})
    with pytest.raises(PermanentError) as raised:
        read_shares(rules, ARMS)
    assert str(raised.value) == (
        "no rule of the route leads to stable or canary on port 80: it leads to"
        " legacy:80, stable:8080"
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "ServiceImport"},
        {"group": "example.net"},
        {"namespace": "another"},
        {"port": 81},
    ],
    ids=str,
)
def test_a_backend_that_is_another_thing_of_the_same_name_is_not_ours(
    wrong: Document,
) -> None:
    rule = {"backendRefs": [{**ref("stable", 60), **wrong}, ref("stable", 100)]}
    (written,) = write_shares(rules_of(rule), ARMS, Shares.of(40))
    assert isinstance(written, dict)
    assert written["backendRefs"][0] == rule["backendRefs"][0]
    assert [r["weight"] for r in written["backendRefs"][1:]] == [60, 40]


def test_only_the_rule_with_the_name_is_ours() -> None:
    arms = Arms("shop", 80, "stable", "canary", rule="api")
    pages = {"name": "pages", "backendRefs": [ref("stable", 1)]}
    api = {"name": "api", "backendRefs": [ref("stable", 1)]}
    written = write_shares(rules_of(pages, api), arms, Shares.of(20))
    assert written == [
        pages,
        {"name": "api", "backendRefs": [ref("stable", 80), ref("canary", 20)]},
    ]


def test_a_name_that_no_rule_has_is_refused_with_the_names_there_are() -> None:
    arms = Arms("shop", 80, "stable", "canary", rule="ap")
    with pytest.raises(PermanentError, match="no rule called ap") as raised:
        read_shares(rules_of({"name": "api", "backendRefs": [ref("stable", 1)]}), arms)
    assert raised.value.hint == "its rules are called api"


def test_filters_of_a_backend_that_would_be_lost_with_it_are_refused() -> None:
    header = [{"type": "ResponseHeaderModifier", "responseHeaderModifier": {}}]
    rule = {"backendRefs": [ref("stable", 9), ref("canary", 1, filters=header)]}
    with pytest.raises(PermanentError, match="filters of stable and canary"):
        write_shares(rules_of(rule), ARMS, Shares.of(0))


def test_filters_of_both_backends_come_with_either() -> None:
    header = [{"type": "ResponseHeaderModifier", "responseHeaderModifier": {}}]
    rule = {"backendRefs": [ref("stable", 1, filters=header)]}
    (written,) = write_shares(rules_of(rule), ARMS, Shares.of(100))
    assert written == {"backendRefs": [ref("canary", 100, filters=header)]}
