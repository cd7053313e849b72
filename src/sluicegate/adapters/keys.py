"""Signing keys in files of the user's, away from any repository.

A file holds one line, a signer key as Go's ``note`` package writes it:
``PRIVATE+KEY+name+hex8+base64``. Whoever can read it can sign for the log, so a file
that others can read is refused.

Source:
    https://c2sp.org/signed-note (verifier keys, key ids);
    https://pkg.go.dev/golang.org/x/mod/sumdb/note (signer keys).
"""

import base64
import binascii
import hashlib
import os
import re
import stat
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typing_extensions import override

from sluicegate.adapters.stores.durable import (
    CAN_WRITE,
    NO_FOLLOW,
    check_writable,
    make_directory,
    sync_directory,
)
from sluicegate.errors import (
    IntegrityError,
    PermanentError,
    TransientError,
    UsageError,
)
from sluicegate.ports.keyring import Keyring
from sluicegate.ports.signer import Signer

_PREFIX = "PRIVATE+KEY+"
_ED25519 = b"\x01"
_SEED_SIZE = 32
_NOT_PLAIN = re.compile(r"[^a-z0-9._-]+")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class FileSigner(Signer):
    """An Ed25519 key out of a file. The private part is never shown."""

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        self._name = name
        self._key = key

    @classmethod
    def load(cls, path: Path) -> "FileSigner":
        """Read a key file.

        Raises:
            FileNotFoundError: there is none.
            UsageError: others than its owner can read it.
            IntegrityError: it holds something else than a key.
            PermanentError: it cannot be read.
        """
        try:
            file = os.open(path, os.O_RDONLY | NO_FOLLOW)
            with open(file, encoding="utf-8") as stream:  # noqa: PTH123 - open already
                _check_private(path, os.fstat(file))
                text = stream.read()
        except FileNotFoundError:
            raise
        except UnicodeDecodeError as error:
            raise IntegrityError(f"{path}: not a signing key") from error
        except OSError as error:
            raise PermanentError(f"{path}: {error.strerror}") from error
        return cls.parse(path, text)

    @classmethod
    def create(cls, path: Path, name: str) -> "FileSigner":
        """Make a new key in a new file, durable on return.

        Raises:
            TransientError: there is a file already.
            UsageError: this system cannot write it safely.
            PermanentError: it cannot be written.
        """
        check_writable(path)
        signer = cls(name, Ed25519PrivateKey.generate())
        seed = _ED25519 + signer._key.private_bytes_raw()
        line = f"{_PREFIX}{name}+{signer._key_id()}+{base64.b64encode(seed).decode()}\n"
        try:
            make_directory(path.parent, 0o700)
            _write_new(path, line.encode())
        except FileExistsError:
            raise TransientError(f"{path}: another process has just made it") from None
        except OSError as error:
            raise PermanentError(f"{path}: {error.strerror}") from error
        return signer

    @override
    def vkey(self) -> str:
        public = base64.b64encode(_ED25519 + self._public()).decode()
        return f"{self._name}+{self._key_id()}+{public}"

    @override
    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)

    def _public(self) -> bytes:
        return self._key.public_key().public_bytes_raw()

    def _key_id(self) -> str:
        preimage = self._name.encode() + b"\n" + _ED25519 + self._public()
        return hashlib.sha256(preimage).hexdigest()[:8]

    @classmethod
    def parse(cls, path: Path, text: str) -> "FileSigner":
        """Read the line of a key file; *path* is what errors call it.

        Raises:
            IntegrityError: it is something else than a key.
        """
        # An empty or cut file is what a crash during its creation leaves.
        hint = f"If it was just being made, remove {path}; else put a copy back."
        name, _, rest = text.removesuffix("\n").removeprefix(_PREFIX).partition("+")
        key_id, _, encoded = rest.partition("+")
        try:
            seed = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            seed = b""
        if not text.startswith(_PREFIX) or len(seed) != 1 + _SEED_SIZE:
            raise IntegrityError(f"{path}: not a signing key", hint=hint)
        signer = cls(name, Ed25519PrivateKey.from_private_bytes(seed[1:]))
        if seed[:1] != _ED25519 or signer._key_id() != key_id:
            raise IntegrityError(f"{path}: not a signing key of {name}", hint=hint)
        return signer


