"""A log key that a machine is lent: for this process alone, never on its disk.

It comes in a variable or through a file descriptor, is taken from there before any
program is started, and lives in this process's memory only. The variable is wiped
where the kernel shows it to other processes of the same user, and on Linux these can
look into neither the memory nor the descriptors of this process from then on.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from typing_extensions import override

from sluicegate.adapters.keys import FileSigner, KeyDirectory
from sluicegate.adapters.own_memory import keep_others_out, wipe_variable
from sluicegate.errors import IntegrityError, UsageError
from sluicegate.ports.keyring import Keyring
from sluicegate.ports.signer import Signer

VARIABLE = "SLUICE_LOG_KEY"
DESCRIPTOR = "SLUICE_LOG_KEY_FD"

_MAX_BYTES = 4096
_FIRST_FREE = 3  # after standard input, output and error
_LINE = "a key is one line, PRIVATE+KEY+name+hex+base64, as in the user's key file"


@dataclass(frozen=True)
class GivenKey:
    """The line of a key, which is not shown, and where it came from."""

    line: str = field(repr=False)
    where: str

    @cached_property
    def signer(self) -> Signer:
        """The key.

        Raises:
            UsageError: it is none.
        """
        try:
            return FileSigner.parse(Path(self.where), self.line)
        except IntegrityError:
            # Its message could show a part of what was given.
            raise UsageError(f"{self.where} holds no signing key", hint=_LINE) from None


def take_key(environ: Mapping[str, str]) -> GivenKey | None:
    """Take the key that *environ*, the real environment, gives to this process.

    A descriptor is read to its end and closed. The variable's text is wiped; it is the
    caller who removes both names.

    Raises:
        UsageError: both are set, or the descriptor is none or cannot be read.
    """
    line, number = environ.get(VARIABLE), environ.get(DESCRIPTOR)
    if line is None and number is None:
        return None
    keep_others_out()
    if line is not None:
        wipe_variable(VARIABLE)
        if number is not None:
            raise UsageError(f"both {VARIABLE} and {DESCRIPTOR} are set", hint=_LINE)
        return GivenKey(line.strip(), VARIABLE)
    return GivenKey(_read(number or "").strip(), f"file descriptor {number}")


class GivenKeyring(Keyring):
    """The key that was given, and for other logs those in *folder*."""

    def __init__(self, given: GivenKey, folder: KeyDirectory) -> None:
        self._given = given
        self._folder = folder

    @override
    def find(self, name: str) -> Signer | None:
        signer = self._given.signer
        return signer if _is_of(signer, name) else self._folder.find(name)

    @override
    def create(self, name: str) -> Signer:
        return self._folder.create(name)

    @override
    def where(self, name: str) -> str:
        if _is_of(self._given.signer, name):
            return self._given.where
        return self._folder.where(name)

    @override
    def given(self) -> Signer | None:
        return self._given.signer

    @override
    def find_key(self, vkey: str) -> Signer | None:
        signer = self._given.signer
        return signer if signer.vkey() == vkey else self._folder.find_key(vkey)

    @override
    def where_key(self, vkey: str) -> str | None:
        if self._given.signer.vkey() == vkey:
            return self._given.where
        return self._folder.where_key(vkey)

    @override
    def prepare(self, name: str) -> Signer:
        if _is_of(self._given.signer, name):
            return super().prepare(name)
        return self._folder.prepare(name)

    @override
    def advance(self, vkey: str) -> None:
        if not _is_of(self._given.signer, vkey.partition("+")[0]):
            self._folder.advance(vkey)


def _is_of(signer: Signer, name: str) -> bool:
    return signer.vkey().startswith(f"{name}+")


def _read(number: str) -> str:
    refused = UsageError(f"{DESCRIPTOR}={number!r}: no descriptor to read a key from")
    if not number.isascii() or not number.isdigit() or int(number) < _FIRST_FREE:
        raise refused
    try:
        os.set_inheritable(int(number), False)  # noqa: FBT003 - takes no name
        with open(int(number), "rb", buffering=0) as file:  # noqa: PTH123 - no path
            data = b""
            while len(data) <= _MAX_BYTES and (part := file.read(_MAX_BYTES)):
                data += part
    except (OSError, OverflowError, ValueError) as error:
        raise refused from error
    if len(data) > _MAX_BYTES or not data.isascii():
        raise UsageError(f"file descriptor {number} holds no signing key", hint=_LINE)
    return data.decode("ascii")
