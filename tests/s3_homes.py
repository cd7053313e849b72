"""Buckets as the contract suite of log stores opens them."""

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from fakes_s3 import FakeBucket
from log_stores import LogHome
from moto.server import ThreadedMotoServer
from s3_logs import World
from s3_wire import SESSION, Wire
from typing_extensions import override

from sluicegate.adapters.stores.bucket import Version
from sluicegate.adapters.stores.bucket_control import Control
from sluicegate.adapters.stores.bucket_files import LockedFiles
from sluicegate.adapters.stores.bucket_log import BucketLog
from sluicegate.adapters.stores.s3 import connect, open_s3_log
from sluicegate.adapters.stores.s3_bucket import S3Bucket
from sluicegate.model.bucket import BucketAddress
from sluicegate.ports.store import LogStore

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

REAL = os.environ.get("SLUICE_TEST_S3", "").removeprefix("s3://")
"""An address like ``BUCKET/PREFIX?mode=governance`` that may be filled for good."""


class BucketHome(LogHome):
    """A bucket that locks what is written, in the strict fake."""

    drops = False

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.world = self.make_world()
        self.address = self.world.address

    def make_world(self) -> World:
        return World()

    @override
    def open(self) -> LogStore:
        return open_s3_log(self.address, {}, self.client())

    def client(self) -> "S3Client":
        return Wire(self.world.s3).client()

    @override
    def litter(self, name: str, data: bytes) -> None:
        """What a crash leaves is staged, and not in the way of anything."""
        control = S3Bucket(self.client(), self.address.control)
        Control(control).stage([(name, data)], b"origin\n2\nroot\n\n")


class PlainBucketHome(BucketHome):
    """A bucket that keeps neither versions nor locks."""

    drops = True

    @override
    def make_world(self) -> World:
        plain = FakeBucket(versioned=False, can_lock=False)
        return World(plain, "acme-audit/churn?mode=none&control=acme-audit/control")


class MotoBucket(S3Bucket):
    """moto 5.2 skips the name behind a marker that is no name: all is asked for."""

    @override
    def versions(
        self, prefix: str, after: str = "", page: int = 1000
    ) -> Iterator[Version]:
        found = super().versions(prefix, page=page)
        return (version for version in found if version.name > after)


class MotoHome(BucketHome):
    """moto, which knows the protocol better and the rules of locks worse."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        bucket = f"b-{secrets.token_hex(8)}"
        client = self.client()
        client.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
        self.address = BucketAddress.parse(f"{bucket}/churn")

    @override
    def open(self) -> LogStore:
        files, control = (
            MotoBucket(self.client(), place)
            for place in (self.address.place, self.address.control)
        )
        locked = LockedFiles(files, self.address.locking)
        return BucketLog(locked, Control(control))

    @override
    def client(self) -> "S3Client":
        host, port = _start_moto().get_host_and_port()
        return SESSION.client(
            "s3",
            region_name="us-east-1",
            endpoint_url=f"http://{host}:{port}",
            aws_access_key_id="nobody",
            aws_secret_access_key="nothing",  # noqa: S106 - of no service
        )


class RealHome(BucketHome):
    """A bucket of the service itself, where each test has a prefix of its own."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        path, mark, settings = REAL.partition("?")
        own = f"{path.rstrip('/')}/{secrets.token_hex(8)}"
        self.address = BucketAddress.parse(own + mark + settings)

    @override
    def client(self) -> "S3Client":
        return connect(os.environ)


@cache
def _start_moto() -> ThreadedMotoServer:
    """One server for all tests of this process; its threads end with it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    return server


S3_HOMES: Mapping[str, Callable[[Path], LogHome]] = {
    "s3": BucketHome,
    "s3-plain": PlainBucketHome,
    "s3-moto": MotoHome,
    **({"s3-real": RealHome} if REAL else {}),
}
"""Kinds of buckets by name; a real one only where SLUICE_TEST_S3 names it."""
