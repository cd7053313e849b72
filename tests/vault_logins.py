"""Providers of secrets for a real OpenBao, built as a pipeline file would."""

from collections.abc import Mapping
from pathlib import Path

from openbao_service import AUDIENCE, World
from prometheus_service import CLOCK

from sluicegate.model.secret import Purpose
from sluicegate.ports.secrets import SecretProvider
from sluicegate.stages.secrets.vault import VaultProvider
from sluicegate.wiring.secrets_vault import build_vault

PURPOSE = Purpose(
    "churn_release_v1.0", "01JD0A5W9V7M3Q8T2X4Y6Z8B0C", "deploy", "production"
)


class Hidden:
    """Who is told what to hide."""

    def __init__(self) -> None:
        self.values: list[str] = []

    def __call__(self, values: object) -> None:
        assert isinstance(values, tuple)
        self.values += values


def settings(world: World, auth: Mapping[str, object], **more: object) -> VaultProvider:
    return VaultProvider.model_validate(
        {
            "uses": "openbao",
            "address": world.bao.url,
            "mount": world.mount,
            "auth": auth,
            **more,
        }
    )


def build(
    found: VaultProvider,
    environ: Mapping[str, str] | None = None,
    folder: Path = Path("/"),
    hidden: Hidden | None = None,
) -> SecretProvider:
    return build_vault(
        "vault",
        found,
        environ or {},
        folder=folder,
        certificates=None,
        clock=CLOCK,
        hide=hidden or Hidden(),
    )


def by_token(
    world: World,
    folder: Path,
    token: str,
    *,
    hidden: Hidden | None = None,
    role: str = "prod",
    **more: object,
) -> SecretProvider:
    """Logs in with *token*, which lies in a file."""
    (folder / "token").write_text(token)
    auth = {
        "method": "jwt",
        "mount": world.jwt,
        "role": role,
        "audience": AUDIENCE,
        "token_file": "token",
    }
    return build(settings(world, auth, **more), None, folder, hidden)


def by_secret_id(
    world: World,
    role_id: str,
    secret_id: str,
    *,
    hidden: Hidden | None = None,
    wrapped: bool = False,
    **more: object,
) -> SecretProvider:
    """Logs in with *secret_id*, which is in a variable."""
    auth = {
        "method": "approle",
        "mount": world.approle,
        "role_id": role_id,
        "secret_id_env": "BAO_SECRET_ID",
        "wrapped": wrapped,
    }
    environ = {"BAO_SECRET_ID": secret_id}
    return build(settings(world, auth, **more), environ, hidden=hidden)
