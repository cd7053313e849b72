"""The policy and the role that are printed: each path as it is, each claim exactly."""

import json
import re

from sluicegate.model.secret_access import SecretPlace
from sluicegate.report.secrets.policy_text import PolicyText, Workload
from sluicegate.report.secrets.policy_vault import vault_policies
from sluicegate.stages.secrets.vault import VaultProvider

_PLACES = (
    SecretPlace("ml/prod/registry", "token"),
    SecretPlace("ml/prod/registry", "user"),
    SecretPlace("ml/prod/db", None, "3"),
)
_ABOUT = Workload(
    repository="acme/churn",
    repository_id="861234567",
    owner="acme",
    owner_id="9912345",
    ref="refs/heads/main",
    workflow_ref="acme/churn/.github/workflows/release.yml@refs/heads/main",
)


def _settings(auth: dict[str, object], **more: object) -> VaultProvider:
    address = "https://bao.acme.example"
    found = {"uses": "openbao", "address": address, "auth": auth, "ttl": "10m"}
    return VaultProvider.model_validate(found | more)


_JWT: dict[str, object] = {"method": "jwt", "role": "sluice-prod"}


def _both(
    settings: VaultProvider, about: Workload = _ABOUT, *environments: str
) -> tuple[PolicyText, PolicyText]:
    policy, commands = vault_policies("bao", settings, _PLACES, about, environments)
    return policy, commands


def _role(commands: PolicyText) -> dict[str, object]:
    found = re.search(r"<<'ROLE'\n(.*)\nROLE\n", commands.text, re.DOTALL)
    assert found is not None
    role: dict[str, object] = json.loads(found[1])
    return role


def test_the_policy_names_each_path_once_to_read_and_nothing_else() -> None:
    policy, _ = _both(_settings(_JWT, mount="kv/team"))
    rules = re.findall(r'path "([^"]+)" \{\s*capabilities = \[([^\]]*)\]', policy.text)
    assert rules == [
        ("kv/team/data/ml/prod/registry", '"read"'),
        ("kv/team/data/ml/prod/db", '"read"'),
        ("sys/capabilities-self", '"update"'),
        ("auth/token/revoke-self", '"update"'),
    ]
    assert (policy.language, policy.name) == ("hcl", "sluice-prod.hcl")


def test_the_role_wants_identifiers_exactly_and_gives_a_short_login() -> None:
    _, commands = _both(_settings(_JWT), _ABOUT, "production")
    role = _role(commands)
    assert role["bound_claims"] == {
        "repository_id": "861234567",
        "repository_owner_id": "9912345",
        "ref": "refs/heads/main",
        "job_workflow_ref": _ABOUT.workflow_ref,
        "environment": "production",
    }
    assert role["bound_audiences"] == ["https://bao.acme.example"]
    login = {name: each for name, each in role.items() if name.startswith("token_")}
    assert login == {
        "token_policies": ["sluice-prod"],
        "token_no_default_policy": True,
        "token_type": "service",
        "token_ttl": "600s",
        "token_max_ttl": "600s",
    }
    assert "*" not in commands.text
    assert "glob" not in commands.text
    assert "bound_subject" not in role  # sub has two forms since 2026-07-15


def test_several_environments_are_listed_and_none_is_no_claim() -> None:
    role = _role(_both(_settings(_JWT), _ABOUT, "staging", "production")[1])
    bound = role["bound_claims"]
    assert isinstance(bound, dict)
    assert bound["environment"] == ["staging", "production"]
    bound = _role(_both(_settings(_JWT))[1])["bound_claims"]
    assert isinstance(bound, dict)
    assert "environment" not in bound


def test_what_nobody_knows_is_to_be_filled_in() -> None:
    _, commands = _both(_settings(_JWT), Workload())
    bound = _role(commands)["bound_claims"]
    assert isinstance(bound, dict)
    assert bound["repository_id"] == "<gh api repos/OWNER/NAME --jq .id>"
    assert bound["repository_owner_id"] == "<gh api users/OWNER --jq .id>"


def test_a_token_of_another_issuer_is_bound_by_its_subject() -> None:
    _, commands = _both(_settings(_JWT | {"token_file": "token"}))
    role = _role(commands)
    assert role["bound_subject"] == "<sub of the token>"
    assert "bound_claims" not in role


def test_the_commands_are_those_of_the_product() -> None:
    _, commands = _both(_settings(_JWT, uses="vault", namespace="team/ml"))
    assert "export VAULT_ADDR=https://bao.acme.example\n" in commands.text
    assert "export VAULT_NAMESPACE=team/ml\n" in commands.text
    assert "vault policy write sluice-prod sluice-prod.hcl\n" in commands.text
    assert "bao " not in commands.text


def test_a_wrapped_secret_id_is_made_wrapped() -> None:
    auth: dict[str, object] = {
        "method": "approle",
        "role_id": "r",
        "secret_id_env": "BAO_SECRET_ID",
    }
    policy, commands = _both(_settings(auth))
    assert policy.name == "sluicegate-bao.hcl"
    path = "auth/approle/role/sluicegate-bao"
    assert f"bao write -f {path}/secret-id  # BAO_SECRET_ID" in commands.text
    _, commands = _both(_settings(auth | {"wrapped": True}))
    assert f"bao write -wrap-ttl=10m -f {path}/secret-id" in commands.text
    assert _role(commands)["token_no_default_policy"] is True


def test_a_name_is_quoted_for_the_shell() -> None:
    _, commands = _both(_settings(_JWT | {"role": "a b; rm"}))
    assert "bao policy write 'a b; rm' 'a b; rm.hcl'\n" in commands.text
