"""Unit tests of `sluicegate.stages.trivy_ignore`."""

from dataclasses import replace
from datetime import date

import pytest

from sluicegate.stages.trivy_hit import Hit
from sluicegate.stages.trivy_ignore import Entry, IgnoreList

TODAY = date(2026, 3, 1)
ENTRY = Entry("CVE-1", "why", TODAY, 1)
HIT = Hit(
    names=("CVE-1", "GHSA-1"),
    key=("vuln", "CVE-1", "Py_YAML", "5.3"),
    severity="high",
    message="m",
    path="app/requirements.txt",
    shown="image:app/requirements.txt",
    package="Py_YAML",
)


@pytest.mark.parametrize(
    ("change", "covers"),
    [
        ({}, True),
        ({"id": "cve-1"}, True),
        ({"id": "GHSA-1"}, True),
        ({"id": "CVE-11"}, False),
        ({"package": "py-yaml"}, True),
        ({"package": "yaml"}, False),
        ({"paths": ("app/*",)}, True),
        ({"paths": ("*.txt",)}, True),
        ({"paths": ("other", "app/requirements.txt")}, True),
        ({"paths": ("requirements.txt",)}, False),
        ({"package": "py-yaml", "paths": ("other/*",)}, False),
    ],
)
def test_an_entry_covers_exactly_what_it_says(
    change: dict[str, object], *, covers: bool
) -> None:
    assert replace(ENTRY, **change).covers(HIT) is covers  # type: ignore[arg-type]


def test_what_has_no_package_is_covered_by_no_package() -> None:
    assert not replace(ENTRY, package="x").covers(replace(HIT, package=None))


def test_a_secret_is_covered_only_in_its_place() -> None:
    secret = replace(HIT, needs_paths=True)

    assert not ENTRY.covers(secret)
    assert replace(ENTRY, paths=("app/*",)).covers(secret)


def test_an_entry_holds_through_its_last_day() -> None:
    for today, kept in ((TODAY, 0), (date(2026, 3, 2), 1)):
        ignores = IgnoreList([ENTRY], "i.yaml", today)
        assert len(ignores.keep([HIT])) == kept
        assert ignores.part().fields["ignores_expired"] == kept


def test_what_stands_elsewhere_is_not_ignored() -> None:
    elsewhere = replace(HIT, path="other")
    ignores = IgnoreList([replace(ENTRY, paths=("app/*",))], "i.yaml", TODAY)

    assert ignores.keep([HIT, elsewhere]) == (elsewhere,)
    assert ignores.part().fields["ignored"] == 0


def test_one_problem_in_two_places_is_ignored_once() -> None:
    ignores = IgnoreList([ENTRY], "i.yaml", TODAY)

    assert ignores.keep([HIT, replace(HIT, path="other")]) == ()
    assert ignores.part().fields == {
        "ignored": 1,
        "ignores_expired": 0,
        "ignores_unused": 0,
    }
    assert ignores.part().words == ("1 ignored",)


def test_what_an_entry_does_not_do_is_a_finding_in_the_file() -> None:
    unused = Entry("CVE-2", "why", TODAY, 2)
    expired = Entry("CVE-3", "why", date(2026, 2, 28), 3)
    part = IgnoreList([unused, expired], "i.yaml", TODAY).part()

    assert [(one.rule, one.path, one.line) for one in part.findings] == [
        ("ignore-expired", "i.yaml", 3),
        ("ignore-unused", "i.yaml", 2),
    ]
    assert part.words == ("1 expired in the ignore file", "1 unused in the ignore file")
