"""In-memory ports of the audit log."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typing_extensions import override

from sluicegate.audit.envelope import Actor, LogEnvelope, Recording, Source
from sluicegate.audit.log import AuditLog
from sluicegate.audit.recorder import Facts
from sluicegate.errors import PermanentError, TransientError, UsageError
from sluicegate.model.retention import Keeping, Promise
from sluicegate.model.ulid import format_ulid
from sluicegate.ports.journal import Journal
from sluicegate.ports.keyring import Keyring
from sluicegate.ports.pin import CheckpointPin
from sluicegate.ports.signer import Signer
from sluicegate.ports.store import LogStore
from sluicegate.tlog.note import ED25519, VerifierKey, format_vkey

FACTS = Facts(
    Source("acme/churn-model", "sha1:" + "a" * 40),
    Actor("user", "1000"),
    Recording("sluicegate", "0.1.0"),
)


def event_ids() -> Callable[[], str]:
    """ULIDs that rise from one."""
    numbers = count(1)
    return lambda: format_ulid(next(numbers), bytes(10))


class FakeStore(LogStore):
    """Files in a dict.

    ``fail_at`` counts writes: that one is not made, or, with ``lost_reply``, is made
    and then reported as failed. ``races`` is how many commits still lose one: before
    each of them ``on_race`` is called, which may append.
    """

    def __init__(self, objects: dict[str, bytes] | None = None) -> None:
        self.objects = dict(objects or {})
        self.written: list[str] = []
        self.fail_at: int | None = None
        self.lost_reply = False
        self.races = 0
        self.on_race: Callable[[], object] = lambda: None
        self._locked = False

    @override
    def get(self, name: str) -> bytes | None:
        return self.objects.get(name)

    @override
    def names(self, prefix: str = "") -> Iterator[str]:
        return iter(sorted(name for name in self.objects if name.startswith(prefix)))

    @override
    def load(self) -> bytes | None:
        return self.get("checkpoint")

    @override
    @contextmanager
    def exclusive(self) -> Iterator[None]:
        assert not self._locked, "the lock is not reentrant"
        self._locked = True
        try:
            yield
        finally:
            self._locked = False

    @override
    def commit(
        self, old: bytes | None, files: Sequence[tuple[str, bytes]], new: bytes
    ) -> None:
        assert self._locked, "a writer must hold the lock"
        if self.races:
            self.races -= 1
            self._locked = False
            self.on_race()
            self._locked = True
            raise TransientError("another writer was faster")
        if self.load() != old:
            raise TransientError("another writer was faster")
        for name, data in files:
            self.put(name, data)
        self.put("checkpoint", new)

    def put(self, name: str, data: bytes) -> None:
        fails = self.fail_at == len(self.written)
        if not fails or self.lost_reply:
            self.objects[name] = data
        self.written.append(name)
        if fails:
            raise PermanentError("the disk failed")

    @override
    def attach(self, name: str, data: bytes) -> None:
        self.objects[name] = data

    @override
    def drop(self, names: Sequence[str]) -> None:
        assert self._locked, "a writer must hold the lock"
        for name in names:
            self.objects.pop(name, None)

    @override
    def promise(self) -> Promise:
        return Promise(Keeping.KEPT, "it is gone with the process")

    @override
    def expiry(self, name: str) -> datetime | None:
        return None

    @override
    def hold(self, names: Sequence[str], *, on: bool) -> bool:
        return False

    @override
    def inspect(self, size: int) -> Iterator[str]:
        return iter(())


class FakeSigner(Signer):
    """A key made of its name, and of *more* where a name has several keys."""

    def __init__(self, name: str = "log.example/churn", more: str = "") -> None:
        self.name = name
        seed = sha256(f"{name}{more}".encode()).digest()
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    @override
    def vkey(self) -> str:
        public = self._key.public_key().public_bytes_raw()
        return format_vkey(VerifierKey(self.name, ED25519, public))

    @override
    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


def log_envelope(event_id: str = "0" * 26) -> LogEnvelope:
    """What an entry of the log itself says besides its event."""
    at = datetime(2026, 11, 22, tzinfo=UTC)
    return LogEnvelope(event_id, at, FACTS.actor, FACTS.tool)


def begin_log(
    store: FakeStore,
    pin: CheckpointPin | None = None,
    *,
    retention_days: int = 400,
    event_id: str = "0" * 26,
) -> AuditLog:
    """Begin a log in *store* with the key of `FakeSigner`."""
    with store.exclusive():
        return AuditLog.create(
            store,
            FakeSigner(),
            pin,
            retention_days=retention_days,
            envelope=log_envelope(event_id),
        )


class FakeKeyring(Keyring):
    """Keys in a dict: those in use by their names, all by their vkeys."""

    def __init__(self) -> None:
        self.keys: dict[str, Signer] = {}
        self.all: dict[str, Signer] = {}
        self.prepared: dict[str, Signer] = {}

    @override
    def find(self, name: str) -> Signer | None:
        return self.keys.get(name)

    @override
    def create(self, name: str) -> Signer:
        if name in self.keys:
            raise TransientError("another process has just made it")
        self.keys[name] = self.prepared.pop(name, FakeSigner(name))
        return self.keys[name]

    @override
    def where(self, name: str) -> str:
        return f"keys/{name}"

    @override
    def find_key(self, vkey: str) -> Signer | None:
        signers = (*self.keys.values(), *self.prepared.values(), *self.all.values())
        return next((each for each in signers if each.vkey() == vkey), None)

    @override
    def prepare(self, name: str) -> Signer:
        number = len(self.all) + 1
        return self.prepared.setdefault(name, FakeSigner(name, f"-{number}"))

    @override
    def advance(self, vkey: str) -> None:
        name = vkey.partition("+")[0]
        if self.keys[name].vkey() != vkey:
            assert self.prepared[name].vkey() == vkey
            self.all[self.keys[name].vkey()] = self.keys[name]
            self.keys[name] = self.prepared.pop(name)


class FakePin(CheckpointPin):
    """A pin in memory; *keys* are the pins by key that places of one machine share."""

    def __init__(self, keys: dict[str, bytes] | None = None) -> None:
        self.saved: bytes | None = None
        self.keys = {} if keys is None else keys

    @override
    def load(self) -> bytes | None:
        return self.saved

    @override
    def load_of(self, vkey: str) -> bytes | None:
        return self.keys.get(vkey)

    @override
    def save(self, vkeys: Sequence[str], checkpoint: bytes) -> None:
        self.saved = checkpoint
        self.keys |= dict.fromkeys(vkeys, checkpoint)

    @override
    def where(self) -> str:
        return "pins/log"

    @override
    def where_of(self, vkey: str) -> str:
        return f"pins/{vkey}"


class FakeJournal(Journal):
    """A journal in memory; ``held_elsewhere`` is another process."""

    def __init__(self, entries: list[bytes] | None = None) -> None:
        self.entries = entries or []
        self.held_elsewhere = False

    @override
    def hold(self) -> None:
        if self.held_elsewhere:
            raise UsageError("another process is carrying this run on")

    @override
    def append(self, entry: bytes) -> None:
        self.hold()
        self.entries.append(entry)

    @override
    def read(self) -> list[bytes]:
        return list(self.entries)

    @override
    def clear(self) -> None:
        self.hold()
        self.entries.clear()

    @override
    def close(self) -> None:
        pass
