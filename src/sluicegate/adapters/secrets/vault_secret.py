"""One secret of the key-value store, version 2: its path, and what is read there. Pure.

Source:
    https://openbao.org/api-docs/secret/kv/kv-v2/, "Read secret version".
"""

import re
from collections.abc import Mapping

from sluicegate.adapters.secrets.said import say
from sluicegate.adapters.secrets.vault_refusal import ABSENT, FORBIDDEN, refused
from sluicegate.adapters.secrets.vault_wire import (
    Answered,
    Place,
    RefusedError,
    inside,
)
from sluicegate.errors import ExternalError, PermanentError
from sluicegate.model.secret import FetchedSecret

_SEGMENT = re.compile(r"(?!\.{1,2}\Z)[^\x00-\x1f\x7f/?#%*+\\]+")
_VERSION = re.compile(r"[1-9][0-9]{0,9}")


def check_path(path: str, mount: str) -> str:
    """*path*, if it can be one in *mount*: nothing of it leads elsewhere.

    Raises:
        PermanentError: it cannot.
    """
    if not all(_SEGMENT.fullmatch(each) for each in path.split("/")):
        raise PermanentError(
            f"{path!r} is no path of a secret in {mount}",
            hint="such as ml/prod/registry: names between single slashes",
        )
    for start in ("data/", f"{mount}/data/"):
        if path.startswith(start):
            raise PermanentError(
                f"path: {path} is the address of the API",
                hint=f"write path: {path.removeprefix(start)}; mount: is {mount}",
            )
    return path


def check_version(version: str | None) -> int | None:
    """The number of a version; None for the newest.

    Raises:
        PermanentError: it is none.
    """
    if version is None:
        return None
    if not _VERSION.fullmatch(version):
        raise PermanentError(
            f"{version!r} is no version of a secret", hint='such as version: "3"'
        )
    return int(version)


def parse_secret(
    place: Place, body: Answered, where: str, field: str | None
) -> FetchedSecret:
    """The value of *field* in an answer, None for the only one, and its version.

    Raises:
        PermanentError: there is no such field, or none that can be used.
    """
    data = inside(body, "data")
    found, version = data.get("data"), inside(data, "metadata").get("version")
    if not isinstance(found, dict) or type(version) is not int:
        raise PermanentError(
            f"{where} is not in version 2 of the key-value store",
            hint=f"mount: must be one of version 2; `{place.program} kv"
            " enable-versioning` turns one of version 1 into it",
        )
    return FetchedSecret(_value(found, where, field), str(version))


def _value(found: Mapping[str, object], where: str, field: str | None) -> str:
    names = ", ".join(sorted(say(name) for name in found)) or "none"
    if field is None and len(found) != 1:
        raise PermanentError(
            f"{where} has several fields: {names}" if found else f"{where} is empty",
            hint="write which one: field:" if found else None,
        )
    name = next(iter(found)) if field is None else field
    if name not in found:
        raise PermanentError(
            f"{where} has no field {name}", hint=f"its fields: {names}"
        )
    value = found[name]
    if not isinstance(value, str):
        raise PermanentError(
            f"field {name} of {where} holds no text but JSON",
            hint="keep it as a text, which is given as it is",
        )
    if not value:
        raise PermanentError(f"field {name} of {where} is empty")
    return value


def unread(
    place: Place, mount: str, path: str, version: int | None, error: RefusedError
) -> ExternalError:
    """Why the secret at *path* could not be read."""
    where = f"{mount}/{path}"
    if error.status == ABSENT and (gone := _gone(place, error.body, where)) is not None:
        return gone
    if error.status == ABSENT and not error.errors:
        which = "" if version is None else f" of version {version}"
        return PermanentError(
            f"{place.host} has no secret {where}{which}",
            hint="path: is what stands after the mount, which must be of version 2:"
            f" {place.program} kv get -mount={mount} {path}",
        )
    if error.status == FORBIDDEN:
        return PermanentError(
            f"{place.host} does not let this login read {where}",
            hint=f'its policy lacks: path "{mount}/data/{path}"'
            ' { capabilities = ["read"] }; sluice secrets check --policy prints all',
        )
    return refused(place, error, f"read {where}", "is mount: right?")


def _gone(place: Place, body: Answered, where: str) -> PermanentError | None:
    metadata = inside(inside(body, "data"), "metadata")
    version = metadata.get("version")
    if metadata.get("destroyed") is True:
        return PermanentError(
            f"version {version} of {where} was destroyed",
            hint="it cannot come back: write a new one, or name another version:",
        )
    if metadata.get("deletion_time"):
        at = say(str(metadata["deletion_time"]))[:19]
        return PermanentError(
            f"version {version} of {where} was deleted at {at} UTC",
            hint=f"{place.program} kv undelete -versions={version}, or name another"
            " version:",
        )
    return None
