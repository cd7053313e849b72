from datetime import UTC, datetime

import pytest

from sluicegate.adapters.kubernetes.objects import DEPLOYMENT, Obj
from sluicegate.adapters.kubernetes.values import Json, Node, by
from sluicegate.adapters.kubernetes.words import show
from sluicegate.errors import PermanentError

VALUE: Json = {
    "spec": {
        "replicas": 3,
        "paused": False,
        "image": "shop:1",
        "when": "2026-11-23T05:00:00.123456Z",
        "ratio": 0.5,
        "nothing": None,
        "labels": {"app": "web"},
        "containers": [{"name": "app", "port": 1}, {"name": "side", "port": 2}],
    }
}
NODE = Node(VALUE, "Deployment web: ")


def test_values_are_read_by_path_and_type() -> None:
    assert NODE.integer("spec", "replicas") == 3
    assert NODE.flag("spec", "paused") is False
    assert NODE.text("spec", "image") == "shop:1"
    assert NODE.time("spec", "when") == datetime(2026, 11, 23, 5, 0, 0, 123456, UTC)
    assert NODE.mapping("spec", "labels") == {"app": "web"}
    assert NODE.integer("spec", "containers", by(name="side"), "port") == 2
    assert NODE.integer("spec", "containers", 0, "port") == 1
    assert [each.text("name") for each in NODE.items("spec", "containers")] == [
        "app",
        "side",
    ]
    assert NODE.names("spec", "labels") == ("app",)
    assert NODE.has("spec", "paused")


def test_what_is_absent_is_none_or_empty_however_deep() -> None:
    path = ("status", "conditions", 0, "type")
    assert NODE.text(*path) is None
    assert NODE.integer(*path) is None
    assert NODE.flag(*path) is None
    assert NODE.time(*path) is None
    assert NODE.items(*path) == ()
    assert NODE.mapping(*path) == {}
    assert NODE.names(*path) == ()
    assert NODE.plain(*path) is None
    assert NODE.text("spec", "nothing") is None
    assert NODE.text("spec", "containers", by(name="no"), "image") is None
    assert NODE.text("spec", "containers", 7, "image") is None
    assert not NODE.has("spec", "nothing")


@pytest.mark.parametrize(
    ("get", "path", "says"),
    [
        ("text", ("spec", "replicas"), ".spec.replicas is a number, not a text"),
        ("integer", ("spec", "image"), ".spec.image is a text, not a whole number"),
        ("integer", ("spec", "paused"), "is true or false, not a whole number"),
        ("integer", ("spec", "ratio"), ".spec.ratio is a number, not a whole number"),
        ("flag", ("spec", "replicas"), "is a number, not true or false"),
        ("time", ("spec", "image"), ".spec.image is a text, not a time"),
        ("items", ("spec", "labels"), ".spec.labels is an object, not a list"),
        ("items", ("spec", "image"), ".spec.image is a text, not a list"),
        ("mapping", ("spec",), ".spec is an object, not texts by name"),
        ("names", ("spec", "containers"), ".spec.containers is a list, not an object"),
        ("text", ("spec", "image", "tag"), ".spec.image is a text, not an object"),
        ("text", ("spec", "labels", 0), ".spec.labels is an object, not a list"),
        (
            "text",
            ("spec", "containers", by(name="app"), "port"),
            ".spec.containers[name=app].port is a number, not a text",
        ),
    ],
)
def test_what_is_of_another_type_says_where_and_shows_nothing(
    get: str, path: tuple[str | int, ...], says: str
) -> None:
    with pytest.raises(PermanentError) as caught:
        getattr(NODE, get)(*path)
    assert str(caught.value).endswith(says)
    assert str(caught.value).startswith("Deployment web: .")


def test_a_copy_can_be_changed_without_changing_what_was_read() -> None:
    copied = NODE.plain("spec", "containers")
    assert isinstance(copied, list)
    copied.clear()
    assert len(NODE.items("spec", "containers")) == 2


def test_an_object_without_metadata_has_no_name_and_no_version() -> None:
    empty = Obj(DEPLOYMENT, {})
    assert (empty.name, empty.uid, empty.resource_version) == ("", "", "")
    assert not empty.is_going
    assert empty.annotations == {}
    assert empty.managers == ()


@pytest.mark.parametrize("value", [None, [], "text", 1])
def test_what_is_no_object_is_refused(value: Json) -> None:
    with pytest.raises(PermanentError):
        Obj(DEPLOYMENT, value)


def test_what_others_said_is_one_bounded_line_that_moves_no_cursor() -> None:
    shown = show("a\x1b[2J\nb\u202ec\u2028d\tghp_" + "x" * 36 + " " + "e" * 500)
    assert shown.startswith("a [2J b c d ***")
    assert shown.isprintable()
    assert len(shown) == 301
