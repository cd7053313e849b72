"""The credentials of this user's Docker client: its configuration and its helpers.

Nothing of sluicegate's own: whoever can `docker push` can publish. They are looked up
when they are needed, given to one request, and kept nowhere.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sluicegate.errors import PermanentError
from sluicegate.model.command import Command
from sluicegate.ports.process import ProcessRunner

_TOKEN = "<token>"  # noqa: S105 - the user's name where the secret is a token
_NOT_FOUND = b"credentials not found"
_HELPER_TIME = timedelta(minutes=2)  # a person may have to unlock a key ring
# A helper reads its question from its standard input, and a runner gives none.
_ASK = 'printf "%s" "$2" | "$1" get'


@dataclass(frozen=True, slots=True)
class Login:
    """Who to be at a registry. An identity token has no *username*."""

    username: str | None
    secret: str = field(repr=False)


class DockerLogins:
    """What ``docker login`` left behind: in the configuration, or with a helper.

    *runner* must hand over a helper's output as it is. What a helper says on the side
    is never shown: it may be a password.

    Source:
        https://github.com/docker/docker-credential-helpers, "Development".
    """

    def __init__(self, folder: str, runner: ProcessRunner) -> None:
        self._folder, self._runner = folder, runner

    def find(self, registry: str) -> Login | None:
        """The login for *registry*, a host; None where nobody has logged in.

        Raises:
            PermanentError: the configuration or the helper cannot be used.
            Interrupted: asked to stop while a helper ran.
        """
        from docker.auth import (  # noqa: PLC0415 - slow, and only to publish
            INDEX_NAME,
            INDEX_URL,
            AuthConfig,
            load_config,
        )
        from docker.errors import DockerException  # noqa: PLC0415 - likewise

        try:
            config = load_config()
            helper = config.get_credential_store(registry)
            if helper:
                server = INDEX_URL if registry == INDEX_NAME else registry
                found = self._ask(f"docker-credential-{helper}", server)
                if found is not None:
                    return found
            written = AuthConfig({"auths": config.auths}).resolve_authconfig(registry)
            return None if written is None else _login(written)
        except (DockerException, OSError, ValueError, LookupError, TypeError):
            # Not the cause either: its text may quote what could not be read.
            raise PermanentError(
                f"the credentials for {registry} cannot be read",
                hint="see `credsStore`, `credHelpers` and `auths` in Docker's"
                f" config.json; does `docker login {registry}` work?",
            ) from None

    def _ask(self, helper: str, server: str) -> Login | None:
        """Ask a helper; None if it knows no login.

        Raises:
            ValueError: it failed, or its answer is none.
        """
        argv = ("sh", "-c", _ASK, "sh", helper, server)
        command = Command(argv, self._folder, _HELPER_TIME)
        result = self._runner.run(command, lambda _line: None)
        if result.exit_code != 0:
            if _NOT_FOUND in result.stdout:
                return None
            raise ValueError("the helper failed")
        answer = json.loads(result.stdout)
        username, secret = str(answer["Username"]), str(answer["Secret"])
        if not secret:
            return None  # some helpers say so of what they do not know
        return Login(None if username == _TOKEN else username, secret)


def _login(found: Mapping[str, str | None]) -> Login | None:
    token = found.get("IdentityToken")
    if token:
        return Login(None, token)
    username, password = found.get("username"), found.get("password")
    return Login(username, password) if username and password else None
