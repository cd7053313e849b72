"""Hiding the credentials of package indexes in what installers say.

pip and uv mask the addresses they print themselves, mostly; a line of a requirements
file that they quote, or what an index answers, they do not.
"""

import re
from collections.abc import Mapping
from urllib.parse import unquote

HIDDEN = "***"

_LOGIN = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?P<login>[^/\s]+)@")
_INSTALLER = re.compile(r"(PIP|UV|POETRY|TWINE|ARTIFACTORY|CODEARTIFACT)_")
_SECRET = re.compile(r"_(PASSWORD|PASS|TOKEN|SECRET|KEY)(_|$)|_PYPI_TOKEN_")
_SHORTEST = 4  # a shorter one would hide half of every sentence


class Credentials:
    """What to hide: the logins in addresses, and those of *environ*'s installers."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        found: set[str] = set()
        for name, value in environ.items():
            if not _INSTALLER.match(name):
                continue
            if _SECRET.search(name):
                found.add(value)
            for match in _LOGIN.finditer(value):
                user, colon, password = match["login"].partition(":")
                found.add(password if colon else user)
        found |= {unquote(secret) for secret in found}
        # The longest first: one may be the beginning of another.
        self._secrets = sorted(
            (secret for secret in found if len(secret) >= _SHORTEST),
            key=len,
            reverse=True,
        )

    def hide(self, text: str) -> str:
        """Write *text* without them."""
        text = _LOGIN.sub(rf"\g<scheme>{HIDDEN}@", text)
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text
