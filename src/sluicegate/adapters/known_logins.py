"""Where a kubeconfig keeps the logins to clusters.

A file that is none hides nothing; whoever logs in with it will say so.

Source:
    k8s.io/client-go v0.36, ``tools/clientcmd/api/v1/types.go`` (AuthInfo).
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import yaml

from sluicegate.adapters.known_secrets import in_environment, read_small
from sluicegate.model.credential import is_secret_name

_SHORTEST = 4


def in_kubeconfig(path: Path) -> Iterator[str]:
    """The logins in a kubeconfig, whatever context they are for."""
    for user in _users_of(path):
        for name in ("token", "password", "client-key-data"):
            yield from _in_value(user.get(name))
        yield from _in_key(user, path.parent)
        match user:
            case {"exec": {"env": [*variables]}}:
                yield from in_environment(dict(_variables(variables)))
            case {"auth-provider": {"config": dict() as given}}:
                for name, value in given.items():
                    yield from _in_value(value) if is_secret_name(str(name)) else ()
            case _:
                continue


def token_files_of(path: Path) -> Iterator[Path]:
    """The files of tokens that a kubeconfig names; they are renewed all the time."""
    for user in _users_of(path):
        name = user.get("tokenFile")
        if isinstance(name, str):
            yield path.parent / Path(name).expanduser()


def _users_of(path: Path) -> Iterator[Mapping[str, object]]:
    try:
        value = yaml.safe_load(read_small(path))
    except (yaml.YAMLError, ValueError, RecursionError):
        return
    users = value.get("users") if isinstance(value, Mapping) else None
    for each in users if isinstance(users, list) else ():
        user = each.get("user") if isinstance(each, Mapping) else None
        if isinstance(user, Mapping):
            yield user


def _in_key(user: Mapping[str, object], folder: Path) -> Iterator[str]:
    data, name = user.get("client-key-data"), user.get("client-key")
    if isinstance(data, str):
        with suppress(binascii.Error, ValueError):
            yield from _in_value(base64.b64decode(data).decode())
    if isinstance(name, str):
        yield from _in_value(read_small(folder / Path(name).expanduser()))


def _variables(listed: list[object]) -> Iterator[tuple[str, str]]:
    for each in listed:
        match each:
            case {"name": str(name), "value": str(value)}:
                yield name, value
            case _:
                continue


def _in_value(value: object) -> Iterator[str]:
    if isinstance(value, str) and len(value.strip()) >= _SHORTEST:
        yield value
