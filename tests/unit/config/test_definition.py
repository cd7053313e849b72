"""Unit tests of `sluicegate.config.definition`.

The oracle is the package rfc8785, by other authors.
"""

import json
import struct

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.config.definition import (
    canonical_json,
    definition_digest,
    whole_digest,
)
from sluicegate.config.source import parse_source
from sluicegate.config.tree import Entry, Items, Leaf, Node, Table, to_json

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
).map(lambda value: Leaf(1, value))


def _table(entries: dict[str, Node]) -> Node:
    return Table(1, {key: Entry(1, node) for key, node in entries.items()})


TREES: st.SearchStrategy[Node] = st.recursive(
    LEAVES,
    lambda nodes: (
        st.lists(nodes, max_size=3).map(lambda items: Items(1, tuple(items)))
        | st.dictionaries(st.text(max_size=4), nodes, max_size=4).map(_table)
    ),
    max_leaves=8,
)


@given(TREES)
def test_it_writes_json_as_an_independent_implementation_does(node: Node) -> None:
    oracle = rfc8785.dumps(json.loads(to_json(node)))

    assert canonical_json(node).encode() == oracle


# RFC 8785, appendix B
@pytest.mark.parametrize(
    ("bits", "text"),
    [
        ("0000000000000000", "0"),
        ("8000000000000000", "0"),
        ("0000000000000001", "5e-324"),
        ("8000000000000001", "-5e-324"),
        ("7fefffffffffffff", "1.7976931348623157e+308"),
        ("4340000000000000", "9007199254740992"),
        ("4430000000000000", "295147905179352830000"),
        ("44b52d02c7e14af5", "9.999999999999997e+22"),
        ("44b52d02c7e14af6", "1e+23"),
        ("444b1ae4d6e2ef4e", "999999999999999700000"),
        ("444b1ae4d6e2ef50", "1e+21"),
        ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
        ("3eb0c6f7a0b5ed8d", "0.000001"),
        ("41b3de4355555554", "333333333.33333325"),
        ("becbf647612f3696", "-0.0000033333333333333333"),
    ],
)
def test_numbers_are_written_as_the_standard_shows(bits: str, text: str) -> None:

    (number,) = struct.unpack(">d", bytes.fromhex(bits))

    assert canonical_json(Leaf(1, number)) == text


def test_keys_are_sorted_as_the_standard_shows() -> None:
    # RFC 8785, section 3.2.3: by UTF-16 code units, not by code points
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    table = Table(1, {key: Entry(1, Leaf(1, key)) for key in keys})

    assert list(json.loads(canonical_json(table))) == [
        "\r",
        "1",
        "\u0080",
        "\u00f6",
        "\u20ac",
        "\U0001f600",
        "\ufb33",
    ]


def digest(text: str) -> str:
    return definition_digest(parse_source(text.encode(), "s.yaml")).hex


PIPELINE = """\
schema: sluicegate/v1
name: churn_check_v1.0
stages:
  lint: {uses: ruff}
  test: {uses: pytest, gate: ["test.failed == 0"]}
"""


@pytest.mark.parametrize(
    "other",
    [
        "environments: {production: {target: {uses: docker, port: 80}}}",
        "people: {ann: [ann@example.org]}",
        "services: ['github:bot']",
        "groups: {leads: [ann]}",
        "extends: policy.yaml",
        "budgets: {runs: {day: 1}}",
        "audit: {retention: 200d}",
        "notify: [{url_from: HOOK}]",
    ],
)
def test_what_is_not_about_stages_is_not_of_the_definition(other: str) -> None:
    assert digest(f"{PIPELINE}{other}\n") == digest(PIPELINE)


@pytest.mark.parametrize("other", ["pools: {gpu: 1}", "paths: [../x]", "public: [TOK]"])
def test_everything_else_is(other: str) -> None:
    assert digest(f"{PIPELINE}{other}\n") != digest(PIPELINE)


def test_the_order_of_stages_counts_where_it_says_what_they_need() -> None:
    turned = PIPELINE.replace("  lint: {uses: ruff}\n", "") + "  lint: {uses: ruff}\n"

    assert digest(turned) != digest(PIPELINE)


def test_the_order_of_stages_that_say_what_they_need_does_not() -> None:
    lint = "  lint: {uses: ruff, needs: []}\n"
    test = "  test: {uses: pytest, needs: [lint]}\n"
    head = "schema: sluicegate/v1\nname: churn_check_v1.0\nstages:\n"

    assert digest(head + lint + test) == digest(head + test + lint)
    assert digest(head + lint + test) == digest(
        f"{head}  lint: {{uses: ruff}}\n  test: {{uses: pytest}}\n"
    )


def test_the_whole_digest_is_that_of_the_file() -> None:
    # printf '{"audit":1}' | sha256sum
    assert whole_digest(parse_source(b"audit: 1", "s.yaml")).hex == (
        "ee79209dcf629eb33a75e51447a617079e9258ace550562a374f7c3bcf519092"
    )


def test_layout_makes_no_difference() -> None:
    assert digest("a: 1\nb: [x, 2.50]\n") == digest(
        "# why\nb:\n  - 'x'\n  - 2.5\n\na:   1\n"
    )


def test_what_is_written_does() -> None:
    texts = ["a: 1", "a: 2", "a: '1'", "b: 1", "a: [1]", "a: 1.5", "a: true", "a:"]

    assert len({digest(text) for text in texts}) == len(texts)


def test_the_digest_does_not_change_between_versions() -> None:
    assert digest("b: 1\na: 0.5\n") == (
        # printf '{"a":0.5,"b":1}' | sha256sum
        "0d51f1cc985d8c22acf7a91cbbfd8e1e01bddfd3741f1d6f6d6aff76254b7426"
    )
