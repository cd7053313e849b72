"""``docker push`` and ``docker pull``, and what they say when they fail.

The client finds the credentials itself, wherever they are kept, and the engine makes
the manifest from the image it has.

Source:
    Messages of Docker 20.10 to 28 and of the distribution registry 2.8, tried.
"""

import re

from sluicegate.errors import ExternalError, PermanentError, TransientError
from sluicegate.model.command import CommandResult
from sluicegate.model.credential import hide
from sluicegate.model.digest import Digest

_DIGEST = re.compile(
    rb"^\S+: digest: (sha256:[0-9a-f]{64}) size: \d+\s*$", re.MULTILINE
)
_MAX_WORDS = 300

_CREDENTIALS = re.compile(r"error getting credentials", re.IGNORECASE)
_DENIED = re.compile(
    r"unauthorized|authentication required|no basic auth credentials|access denied"
    r"|\bdenied\b|forbidden|incorrect username or password|insufficient_scope"
    r"|unexpected status[^\n]*40[13]|HTTP (?:status: )?40[13]\b",
    re.IGNORECASE,
)
_NO_IMAGE = re.compile(
    r"no such image|image does not exist locally|tag does not exist", re.IGNORECASE
)
_NOT_TRUSTED = re.compile(
    r"x509: |server gave HTTP response to HTTPS client", re.IGNORECASE
)
_UNKNOWN = re.compile(r"manifest unknown|not found", re.IGNORECASE)
_IMMUTABLE = re.compile(r"immutable", re.IGNORECASE)
_ENGINE = re.compile(r"cannot connect to the docker daemon", re.IGNORECASE)


def read_digest(result: CommandResult) -> Digest:
    """The digest of the manifest that was pushed.

    Raises:
        PermanentError: the client did not say it.
    """
    found = _DIGEST.findall(result.stdout)
    if len(found) != 1:
        raise PermanentError(
            "docker push did not say the digest of what it pushed",
            hint="is the Docker client a version that is known? 20.10 and later are",
        )
    return Digest.parse(found[0].decode("ascii"))


def push_error(result: CommandResult, image: Digest, registry: str) -> ExternalError:
    """What a failed ``docker tag`` or ``docker push`` of *image* means.

    What is not known to be for good may pass: pushing again does no harm.
    """
    text, words = _said(result)
    if _NO_IMAGE.search(text):
        return PermanentError(
            f"the engine has no image {image}: {words}",
            hint="was it removed since it was built? run again",
        )
    return _error(text, words, registry, "push")


def pull_error(result: CommandResult, reference: str, registry: str) -> ExternalError:
    """What a failed ``docker pull`` of *reference* means."""
    text, words = _said(result)
    if _UNKNOWN.search(text):
        return PermanentError(
            f"{registry} does not have {reference}: {words}",
            hint="was it removed from the registry? run again, to publish it again",
        )
    return _error(text, words, registry, "pull")


def _said(result: CommandResult) -> tuple[str, str]:
    """All that a client said went wrong, and its last words, for a person."""
    text = result.stderr.decode(errors="replace").strip()
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return text, hide(lines[-1][:_MAX_WORDS]) if lines else "it said nothing"


def _error(text: str, words: str, registry: str, doing: str) -> ExternalError:
    if _CREDENTIALS.search(text):
        # The client quotes what the helper printed, which may be a password.
        return PermanentError(
            f"the credentials for {registry} cannot be read",
            hint="see `credsStore` and `credHelpers` in Docker's config.json; does"
            f" `docker login {registry}` work?",
        )
    if _DENIED.search(text):
        return PermanentError(
            f"{registry} refuses the {doing}: {words}",
            hint=f"`docker login {registry}` as somebody who may {doing}",
        )
    if _NOT_TRUSTED.search(text):
        return PermanentError(
            f"no secure connection to {registry}: {words}",
            hint="put the certificate of the registry's authority into"
            f" /etc/docker/certs.d/{registry}/ca.crt on the engine's host",
        )
    if _IMMUTABLE.search(text):
        return PermanentError(
            f"{registry} refuses the push: {words}",
            hint="the tag is another image there, and the registry keeps tags for ever",
        )
    if _ENGINE.search(text):
        return PermanentError(
            f"docker {doing} failed: {words}", hint="is the Docker engine running?"
        )
    return TransientError(f"docker {doing} failed: {words}")
