"""The stores of logs and evidence by their addresses."""

import os
import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sluicegate.adapters.stores.directory_log import DirectoryLog
from sluicegate.adapters.stores.evidence import EvidenceDirectory
from sluicegate.errors import UsageError
from sluicegate.model.address import Address
from sluicegate.model.bucket import BucketAddress
from sluicegate.ports.evidence import EvidenceStore
from sluicegate.ports.store import LogStore
from sluicegate.wiring.machine import Machine

_FIRST_WAIT_SECONDS = 0.05
_LONGEST_WAIT_SECONDS = 5.0


def open_store(machine: Machine, address: Address, base: Path) -> LogStore:
    """The store of the log at *address*; a relative path is one from *base*.

    Raises:
        UsageError: what it takes is not installed, or the address names no store.
    """
    match address.scheme:
        case "dir":
            return DirectoryLog(base / address.place)
        case "git":
            from sluicegate.wiring.git_store import open_git_log  # noqa: PLC0415 - rare

            return open_git_log(machine, address.place, base)
        case "s3":
            from sluicegate.adapters.stores.s3 import open_s3_log  # noqa: PLC0415 - rare

            return open_s3_log(BucketAddress.parse(address.place), machine.environ)
        case _:
            raise _unknown(address)


def open_evidence(
    machine: Machine, address: Address, base: Path, limit: int | None = None
) -> EvidenceStore:
    """The evidence that goes with the log at *address*, where nothing else is said.

    A Git ref takes files of at most *limit* bytes, None for the usual number.

    Raises:
        UsageError: what it takes is not installed, or the address names no store.
    """
    match address.scheme:
        case "dir":
            folder = (base / address.place).resolve()
            return EvidenceDirectory(folder.parent / "evidence")
        case "git":
            from sluicegate.wiring.git_store import (  # noqa: PLC0415 - rare
                open_git_evidence,
            )

            return open_git_evidence(machine, address.place, base, limit)
        case "s3":
            from sluicegate.adapters.stores.s3 import (  # noqa: PLC0415 - rare
                open_s3_evidence,
            )

            return open_s3_evidence(BucketAddress.parse(address.place), machine.environ)
        case _:
            raise _unknown(address)


def open_evidence_at(
    machine: Machine, address: Address, base: Path, promised: Callable[[], timedelta]
) -> EvidenceStore:
    """The evidence at *address*, which is not with its log.

    *promised* is how long it must be kept, for stores that can see to that.

    Raises:
        UsageError: what it takes is not installed, or the address names no store.
    """
    match address.scheme:
        case "dir":
            return EvidenceDirectory((base / address.place).resolve())
        case "s3":
            from sluicegate.adapters.stores.s3 import (  # noqa: PLC0415 - rare
                open_s3_evidence_at,
            )

            bucket = BucketAddress.parse(address.place)
            return open_s3_evidence_at(bucket, machine.environ, promised)
        case "oci":
            from sluicegate.wiring.oci_store import (  # noqa: PLC0415 - rare
                open_oci_evidence,
            )

            return open_oci_evidence(machine, address.place, base)
        case _:
            raise UsageError(
                f"no store of evidence is known for {str(address)!r}",
                hint="dir:PATH, s3://BUCKET/PREFIX or oci:HOST/PATH",
            )


def name_place(machine: Machine, address: Address, base: Path) -> str:
    """One name for the place, however it was written: pins and indexes go by it.

    Raises:
        UsageError: the address names no place.
    """
    if address.scheme == "dir":
        return os.path.realpath(base / address.place)
    if address.scheme == "git":
        from sluicegate.wiring.git_store import find_git_place  # noqa: PLC0415 - rare

        return f"git:{find_git_place(machine, address.place, base).name}"
    return f"s3://{BucketAddress.parse(address.place).place}"


def log_variables(machine: Machine, address: Address) -> frozenset[str]:
    """The environment variables that let a program write to what is at *address*.

    No process but sluicegate's own may see them.
    """
    if address.scheme != "s3":
        return frozenset()
    from sluicegate.adapters.stores.s3 import credential_variables  # noqa: PLC0415 - rare

    return credential_variables(machine.environ)


def wait_out_race(machine: Machine) -> Callable[[int], None]:
    """Waits longer after every lost race, and never as long as the others.

    Source:
        "Exponential Backoff And Jitter", AWS Architecture Blog, 2015: full jitter.
    """

    def wait(attempt: int) -> None:
        longest = min(_LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2**attempt)
        machine.clock.sleep(random.uniform(0, longest))  # noqa: S311 - no secret

    return wait


def _unknown(address: Address) -> UsageError:
    return UsageError(
        f"no store is known for {str(address)!r}",
        hint="dir:PATH, git:REF or s3://BUCKET/PREFIX",
    )
