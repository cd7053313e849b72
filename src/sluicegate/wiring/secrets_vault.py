"""Builds who reads secrets from Vault or OpenBao, as the pipeline file says it."""

from collections.abc import Mapping
from pathlib import Path

from sluicegate.adapters.secrets.oidc import Hide, identity_reader
from sluicegate.errors import PermanentError, UsageError
from sluicegate.ports.clock import Clock
from sluicegate.ports.secrets import SecretProvider
from sluicegate.stages.secrets.vault import AppRoleAuth, JwtAuth, VaultProvider

_KINDS = {"vault": "Vault", "openbao": "OpenBao"}


def build_vault(
    name: str,
    settings: VaultProvider,
    environ: Mapping[str, str],
    *,
    folder: Path,
    certificates: str | None,
    clock: Clock,
    hide: Hide,
) -> SecretProvider:
    """Who reads the secrets of the provider *name*. Asks nobody yet.

    Build one for the whole of a run: a wrapped secret id can be unwrapped once.

    Args:
        name: its name in the pipeline file.
        settings: what stands there.
        environ: the environment of this process.
        folder: where the pipeline file is, which its paths are relative to.
        certificates: a file of CA certificates to trust where `ca:` names none.
        clock: says until when a login lasts.
        hide: is told of tokens before they are used.

    Raises:
        UsageError: hvac is not installed, or there is no such file of certificates.
    """
    try:
        import hvac  # type: ignore[import-untyped]  # noqa: F401, PLC0415 - an extra
    except ImportError as error:
        raise UsageError(
            f"secrets of {name} need hvac, which is not installed",
            hint="pip install 'sluicegate[vault]'",
        ) from error
    from sluicegate.adapters.secrets.vault import Store, VaultSecrets  # noqa: PLC0415
    from sluicegate.adapters.secrets.vault_login import (  # noqa: PLC0415 - need hvac
        AppRoleMethod,
        JwtMethod,
    )
    from sluicegate.adapters.secrets.vault_wire import Place  # noqa: PLC0415

    if settings.ca is not None:
        certificates = _certificates(name, folder / Path(settings.ca).expanduser())
    place = Place(
        _KINDS[settings.uses],
        settings.address.rstrip("/"),
        settings.namespace,
        certificates,
    )
    auth = settings.auth
    method: JwtMethod | AppRoleMethod
    if isinstance(auth, JwtAuth):
        file = auth.token_file
        token_file = None if file is None else folder / Path(file).expanduser()
        identity = identity_reader(
            environ,
            auth.audience or settings.address,
            token_file,
            certificates=certificates,
            hide=hide,
        )
        method = JwtMethod(auth.role, auth.mount, identity)
    else:
        method = AppRoleMethod(
            auth.role_id,
            auth.mount,
            lambda: _secret_id(name, auth, environ),
            wrapped=auth.wrapped,
            hide=hide,
        )
    store = Store(place, settings.mount, settings.ttl)
    return VaultSecrets(store, method, clock, hide)


def _certificates(name: str, path: Path) -> str:
    if not path.is_file():
        raise UsageError(
            f"ca: of {name} is no file: {path}",
            hint="it is relative to the pipeline file",
        )
    return str(path)


def _secret_id(name: str, auth: AppRoleAuth, environ: Mapping[str, str]) -> str:
    found = environ.get(auth.secret_id_env, "").strip()
    if not found or not found.isascii() or not found.isprintable():
        what = "is empty or not set" if not found else "holds no secret id"
        raise PermanentError(
            f"{auth.secret_id_env} {what}: {name} cannot log in",
            hint="give the secret id to sluice in that variable",
        )
    return found