class KeyDirectory(Keyring):
    """Key files of mode 0600 in one folder, by name and a digest of the name.

    Beside the key in use, ``NAME.key``, there may be ``NAME.next.key``, which was made
    to take over and has not yet, and ``NAME.HEX.key``, one that was left, by its id.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @override
    def find(self, name: str) -> Signer | None:
        path = self._path(name)
        try:
            signer = FileSigner.load(path)
        except FileNotFoundError:
            return None
        if not signer.vkey().startswith(f"{name}+"):
            raise IntegrityError(f"{path}: the key of another log than {name}")
        return signer

    @override
    def create(self, name: str) -> Signer:
        path, new = self._path(name), self._path(name, ".next")
        try:
            signer = FileSigner.load(new)
        except FileNotFoundError:
            return FileSigner.create(path, name)
        check_writable(path)
        try:
            os.link(new, path)  # unlike a rename, never replaces a key
            new.unlink()
            sync_directory(self._folder)
        except FileExistsError:
            raise TransientError(f"{path}: another process has just made it") from None
        except OSError as error:
            raise PermanentError(f"{path}: {error.strerror}") from error
        return signer

    @override
    def where(self, name: str) -> str:
        return str(self._path(name))

    @override
    def find_key(self, vkey: str) -> Signer | None:
        found = self._find_file(vkey)
        return None if found is None else found[1]

    @override
    def where_key(self, vkey: str) -> str | None:
        found = self._find_file(vkey)
        return None if found is None else str(found[0])

    @override
    def prepare(self, name: str) -> Signer:
        path = self._path(name, ".next")
        try:
            return FileSigner.load(path)  # of an attempt that was cut off
        except FileNotFoundError:
            return FileSigner.create(path, name)

    @override
    def advance(self, vkey: str) -> None:
        name = vkey.partition("+")[0]
        path, new = self._path(name), self._path(name, ".next")
        check_writable(path)
        try:
            current = FileSigner.load(path).vkey()
            if current == vkey:
                return
            if FileSigner.load(new).vkey() != vkey:
                raise IntegrityError(f"{new}: another key than {vkey}")
            # Two names for a moment: whatever is cut off here, no key is without one.
            with suppress(FileExistsError):
                os.link(path, self._path(name, f".{_id_of(current)}"))
            new.replace(path)
            sync_directory(self._folder)
        except OSError as error:
            raise PermanentError(f"{path}: {error.strerror}") from error

    def _find_file(self, vkey: str) -> tuple[Path, Signer] | None:
        name = vkey.partition("+")[0]
        for which in ("", ".next", f".{_id_of(vkey)}"):
            path = self._path(name, which)
            with suppress(FileNotFoundError):
                signer = FileSigner.load(path)
                if signer.vkey() == vkey:
                    return path, signer
        return None

    def _path(self, name: str, which: str = "") -> Path:
        plain = _NOT_PLAIN.sub("-", name.lower())[:60]
        digest = hashlib.sha256(name.encode()).hexdigest()[:8]
        return self._folder / f"{plain}-{digest}{which}.key"


def _id_of(vkey: str) -> str:
    """The id in a verifier key, 8 hexadecimal digits."""
    return vkey.split("+")[1]


def _check_private(path: Path, status: os.stat_result) -> None:
    if not CAN_WRITE:
        return  # Windows: the mode says nothing, and nothing is signed there
    if status.st_mode & _OTHERS or not stat.S_ISREG(status.st_mode):
        raise UsageError(
            f"{path}: others can read this signing key",
            hint=f"If nobody has read it yet: chmod 600 {path}",
        )


def _write_new(path: Path, data: bytes) -> None:
    """Write a file of mode 0600 that must not exist, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_FOLLOW
    file = os.open(temporary, flags, 0o600)
    try:
        with open(file, "wb") as stream:  # noqa: PTH123 - it is open already
            stream.write(data)
            stream.flush()
            os.fsync(file)
        os.link(temporary, path)  # unlike a rename, never replaces a key
    finally:
        temporary.unlink()
    sync_directory(path.parent)
