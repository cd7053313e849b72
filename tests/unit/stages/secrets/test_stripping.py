"""What no program of a stage may see."""

from collections.abc import Mapping

from sluicegate.stages.secrets.settings import Secrets
from sluicegate.stages.secrets.stripping import stripped_variables

ASKING = {"ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL"}
VAULT_TOKENS = {"VAULT_TOKEN", "BAO_TOKEN"}
VAULT = {"uses": "vault", "address": "https://vault.acme.example"}
AWS = {
    "uses": "aws-secrets-manager",
    "region": "eu-central-1",
    "role": "arn:aws:iam::123456789012:role/sluice",
}


def strip(provider: Mapping[str, object], **use: object) -> frozenset[str]:
    uses = {"DB": {"from": "it", "stages": ["test"], **use}} if use else {}
    return stripped_variables(
        Secrets.model_validate({"providers": {"it": provider}, "use": uses})
    )


def test_without_secrets_nothing_is_stripped() -> None:
    assert stripped_variables(Secrets()) == frozenset()


def test_the_variable_a_secret_is_in_is_stripped_and_the_one_it_goes_to() -> None:
    for kind in ("environment", "github"):
        assert strip({"uses": kind}, path="PROD_DB") == {"PROD_DB", "DB"}


def test_a_path_elsewhere_is_no_variable() -> None:
    assert strip(AWS, path="PROD_DB") == {"DB"} | ASKING


def test_whoever_logs_in_by_identity_keeps_the_means_of_asking_for_one() -> None:
    jwt = {"method": "jwt", "role": "sluice"}
    assert strip(AWS) == ASKING
    assert strip({**VAULT, "auth": jwt}) == ASKING | VAULT_TOKENS


def test_the_secret_id_of_a_role_is_stripped() -> None:
    auth = {"method": "approle", "role_id": "r", "secret_id_env": "SECRET_ID"}
    assert strip({**VAULT, "auth": auth}) == {"SECRET_ID"} | VAULT_TOKENS
