from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from host_setups import ASKED, SETTINGS, bad, checkout, judged, settings

from sluicegate.model.host_check import Standing
from sluicegate.model.host_settings import HostFacts

PULLED = "on: pull_request\npermissions: {}\njobs: {a: {runs-on: [self-hosted, x]}}\n"


def facts(
    **changes: Any,  # noqa: ANN401 - fields of a dataclass
) -> HostFacts:
    return replace(SETTINGS.facts, **changes)


def test_an_archived_repository_is_a_problem() -> None:
    found = judged(host=settings(facts=facts(is_archived=True)))

    assert bad(found) == [("repository", Standing.PROBLEM)]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"is_private": False}, "everybody reads its workflows, and its log"),
        ({"may_be_forked": True}, "may be forked"),
        ({"is_fork": True}, "it is a fork"),
    ],
)
def test_who_sees_the_repository_is_said(changes: dict[str, bool], words: str) -> None:
    found = judged(host=settings(facts=facts(**changes)))

    assert any(words in each.what for each in found)
    assert bad(found) == []


@pytest.mark.parametrize(
    ("is_private", "expected"),
    [(True, []), (False, [("runners", Standing.PROBLEM)])],
)
def test_strangers_must_not_run_code_on_machines_of_ones_own(
    is_private: bool,  # noqa: FBT001 - pytest's way
    expected: list[tuple[str, Standing]],
) -> None:
    files = checkout({".github/workflows/pull.yml": PULLED})

    assert bad(judged(files, host=settings(facts=facts(is_private=is_private)))) == (
        expected
    )


def test_logs_of_jobs_that_go_before_a_request_does_are_warned_of() -> None:
    asked = replace(ASKED, longest=timedelta(days=7))

    assert bad(judged(asked=asked, host=settings(retention_days=8))) == []
    assert bad(judged(asked=asked, host=settings(retention_days=7))) == [
        ("retention", Standing.WARNING)
    ]


def test_workflows_that_are_switched_off_are_warned_of() -> None:
    states = {".github/workflows/audit.yml": "disabled_inactivity"}

    found = judged(host=settings(workflows=states))

    assert bad(found) == [("workflows", Standing.WARNING)]


def test_releases_that_can_be_exchanged_are_worth_a_note() -> None:
    found = judged(host=settings(immutable_releases=False))

    assert bad(found) == []
    assert any("exchanged later" in each.what for each in found)
