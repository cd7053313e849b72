"""Secrets that are in variables of the process that runs sluicegate."""

from collections.abc import Mapping
from dataclasses import dataclass

from typing_extensions import override

from sluicegate.errors import PermanentError
from sluicegate.model.secret import FetchedSecret, Purpose
from sluicegate.ports.secrets import SecretLogin, SecretProvider


@dataclass(frozen=True)
class EnvironmentSecrets(SecretProvider):
    """The variables in *environ*, all of them."""

    environ: Mapping[str, str]

    @override
    def login(self, purpose: Purpose) -> SecretLogin:
        del purpose
        return _Login(self.environ)

    @override
    def __repr__(self) -> str:
        return "EnvironmentSecrets()"


@dataclass(frozen=True, repr=False)
class _Login(SecretLogin):
    environ: Mapping[str, str]

    @override
    def fetch(self, path: str, field: str | None, version: str | None) -> FetchedSecret:
        check_is_whole(path, field, version)
        if path not in self.environ:
            raise PermanentError(
                f"the environment variable {path} is not set",
                hint=f"export {path} where sluice runs",
            )
        value = self.environ[path]
        if not value.strip():
            raise PermanentError(
                f"the environment variable {path} is empty",
                hint=f"export {path} with the secret where sluice runs",
            )
        return FetchedSecret(value)

    @override
    def end(self) -> str | None:
        return None


def check_is_whole(variable: str, field: str | None, version: str | None) -> None:
    """See to it that all of *variable* is asked for.

    Raises:
        PermanentError: a field or a version of it is; it has none.
    """
    for key, asked in (("field", field), ("version", version)):
        if asked is not None:
            raise PermanentError(
                f"the environment variable {variable} has no {key} {asked!r}:"
                " a variable is one value",
                hint=f"remove `{key}:`, and keep each secret in a variable of its own",
            )
