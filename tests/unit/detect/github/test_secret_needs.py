"""What jobs need so that their stages get their secrets."""

from sluicegate.detect.github.secret_needs import NO_SECRETS, SecretNeeds, secret_needs
from sluicegate.stages.secrets.settings import Secrets

SECRETS = Secrets.model_validate(
    {
        "providers": {
            "aws": {
                "uses": "aws-secrets-manager",
                "region": "eu-central-1",
                "role": "arn:aws:iam::123456789012:role/sluice",
            },
            "approle": {
                "uses": "vault",
                "address": "https://vault.acme.example",
                "auth": {"method": "approle", "role_id": "r", "secret_id_env": "ID"},
            },
            "hub": {"uses": "github"},
            "here": {"uses": "environment"},
        },
        "use": {
            "A": {"from": "aws", "path": "a", "stages": ["one"]},
            "B": {"from": "approle", "path": "b", "stages": ["two"]},
            "C": {"from": "hub", "path": "C_KEPT", "stages": ["two", "three"]},
            "D": {"from": "hub", "path": "C_KEPT", "stages": ["three"]},
            "E": {"from": "here", "path": "E_SHELL", "stages": ["four"]},
        },
    }
)


def test_without_secrets_nothing_is_needed() -> None:
    assert secret_needs(Secrets()) == NO_SECRETS


def test_all_stages_together_need_what_each_does() -> None:
    assert secret_needs(SECRETS) == SecretNeeds(
        ("one", "two", "three", "four"),
        has_identity=True,
        given=("C_KEPT", "E_SHELL"),
        extras=("aws", "vault"),
    )


def test_a_stage_needs_no_more_than_its_own() -> None:
    assert secret_needs(SECRETS, {"one"}) == SecretNeeds(
        ("one",), has_identity=True, extras=("aws",)
    )
    assert secret_needs(SECRETS, {"three"}) == SecretNeeds(
        ("three",), given=("C_KEPT",)
    )
    assert secret_needs(SECRETS, {"five"}) == NO_SECRETS


def test_a_login_with_a_secret_id_needs_no_identity() -> None:
    found = secret_needs(SECRETS, {"two"})
    assert (found.has_identity, found.extras) == (False, ("vault",))
