"""Unit tests of `sluicegate.model.selector`."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import UsageError
from sluicegate.model.digest import Digest
from sluicegate.model.rollout import Release
from sluicegate.model.selector import Arms, Matcher, Selector, write_selector

STABLE = Release(Digest.of(b"stable"), "v1.0", "a" * 40)
CANARY = Release(Digest.of(b"canary"), "v1.1", "b" * 40)


def test_a_selector_is_taken_apart() -> None:
    text = """ http_requests_total { job="shop", code=~'5..|499', path!="/a\\"b", } """

    assert Selector.parse(text) == Selector(
        "http_requests_total",
        (
            Matcher("job", "=", "shop"),
            Matcher("code", "=~", "5..|499"),
            Matcher("path", "!=", '/a"b'),
        ),
    )
    assert Selector.parse("up{}") == Selector.parse("up") == Selector("up")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rate(x[5m])", "is no selector"),
        ("x[5m]", "is no selector"),
        ("x offset 5m", "is no selector"),
        ("sum(x)", "is no selector"),
        ("a + b", "is no selector"),
        ("x{a='b'} or y", "is no selector"),
        ('{job="shop"}', "must begin with a metric's name"),
        ('x{__name__="y"}', "must begin with a metric's name"),
        ("", "must begin with a metric's name"),
        ("x{job=shop}", "cannot be read from"),
        ('x{job="shop"', "is no selector"),
        ('x{job="a" code="b"}', "cannot be read from"),
        ('x{job="\\q"}', "has an escape that cannot be read"),
        ('x{code=~"5(("}', "is no regular expression"),
    ],
)
def test_whatever_computes_or_cannot_be_read_is_refused(
    text: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        Selector.parse(text)


@pytest.mark.parametrize(
    ("matcher", "accepted"),
    [
        ('code="500"', ["500"]),
        ('code!="500"', ["200", "502", ""]),
        ('code=~"5.."', ["500", "502"]),
        ('code!~"5.."', ["200", ""]),
        ('code=~""', [""]),
        ('code=~"50"', []),  # a pattern has to match all of it
    ],
)
def test_a_selector_accepts_what_prometheus_would_find(
    matcher: str, accepted: list[str]
) -> None:
    selector = Selector.parse(f"x{{{matcher}}}")
    labels = [{"__name__": "x", "code": code} for code in ("200", "500", "502")]
    labels.append({"__name__": "x"})

    found = [each.get("code", "") for each in labels if selector.accepts(each)]

    assert sorted(found) == sorted(accepted)
    assert not selector.accepts({"__name__": "y", "code": "500"})


def test_one_query_finds_the_series_of_all_selectors_and_of_both_releases() -> None:
    total = Selector.parse('requests_total{job="shop",code!=""}')
    failed = Selector.parse('requests_total{job="shop",code=~"5.."}')

    assert write_selector([total], "to", ["a", "b"]) == (
        '{__name__="requests_total",to=~"a|b",job="shop",code!=""}'
    )
    assert write_selector([total, failed], "to", ["a.b", "c+d"]) == (
        '{__name__="requests_total",to=~"a\\\\.b|c\\\\+d",job="shop"}'
    )
    assert write_selector([total, Selector("failures")], "to", ["a", "a"]) == (
        '{__name__=~"failures|requests_total",to="a"}'
    )


@given(st.text(), st.text())
def test_a_label_cannot_break_out_of_its_quotes(value: str, other: str) -> None:
    written = write_selector([Selector("x")], "to", [value, other + "!"])

    again = Selector.parse("x" + written.replace('__name__="x",', ""))

    (matcher,) = again.matchers
    assert matcher.accepts({"to": value})
    assert matcher.accepts({"to": other + "!"})
    assert not matcher.accepts({"to": value + other + "!!"})


@given(st.text())
def test_no_text_raises_anything_but_the_error_that_is_named(text: str) -> None:
    with suppress(UsageError):
        Selector.parse(text)


def test_the_label_of_a_release_may_name_it_in_four_ways() -> None:
    arms = Arms("to", "{image}-{name}", "{digest}/{commit}")

    assert arms.values(STABLE, CANARY) == (
        f"{STABLE.image.short}-v1.0",
        f"{CANARY.image}/{'b' * 40}",
    )
    assert Arms("track", "stable", "canary").values(STABLE, CANARY) == (
        "stable",
        "canary",
    )


def test_releases_that_nothing_tells_apart_are_refused() -> None:
    with pytest.raises(UsageError, match="nothing tells them apart"):
        Arms("track", "app", "app")
    with pytest.raises(UsageError, match=r"unknown placeholder '\{tag\}' \(one of"):
        Arms("track", "{tag}", "canary")
    with pytest.raises(UsageError, match="nothing tells them apart"):
        Arms("to", "{name}", "{name}").values(STABLE, STABLE)
