"""Unit tests of `sluicegate.report.secrets.planned`."""

from sluicegate.report.secrets.planned import (
    PlannedSecret,
    secret_documents,
    secret_lines,
)
from sluicegate.stages.secrets.settings import SecretUse


def use(path: str, *environments: str) -> SecretUse:
    return SecretUse.model_validate(
        {
            "from": "vault",
            "path": path,
            "stages": ("train",),
            "environments": environments,
        }
    )


DB = PlannedSecret("train", "DB", use("churn/db"), "vault")
HF = PlannedSecret("train", "HF_TOKEN", use("hf"), "vault")
LEFT = PlannedSecret(
    "train",
    "KEY",
    use("key", "production"),
    "vault",
    left="runs without KEY: it is for production, where this run does not release",
)
REFUSED = PlannedSecret(
    "test", "KEY", use("key"), "vault", refused="the protected branch says otherwise"
)


def test_a_line_says_what_a_stage_gets() -> None:
    assert list(secret_lines([DB, HF])) == [
        "train gets DB ← vault:churn/db, HF_TOKEN ← vault:hf"
    ]


def test_what_is_not_given_is_said_with_the_reason() -> None:
    assert list(secret_lines([DB, LEFT, REFUSED])) == [
        "train gets DB ← vault:churn/db",
        "train runs without KEY: it is for production, where this run does not release",
        "test would break: it is not given KEY: the protected branch says otherwise",
    ]


def test_nothing_is_said_without_secrets() -> None:
    assert list(secret_lines([])) == []


def test_a_document_has_those_of_its_stage() -> None:
    given, left = secret_documents("train", [DB, LEFT, REFUSED])

    assert given == {
        "variable": "DB",
        "provider": "vault",
        "uses": "vault",
        "path": "churn/db",
        "field": None,
        "version": None,
        "given": True,
        "reason": None,
    }
    assert (left["given"], left["reason"]) == (False, LEFT.left)
    assert secret_documents("lint", [DB, LEFT]) == []
