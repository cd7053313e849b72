"""Unit tests of `sluicegate.gates.known`."""

import pytest
import yaml

from sluicegate.gates.known import people_line
from sluicegate.model.policy import People

PEOPLE = People({"eve": frozenset({"github:eve", "eve@acme.org"})})


@pytest.mark.parametrize(
    ("identities", "expected"),
    [
        (["user:0", "user:root", "ann@acme.org"], {"ann": ["ann@acme.org"]}),
        (["user:0", "user:root"], {"root": ["user:root"]}),
        (["user:1001"], {"1001": ["user:1001"]}),
        (["user:1001", "user:runner", "github:ann-b"], {"ann-b": ["github:ann-b"]}),
        (
            ["eve@home.example"],
            {"eve": ["eve@acme.org", "github:eve", "eve@home.example"]},
        ),
        (["on@acme.org"], {"on": ["on@acme.org"]}),
        (['a"b, c: {@x'], {"a-b-c": ['a"b, c: {@x']}),
        (["@x"], {"somebody": ["@x"]}),
    ],
)
def test_the_line_that_makes_somebody_known_is_yaml(
    identities: list[str], expected: dict[str, list[str]]
) -> None:
    assert yaml.safe_load(people_line(identities, PEOPLE)) == expected
