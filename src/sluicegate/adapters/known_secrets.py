"""Where this machine keeps secrets: variables, files, the Docker CLI's logins."""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote

from sluicegate.model.credential import URL_LOGIN, is_secret_name

_SHORTEST_GUESSED = 6  # of what only looks like a secret: shorter is a word like any
_SHORTEST_NAMED = 4
_SHORTEST_WORD = 8  # of the words in a file of secrets
_MAX_FILE_BYTES = 1 << 20
# What people write where a secret is asked for and none is needed.
_PLACEHOLDERS = frozenset(
    (
        *("password", "passwd", "secret", "changeme", "change-me", "postgres", "admin"),
        *("example", "default", "public", "private", "disabled", "enabled", "dummy"),
        *("testing", "test-token", "foobar", "placeholder", "development"),
    )
)
_WORDS = re.compile(r"[^\s'\",;]+")
_IS_KEY = re.compile(r"['\"]?\s*[:=]")
_IN_CONFIG = ("password", "identitytoken", "registrytoken")


def in_environment(environ: Mapping[str, str]) -> Iterator[str]:
    """The values of variables whose names say credential, and passwords in URLs."""
    for name, value in environ.items():
        if is_secret_name(name) and _is_worth_hiding(value):
            yield value
        yield from in_urls(value)


def in_variable(name: str, environ: Mapping[str, str]) -> Iterator[str]:
    """The value of a variable that somebody called a secret."""
    value = environ.get(name, "")
    if len(value) >= _SHORTEST_NAMED:
        yield value
        yield from in_urls(value)


def in_file(path: Path) -> Iterator[str]:
    """What is secret in a file that somebody called a secret: its long words.

    Not the names that stand before a ``:`` or ``=``, and not addresses. A file that
    cannot be read hides nothing; whoever needs it will say so.
    """
    text = read_small(path)
    if len(text.strip()) >= _SHORTEST_NAMED and "\n" not in text.strip():
        yield text.strip()
    yield from in_urls(text)
    for found in _WORDS.finditer(text):
        is_key = _IS_KEY.match(text, found.end()) or found[0].endswith((":", "=", "]"))
        for word in {found[0], found[0].partition("=")[2]}:
            is_long = len(word) >= _SHORTEST_WORD and _is_worth_hiding(word)
            if is_long and not is_key and "://" not in word:
                yield word


def in_json(text: str) -> Iterator[str]:
    """The texts in a secret that is JSON, such as an account or a login: one by one.

    Not addresses, nor what people write where none is needed.
    """
    if not text.lstrip().startswith(("{", "[")):
        return
    with suppress(ValueError, RecursionError):
        for word in _texts_in(json.loads(text)):
            is_long = len(word) >= _SHORTEST_WORD and _is_worth_hiding(word)
            if is_long and "://" not in word:
                yield word


def _texts_in(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for each in value.values():
                yield from _texts_in(each)
        case list():
            for each in value:
                yield from _texts_in(each)
        case _:
            return


def in_docker_config(path: Path) -> Iterator[str]:
    """The logins in a ``config.json`` of the Docker CLI, and passwords of its proxies.

    Source:
        ``docker login --help``: ``auth`` is base64 of ``user:password``.
    """
    text = read_small(path)
    yield from in_urls(text)
    try:
        logins = json.loads(text)["auths"].values()
        for login in logins:
            yield from _in_login(login)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return  # not a configuration: the Docker CLI will say so


def _in_login(login: Mapping[str, str]) -> Iterator[str]:
    for key in _IN_CONFIG:
        if login.get(key):
            yield str(login[key])
    auth = str(login.get("auth") or "")
    if auth:
        yield auth
        try:
            both = base64.b64decode(auth, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return
        yield both
        password = both.partition(":")[2].rstrip("\0")
        if len(password) >= _SHORTEST_NAMED:
            yield password


def in_urls(text: str) -> Iterator[str]:
    """Passwords of the URLs in *text*: as written, as meant, with their users."""
    for found in URL_LOGIN.finditer(text):
        user, password = found["user"], found["password"]
        if user != password and _is_worth_hiding(password):
            for secret in {password, unquote(password)}:
                yield secret
                if user:
                    yield f"{unquote(user)}:{secret}"


def _is_worth_hiding(value: str) -> bool:
    """Whether *value* can be a secret: hiding ``true`` would hide half of a report."""
    is_number = value.isdigit() and len(value) < 2 * _SHORTEST_GUESSED
    return (
        len(value) >= _SHORTEST_GUESSED
        and not is_number
        and value.lower() not in _PLACEHOLDERS
    )


def read_small(path: Path) -> str:
    """What is in a file that may hold a secret; nothing if it cannot be read."""
    try:
        if not path.is_file() or path.stat().st_size > _MAX_FILE_BYTES:
            return ""
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
