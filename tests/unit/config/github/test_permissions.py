from dataclasses import replace

import pytest
from host_setups import SETTINGS, only

from sluicegate.config.github.permissions import judge_permissions
from sluicegate.model.host_check import Standing
from sluicegate.model.host_settings import HostSettings, TokenDefaults

READ = TokenDefaults(may_write=False, may_approve=False)
WRITE = TokenDefaults(may_write=True, may_approve=True)


def with_token(token: TokenDefaults) -> HostSettings:
    return replace(SETTINGS, token=token)


@pytest.mark.parametrize(
    ("host", "standing"),
    [
        (None, Standing.WARNING),
        (with_token(READ), Standing.WARNING),
        (with_token(WRITE), Standing.PROBLEM),
    ],
)
def test_silence_is_as_bad_as_the_default_of_the_repository(
    host: HostSettings | None, standing: Standing
) -> None:
    text = "on: push\njobs:\n  a: {steps: []}\n  b: {permissions: {}}\n"

    found = next(judge_permissions(only(text), host))

    assert found.standing is standing
    assert [(place.line, place.what) for place in found.places] == [(3, "job a")]


@pytest.mark.parametrize(
    "text",
    [
        "permissions: write-all\njobs: {a: {}}",
        "permissions: {}\njobs:\n  a:\n    permissions: write-all",
    ],
)
def test_write_all_is_a_problem_wherever_it_stands(text: str) -> None:
    (found,) = judge_permissions(only(text), None)

    assert found.standing is Standing.PROBLEM
    assert found.places[0].what == "write-all"


def test_what_one_job_writes_is_not_for_all_of_them() -> None:
    text = "permissions:\n  id-token: write\n  contents: read\njobs: {a: {}, b: {}}"

    (found,) = judge_permissions(only(text), None)

    assert found.standing is Standing.WARNING
    assert [(each.line, each.what) for each in found.places] == [(2, "id-token: write")]


@pytest.mark.parametrize(
    "text",
    [
        "permissions: {contents: write}\njobs: {a: {}}",
        "permissions: {contents: write}\njobs: {a: {}, b: {permissions: {}}}",
        "permissions: read-all\njobs: {a: {}, b: {}}",
    ],
)
def test_what_nobody_shares_is_fine(text: str) -> None:
    assert [each.standing for each in judge_permissions(only(text), None)] == [
        Standing.FINE
    ]


def test_a_default_that_writes_or_approves_is_said_with_its_fix() -> None:
    found = list(judge_permissions(only("permissions: {}"), with_token(WRITE)))[1:]

    assert [each.standing for each in found] == [Standing.PROBLEM, Standing.WARNING]
    assert "default_workflow_permissions=read" in found[0].fix
