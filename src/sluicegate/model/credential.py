"""What looks like a credential: by the name it goes by, or by its own shape.

Names are read as words, because an ML service is full of tokens that open nothing:
``MAX_TOKENS`` and ``TOKENIZER`` are no credentials, ``HF_TOKEN`` is.
"""

import re
from itertools import pairwise

from sluicegate.model.token_kinds import PEM_BEGIN, TOKEN_KINDS

NEVER_PASSED_ON = re.compile(
    r"SLUICE_.*|(GH|GITHUB)_(ENTERPRISE_)?TOKEN|ACTIONS_.*TOKEN.*"
    r"|INPUT_.*(TOKEN|KEY|SECRET|PASSWORD).*"
)
"""Environment variables for sluicegate alone: no other program is given them."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SECRET_WORDS = frozenset(
    (
        *("token", "password", "passwd", "passphrase", "secret", "secrets"),
        *("credential", "credentials", "apikey"),
    )
)
_SECRET_LAST = frozenset({"key", "pass", "pwd", "auth"})  # PASS_RATE is none
_SHELL_OWN = frozenset({"PWD", "OLDPWD"})
_SECRET_PAIRS = frozenset({"private", "secret", "access", "api", "signing", "auth"})
# A name that ends so tells of a credential, and does not hold it.
_ABOUT = frozenset(
    (
        *("file", "path", "dir", "folder", "name", "id", "url", "uri", "host", "port"),
        *("type", "method", "mode", "enabled", "required", "limit", "count", "length"),
        *("size", "ttl", "timeout", "expiry", "header", "prefix", "user", "username"),
        *("sock", "socket", "endpoint", "public", "cert"),
    )
)
_TOKEN = re.compile(f"(?<![A-Za-z0-9])(?:{'|'.join(TOKEN_KINDS.values())}|{PEM_BEGIN})")
URL_LOGIN = re.compile(
    r"://(?P<user>[^\s/@:'\"<>]{0,200}):(?P<password>[^\s/'\"<>]{1,400})@"
)
"""User and password in a URL; a password may hold an ``@`` that nobody has quoted."""
_REFERENCES = re.compile(
    r"(?:\$\{\{[^{}]{1,200}\}\}|\$\{[^{}]{1,200}\}|\$\([^()]{1,200}\)"
    r"|\$[A-Za-z_][A-Za-z0-9_]*|\{[A-Za-z_][A-Za-z0-9_.]*\}|%s|\*+|:){1,20}"
)

HIDDEN = "***"


def is_secret_name(name: str) -> bool:
    """Whether *name* (``HF_TOKEN``, ``dbPassword``, ``API_KEY``) is a credential's."""
    words = [word.lower() for word in _WORD.findall(name)]
    if not words or words[-1] in _ABOUT or "public" in words or name in _SHELL_OWN:
        return False
    if words[-1] in _SECRET_LAST:
        return True
    return not _SECRET_WORDS.isdisjoint(words) or any(
        first in _SECRET_PAIRS and second == "key" for first, second in pairwise(words)
    )


def is_secret_value(value: str) -> bool:
    """Whether *value* is a well-known kind of token, or a URL with a password."""
    return bool(_TOKEN.search(value) or URL_LOGIN.search(value))


def holds_credential(text: str) -> bool:
    """As `is_secret_value`, of text in which a shell may yet put something in.

    A password of ``$PASSWORD`` is none.
    """
    return bool(
        _TOKEN.search(text)
        or any(not is_reference(each["password"]) for each in URL_LOGIN.finditer(text))
    )


def is_reference(text: str) -> bool:
    """Whether *text* names what something else is to put there, and holds nothing."""
    return bool(_REFERENCES.fullmatch(text))


def hide(text: str) -> str:
    """*text* without what is a credential by its shape alone."""
    return _TOKEN.sub(HIDDEN, URL_LOGIN.sub(f"://{HIDDEN}@", text))
