"""Lines of numbers: what is taken, and what is refused in which words."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.canary.lines import EXAMPLE, parse_line
from sluicegate.errors import UsageError
from sluicegate.model.metric import MetricKind, Pair, Tally

GOOD: dict[str, object] = json.loads(EXAMPLE)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*GOOD, "n", "x", "edges"]), inner)
    ),
    max_leaves=8,
)


def line(**changes: object) -> str:
    fields = {**GOOD, **changes}
    return json.dumps({k: v for k, v in fields.items() if v != "absent"})


def test_the_example_is_a_line() -> None:
    read = parse_line(EXAMPLE)
    assert (read.at, read.metric.name, read.metric.kind) == (
        60,
        "errors",
        MetricKind.BERNOULLI,
    )
    assert read.pair == Pair(Tally(4500, (20,)), Tally(500, (3,)))


@pytest.mark.parametrize("arm", ["canary", "stable"])
@pytest.mark.parametrize("value", ["absent", None])
def test_an_arm_that_is_missing_served_nothing(arm: str, value: object) -> None:
    read = parse_line(line(**{arm: value}))
    assert getattr(read.pair, arm) == Tally(0, (0,))


def test_other_kinds_have_their_lists() -> None:
    latency = parse_line(
        line(
            metric="latency",
            kind="latency",
            edges=[100, 500],
            slo=500,
            canary={"n": 10, "x": [5, 1]},
            stable={"n": 90, "x": [40, 9]},
        )
    )
    assert (latency.metric.edges, latency.metric.slo) == ((100, 500), 500)
    assert latency.pair.canary == Tally(10, (5, 1))
    mix = parse_line(
        line(
            kind="categories",
            categories=["a", "b"],
            tolerance=0.1,
            canary={"n": 3, "x": [1, 2]},
            stable=None,
        )
    )
    assert mix.metric.tolerance == 0.1
    assert mix.pair.stable == Tally(0, (0, 0))
    memory = parse_line(
        line(kind="gauge", canary={"n": 2, "x": -1.5}, stable={"n": 1, "x": 3})
    )
    assert memory.pair.canary == Tally(2, (-1_500_000,))
    tokens = parse_line(
        line(kind="rate", canary={"n": 2, "x": 80}, stable={"n": 1, "x": 30})
    )
    assert tokens.pair.canary == Tally(2, (80,))


def test_keys_of_others_are_left_alone_and_slips_are_not() -> None:
    assert parse_line(line(pod="web-1", revision=7)).at == 60
    with pytest.raises(UsageError, match="did you mean 'canary'"):
        parse_line(line(canry={"n": 1, "x": 0}))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("[1, 2]", "not a JSON object"),
        ("{" * 100_000, "not JSON"),
        ("[" * 100_000, "not JSON"),
        (b"\xff\xfe\xfa", "not JSON"),
        ('{"t": NaN}', "not JSON: NaN is no number"),
        (line(t="absent"), "t is missing"),
        (line(t="60"), "t must be a number, not '60'"),
        (line(t=True), "t must be a number, not True"),
        (line(t=1e300), "t must be at most"),
        (EXAMPLE.replace("60", "1e999"), "t must be at most"),
        (line(metric=""), "metric must be a name"),
        (line(metric="m" * 300), "metric must be a name"),
        (line(kind="absent"), "kind must be one of bernoulli, latency"),
        (line(kind="bernouli"), "kind must be one of bernoulli, latency"),
        (line(canary=5), "canary must be an object with n and x"),
        (line(canary={"n": 5}), "canary: x is missing"),
        (line(canary={"n": 5, "x": 1.5}), "canary: x must be a whole number"),
        (line(canary={"n": -1, "x": 0}), "canary: n must be a whole number"),
        (line(stable={"n": 5, "x": 6}), "stable: .*x is more than n"),
        (line(stable={"n": 10**400, "x": 6}), "stable: n must be at most"),
        (line(stable={"n": 5, "x": [1]}), "stable: x must be a number"),
        (line(kind="latency"), "edges is missing"),
        (line(kind="latency", edges=[5, 5]), "rising edges"),
        (line(kind="latency", edges=5), "edges must be a list"),
        (line(kind="latency", edges=[5], slo=6), "slo is none of its edges"),
        (line(kind="latency", edges=[5]), "stable: x must be a list"),
        (line(kind="categories", categories=["a"]), "at least two categories"),
        (line(kind="categories", categories=["a", 1]), "must be a name"),
    ],
)
def test_what_is_no_line_is_refused_in_words(text: str | bytes, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_line(text)


@given(JSON.map(json.dumps) | st.text() | st.binary())
def test_nothing_raises_anything_but_a_usage_error(text: str | bytes) -> None:
    with suppress(UsageError):
        parse_line(text)


@given(st.sampled_from(sorted(GOOD)), JSON)
def test_no_value_of_a_field_raises_anything_else(key: str, value: object) -> None:
    with suppress(UsageError):
        parse_line(json.dumps({**GOOD, key: value}))
