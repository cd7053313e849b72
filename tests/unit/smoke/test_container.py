"""Unit tests of `sluicegate.smoke.container`."""

import json
from collections.abc import Mapping

import pytest
from typing_extensions import override

from sluicegate.smoke.container import Container
from sluicegate.smoke.engine import Broken, Engine

UP = {"Running": True, "ExitCode": 0, "OOMKilled": False}


class Saying(Engine):
    """An engine that answers each of its commands with one text."""

    def __init__(self, said: Mapping[str, str]) -> None:
        super().__init__(["docker"])
        self._texts = said

    @override
    def call(self, *arguments: str) -> tuple[int, str, str]:
        return 0, self._texts[arguments[0]], ""


def container(refused: str = "", **said: str) -> Container:
    return Container(Saying(said), "name", 8000, refused)


@pytest.mark.parametrize(
    ("state", "how"),
    [
        (UP, ""),
        ({**UP, "Running": False, "ExitCode": 3}, "ended with exit code 3"),
        (
            {"Running": False, "ExitCode": 137, "OOMKilled": True},
            "ended with exit code 137, out of memory",
        ),
    ],
)
def test_how_it_ended_is_told(state: object, how: str) -> None:
    assert container(inspect=json.dumps(state)).end() == how


@pytest.mark.parametrize("said", ["", "{}", "[]", "null", '{"Running": false}', "x"])
def test_a_state_that_cannot_be_read_is_no_state(said: str) -> None:
    with pytest.raises(Broken, match="no state"):
        container(inspect=said).end()


def test_what_could_not_be_started_has_ended() -> None:
    assert container("no such program").end() == "cannot be started: no such program"


@pytest.mark.parametrize(
    ("said", "port"),
    [
        ("127.0.0.1:32768", 32768),
        ("[::]:1\n127.0.0.1:2", 2),
        ("", None),
        ("0.0.0.0:80", None),
        ("Error: No public port", None),
    ],
)
def test_where_it_is_reached_is_asked_for(said: str, port: int | None) -> None:
    assert container(port=said).host_port() == port


def test_what_it_wrote_is_cut_and_cannot_steer_a_terminal() -> None:
    said = container(logs="a\x1b[2J\r\n\n \u202eb\tc\n" + "x" * 20_000).output()

    assert len(said) == 8000
    assert container(logs="a\x1b[2J\r\n\n \u202eb\tc").output() == "a[2J\n bc"
