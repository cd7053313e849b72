"""How a bucket keeps the files of a log: dates, holds, versions, promises."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from sluicegate.adapters.stores.bucket import Kept, Version
from sluicegate.adapters.stores.bucket_files import LockedFiles, describe, kept_for
from sluicegate.errors import PermanentError
from sluicegate.model.bucket import Locking
from sluicegate.model.retention import Keeping, Promise

_THREADS = 8
_BATCH = 256
_FLOOR = timedelta(days=180)
_History = tuple[str, list[Version]]
_SECONDS = "%Y-%m-%d %H:%M:%S UTC"


class BucketKeeping:
    """Looks after the files whose names start with one of *immutable*.

    The locks on the first and the last of those that start with *sample* stand for all,
    where all would be too many to ask for.
    """

    def __init__(
        self,
        files: LockedFiles,
        immutable: tuple[str, ...],
        sample: str = "checkpoints/",
    ) -> None:
        self._files, self._bucket = files, files.bucket
        self._immutable, self._sample = immutable, sample

    def drop(self, names: Sequence[str]) -> None:
        """Delete what no lock keeps any more; what is locked stays and is still read.

        Never by a delete marker: it would hide what is there from everyone but us.
        """
        if not names:
            return
        wanted = set(names)
        shared = _shared_start(min(names), max(names))
        for name, history in self._files.histories(shared):
            if name in wanted and not self._is_young(history):
                self._files.forget(name)
                for version in history:
                    self._bucket.delete(name, version.id)

    def _is_young(self, history: Sequence[Version]) -> bool:
        """Whether it need not be tried: the lock that it was given still holds."""
        if self._files.locking is Locking.NONE:
            return False
        newest = max(version.modified for version in history)
        return newest + self._files.retention > self._bucket.now()

    def expiry(self, name: str) -> datetime | None:
        """Until when a file is locked, None if it is not, or is not there."""
        kept = self._look(name)
        return None if kept is None or kept.lock is None else kept.lock.until

    def hold(self, names: Sequence[str], *, on: bool) -> bool:
        """Place a legal hold on every version of each file, or lift it, and look.

        Raises:
            PermanentError: it is not in place on one of them.
        """
        if not self._bucket.rules().can_lock:
            return False
        for name in names:
            data = [v for v in self._files.history(name) if not v.is_marker]
            if not data:
                raise PermanentError(f"{name} is not in the bucket")
            for version in data:
                self._bucket.hold(name, version.id, on=on)
                kept = self._bucket.look(name, version.id)
                if kept is None or kept.is_held is not on:
                    raise PermanentError(
                        f"{name}: its legal hold is not {'on' if on else 'off'}",
                        hint="may this user do s3:GetObjectLegalHold and"
                        " s3:PutObjectLegalHold?",
                    )
        return True

    def promise(self) -> Promise:
        """What the bucket, and the locks on two of its checkpoints, allow to say."""
        rules = self._bucket.rules()
        note = "".join(f"; {rule}, not before that date" for rule in rules.expiring)
        modes = self._modes()
        if not rules.can_lock or not modes or None in modes:
            if rules.expiring:
                return Promise(
                    Keeping.EXPIRES, f"no Object Lock keeps it, and {rules.expiring[0]}"
                )
            return Promise(
                Keeping.KEPT,
                "nothing is scheduled to delete it, and no Object Lock keeps it:"
                " whoever may delete from the bucket can",
            )
        if modes == {"COMPLIANCE"}:
            return Promise(
                Keeping.ENFORCED,
                "S3 Object Lock in compliance mode: until its date nobody can delete it"
                f" short of closing the account{note}",
            )
        return Promise(
            Keeping.GUARDED,
            "S3 Object Lock in governance mode: whoever has the permission"
            f" s3:BypassGovernanceRetention can delete it{note}",
        )

    def _modes(self) -> set[str | None]:
        """The modes of the locks on two files; of checkpoints, oldest and newest."""
        copies = [name for name, _ in self._files.histories(self._sample)]
        looked = [self._look(name) for name in {*copies[:1], *copies[-1:]}]
        return {kept.lock.mode if kept and kept.lock else None for kept in looked}

    def inspect(self) -> Iterator[str]:
        """What is wrong with versions and dates, a sentence each.

        Every file must be kept for as long as the log's first checkpoint was, counted
        from when the service says that it was written.
        """
        least = self._least()
        batch: list[_History] = []
        with ThreadPoolExecutor(_THREADS) as pool:
            for prefix in self._immutable:
                for one in self._files.histories(prefix):
                    batch.append(one)
                    if len(batch) == _BATCH:
                        yield from self._look_at(pool, batch, least)
                        batch = []
            yield from self._look_at(pool, batch, least)

    def _look_at(
        self,
        pool: ThreadPoolExecutor,
        batch: Sequence[_History],
        least: timedelta,
    ) -> Iterator[str]:
        for found in pool.map(lambda one: list(self._judge(one, least)), batch):
            yield from found

    def _judge(self, one: _History, least: timedelta) -> Iterator[str]:
        name, history = one
        data = [version for version in history if not version.is_marker]
        shown = ascii(name)[1:-1]  # whoever can write chooses names
        for marker in (version for version in history if version.is_marker):
            yield (
                f"{shown}: somebody deleted it on {marker.modified:{_SECONDS}}"
                f" (delete marker {marker.id}); the file is still there and is read"
            )
        for version in data[:-1]:
            yield (
                f"{shown}: somebody wrote it again on"
                f" {version.modified:{_SECONDS}} (version {version.id});"
                " the first version is the one that is read"
            )
        if self._files.locking is Locking.NONE or not data:
            return
        kept = self._bucket.look(name, data[-1].id)
        if kept is None or kept.lock is None:
            yield f"{shown}: is not locked: {describe(kept)}"
        elif kept.lock.until < kept.modified + least:
            yield (
                f"{shown}: is not locked for {least.days} days from"
                f" {kept.modified:{_SECONDS}}: {describe(kept)}"
            )
        elif (
            self._files.locking is Locking.COMPLIANCE and kept.lock.mode != "COMPLIANCE"
        ):
            yield f"{shown}: is not locked in compliance mode: {describe(kept)}"

    def _least(self) -> timedelta:
        """The retention the log began with, never less than 180 days."""
        for name, _ in self._files.histories("checkpoints/"):
            kept = self._look(name)
            return max(_FLOOR, kept_for(kept)) if kept else _FLOOR
        return _FLOOR

    def _look(self, name: str) -> Kept | None:
        version = self._files.first(name)
        return None if version is None else self._bucket.look(name, version)


def _shared_start(first: str, last: str) -> str:
    """What all names from *first* to *last* begin with."""
    for at, (one, other) in enumerate(zip(first, last, strict=False)):
        if one != other:
            return first[:at]
    return first
