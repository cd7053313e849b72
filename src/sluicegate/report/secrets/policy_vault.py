"""The policy and the role that let a pipeline read its secrets, and nothing else. Pure.

The policy names each path as it is. What a login needs beside that is to be revoked
and to say what it may do, so the policy called default, which allows much more, is left
out. A role takes a token only if every claim is what it has to be: identifiers, for
names can be taken over, and never a pattern.

Source:
    https://openbao.org/docs/concepts/policies/, https://openbao.org/docs/auth/jwt/;
    https://docs.github.com/en/actions/reference/security/oidc for the claims.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from shlex import quote

from sluicegate.model.secret_access import SecretPlace
from sluicegate.report.secrets.policy_text import PolicyText, Workload
from sluicegate.stages.secrets.vault import AppRoleAuth, JwtAuth, VaultProvider

_PROGRAMS = {"vault": ("vault", "VAULT"), "openbao": ("bao", "BAO")}
_SHOWN_IN_AUDIT = (
    *("repository", "run_id", "run_attempt", "actor", "sha", "environment"),
)
_OWN = (
    ("sys/capabilities-self", "so that `sluice secrets check` can ask what it may do"),
    ("auth/token/revoke-self", "so that it is revoked when its stage ends"),
)


def vault_policies(
    name: str,
    settings: VaultProvider,
    places: Sequence[SecretPlace],
    about: Workload,
    environments: Sequence[str] = (),
) -> tuple[PolicyText, ...]:
    """What to paste for the provider *name*: its policy, and commands that use it.

    Args:
        name: of the provider in the pipeline file.
        settings: what stands there.
        places: the secrets that it is asked for.
        about: who runs the pipeline.
        environments: those the secrets are limited to, () if to none.
    """
    auth = settings.auth
    policy = auth.role if isinstance(auth, JwtAuth) else f"sluicegate-{name}"
    file = f"{policy}.hcl"
    if isinstance(auth, JwtAuth):
        role = _jwt_role(settings, auth, policy, about, environments)
    else:
        role = _approle(settings, auth, policy)
    program, prefix = _PROGRAMS[settings.uses]
    lines = [f"export {prefix}_ADDR={quote(settings.address)}"]
    if settings.namespace is not None:
        lines.append(f"export {prefix}_NAMESPACE={quote(settings.namespace)}")
    lines.append(f"{program} policy write {quote(policy)} {quote(file)}")
    commands = "\n".join((*lines, *role)) + "\n"
    return (
        PolicyText(
            f"policy {policy}: a file {file}", "hcl", _hcl(settings, places), file
        ),
        PolicyText(f"commands that write it, and the role of {name}", "sh", commands),
    )


def _hcl(settings: VaultProvider, places: Sequence[SecretPlace]) -> str:
    paths = dict.fromkeys(f"{settings.mount}/data/{place.path}" for place in places)
    stanzas = [_stanza(path, "read") for path in paths]
    stanzas += [f"# {why}\n{_stanza(path, 'update')}" for path, why in _OWN]
    return "\n\n".join(stanzas) + "\n"


def _stanza(path: str, capability: str) -> str:
    return f'path {json.dumps(path)} {{\n  capabilities = ["{capability}"]\n}}'


def _jwt_role(
    settings: VaultProvider,
    auth: JwtAuth,
    policy: str,
    about: Workload,
    environments: Sequence[str],
) -> Iterable[str]:
    """The commands that make the role; the claims of a file are not ours to know."""
    program, _ = _PROGRAMS[settings.uses]
    is_github = auth.token_file is None
    role: dict[str, object] = {
        "role_type": "jwt",
        "user_claim": "repository_id" if is_github else "sub",
        "bound_audiences": [auth.audience or settings.address],
    }
    if is_github:
        role["bound_claims"] = _bound(about, environments)
        role["claim_mappings"] = {claim: claim for claim in _SHOWN_IN_AUDIT}
    else:
        role["bound_subject"] = "<sub of the token>"
    role |= _token(settings.ttl, policy)
    text = json.dumps(role, indent=2, ensure_ascii=False)
    path = f"auth/{auth.mount}/role/{auth.role}"
    return (f"{program} write {quote(path)} - <<'ROLE'", text, "ROLE")


def _bound(about: Workload, environments: Sequence[str]) -> dict[str, object]:
    """The claims that a token must have, each exactly so."""
    bound: dict[str, object] = {
        "repository_id": about.repository_id
        or f"<gh api repos/{about.repository or 'OWNER/NAME'} --jq .id>",
        "repository_owner_id": about.owner_id
        or f"<gh api users/{about.owner or 'OWNER'} --jq .id>",
        "ref": about.ref or "refs/heads/main",
        "job_workflow_ref": about.workflow_ref
        or f"{about.repository or 'OWNER/NAME'}/.github/workflows/"
        "<file>.yml@refs/heads/main",
    }
    if environments:
        one = len(environments) == 1
        bound["environment"] = environments[0] if one else list(environments)
    elif about.environment:
        bound["environment"] = about.environment
    return bound


def _token(ttl: timedelta, policy: str) -> dict[str, object]:
    """What a login is: of one policy, for *ttl*, and of a kind that can be revoked."""
    lasts = f"{round(ttl.total_seconds())}s"
    return {
        "token_policies": [policy],
        "token_no_default_policy": True,
        "token_type": "service",
        "token_ttl": lasts,
        "token_max_ttl": lasts,
    }


def _approle(settings: VaultProvider, auth: AppRoleAuth, policy: str) -> Iterable[str]:
    program, _ = _PROGRAMS[settings.uses]
    path = quote(f"auth/{auth.mount}/role/{policy}")
    role: dict[str, object] = {
        **_token(settings.ttl, policy),
        "secret_id_ttl": "24h",
    }
    wrap = "-wrap-ttl=10m " if auth.wrapped else ""
    return (
        f"{program} write {path} - <<'ROLE'",
        json.dumps(role, indent=2, ensure_ascii=False),
        "ROLE",
        f"{program} read -field=role_id {path}/role-id  # role_id: of the file",
        f"{program} write {wrap}-f {path}/secret-id  # {auth.secret_id_env}",
    )
