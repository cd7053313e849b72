"""Hiding the credentials of package indexes in what installers say.

pip and uv mask the addresses they print themselves, mostly; a line of a requirements
file that they quote, or what an index answers, they do not.
"""

import re
from collections.abc import Mapping

from sluicegate.adapters.known_secrets import in_environment
from sluicegate.model.credential import HIDDEN

# Also a login without a password, which in an index's address is a token.
_LOGIN = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)[^/\s]+@")


class Credentials:
    """What to hide: the logins in addresses, and whatever *environ* keeps secret."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        # The longest first: one may be the beginning of another.
        self._secrets = sorted(set(in_environment(environ)), key=len, reverse=True)

    def hide(self, text: str) -> str:
        """Write *text* without them."""
        text = _LOGIN.sub(rf"\g<scheme>{HIDDEN}@", text)
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text
