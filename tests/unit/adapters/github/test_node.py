import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.adapters.github.node import Node
from sluicegate.errors import PermanentError

WRONG: list[object] = [None, True, 3, 1.5, "x", [], {}, [1], {"a": 1}]


def node(value: object) -> Node:
    return Node({"at": value}, "/repos/acme/app")


@pytest.mark.parametrize("value", [v for v in WRONG if v != "x"])
def test_what_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(PermanentError, match="/repos/acme/app"):
        node(value).text("at")


@pytest.mark.parametrize("value", [v for v in WRONG if v is True or v != 3])
def test_what_is_no_whole_number_is_refused(value: object) -> None:
    with pytest.raises(PermanentError, match="cannot be understood"):
        node(value).number("at")


@pytest.mark.parametrize("value", [v for v in WRONG if v is not True])
def test_what_is_neither_true_nor_false_is_refused(value: object) -> None:
    with pytest.raises(PermanentError, match="cannot be understood"):
        node(value).flag("at")


@pytest.mark.parametrize(
    "value", [*WRONG, "2026-11-23T08:00:00", "yesterday", "2026-11-23T25:00:00Z"]
)
def test_what_is_no_moment_is_refused(value: object) -> None:
    with pytest.raises(PermanentError, match="cannot be understood"):
        node(value).moment("at")


@pytest.mark.parametrize("text", ["2026-11-23T08:00:00Z", "2026-11-23T09:00:00+01:00"])
def test_a_moment_is_in_utc(text: str) -> None:
    assert node(text).moment("at") == datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert node(text).moment("at").tzinfo is UTC


@pytest.mark.parametrize("value", [v for v in WRONG if not isinstance(v, list)])
def test_what_is_no_list_is_no_empty_one(value: object) -> None:
    with pytest.raises(PermanentError, match="is no list"):
        list(Node(value, "x").all())


@pytest.mark.parametrize("value", [v for v in WRONG if not isinstance(v, dict)])
def test_what_is_no_object_has_no_members(value: object) -> None:
    with pytest.raises(PermanentError, match="is no object"):
        Node(value, "x").at_or_none("a")


def test_nothing_is_not_what_is_asked_for() -> None:
    assert node(None).text_or_none("at") is None
    assert node(1).at_or_none("other") is None
    with pytest.raises(PermanentError, match="has no 'other'"):
        node(1).at("other")


def test_evidence_is_the_same_bytes_in_whatever_order_it_came() -> None:
    one = Node(json.loads('{"b": [1, {"d": "\u00e9", "c": null}], "a": 1.5}'), "x")
    two = Node(json.loads('{"a":1.5,"b":[1,{"c":null,"d":"\\u00e9"}]}'), "y")

    assert one.raw == two.raw == b'{"a":1.5,"b":[1,{"c":null,"d":"\\u00e9"}]}'


def test_halves_of_characters_do_not_get_through() -> None:
    broken = Node(json.loads('{"a": "x\\ud800y", "\\udc00": "\\ud83e\\udd80"}'), "x")

    assert broken.text("a").encode() == "x\ufffdy".encode()
    assert "\U0001f980" in broken.texts().values()
    assert broken.raw.isascii()


@settings(max_examples=40)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        ),
        max_leaves=20,
    )
)
def test_evidence_can_be_read_again(value: object) -> None:
    again = json.loads(Node(value, "x").raw)

    assert json.dumps(again, sort_keys=True) == json.dumps(value, sort_keys=True)
