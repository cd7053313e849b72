"""The credentials of this user's Docker client: its configuration and its helpers.

Nothing of sluicegate's own: whoever can `docker push` can publish. They are looked up
when they are needed, given to one request, and kept nowhere.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field

from sluicegate.adapters.process import strip_environment
from sluicegate.errors import PermanentError


@dataclass(frozen=True, slots=True)
class Login:
    """Who to be at a registry. An identity token has no *username*."""

    username: str | None
    secret: str = field(repr=False)


class DockerLogins:
    """What ``docker login`` left behind: in the configuration, or with a helper."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        # docker-py gives a helper all of this process's environment and these on top.
        kept = strip_environment(environ)
        self._blanked = {name: "" for name in environ if name not in kept}

    def find(self, registry: str) -> Login | None:
        """The login for *registry*, a host; None where nobody has logged in.

        Raises:
            PermanentError: the configuration or the helper cannot be used. What a
                helper printed is not quoted: it may be a password.
        """
        import docker.auth  # noqa: PLC0415 - slow, and only to publish
        from docker.errors import DockerException  # noqa: PLC0415 - likewise

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of a helper that is missing: an error
                config = docker.auth.load_config(credstore_env=self._blanked)
                found = config.resolve_authconfig(registry)
        except (DockerException, OSError, ValueError, LookupError, TypeError):
            # Not the cause either: a helper's output is in its text.
            raise PermanentError(
                f"the credentials for {registry} cannot be read",
                hint="see `credsStore`, `credHelpers` and `auths` in Docker's"
                f" config.json; does `docker login {registry}` work?",
            ) from None
        return None if found is None else _login(found)


def _login(found: Mapping[str, str | None]) -> Login | None:
    """docker-py spells the keys differently for the file and for a helper."""
    token = found.get("IdentityToken")
    if token:
        return Login(None, token)
    username = found.get("Username") or found.get("username")
    password = found.get("Password") or found.get("password")
    return Login(username, password) if username and password else None
