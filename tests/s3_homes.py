"""Buckets as the contract suite of log stores opens them."""

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from fakes_bucket import Line
from fakes_s3 import FakeBucket
from log_stores import LogHome
from moto.server import ThreadedMotoServer
from s3_logs import World
from typing_extensions import override

from sluicegate.adapters.stores.bucket import Bucket, Version
from sluicegate.adapters.stores.bucket_control import Control
from sluicegate.adapters.stores.bucket_files import LockedFiles
from sluicegate.adapters.stores.bucket_log import BucketLog
from sluicegate.adapters.stores.s3 import connect, open_s3_log
from sluicegate.adapters.stores.s3_bucket import S3Bucket
from sluicegate.model.bucket import BucketAddress, BucketPlace
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
        return self.world.store()

    def bucket(self, place: BucketPlace) -> Bucket:
        return Line(self.world.s3).bucket(place)

    @override
    def litter(self, name: str, data: bytes) -> None:
        """What a crash leaves is staged, and not in the way of anything."""
        control = Control(self.bucket(self.address.control))
        control.stage([(name, data)], b"origin\n2\nroot\n\n")


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
        name = f"b-{secrets.token_hex(8)}"
        _moto().create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
        self.address = BucketAddress.parse(f"{name}/churn")

    @override
    def open(self) -> LogStore:
        files = LockedFiles(self.bucket(self.address.place), self.address.locking)
        return BucketLog(files, Control(self.bucket(self.address.control)))

    @override
    def bucket(self, place: BucketPlace) -> Bucket:
        return MotoBucket(_moto(), place)


class RealHome(BucketHome):
    """A bucket of the service itself, where each test has a prefix of its own."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        path, mark, settings = REAL.partition("?")
        own = f"{path.rstrip('/')}/{secrets.token_hex(8)}"
        self.address = BucketAddress.parse(own + mark + settings)

    @override
    def open(self) -> LogStore:
        return open_s3_log(self.address, os.environ)

    @override
    def bucket(self, place: BucketPlace) -> Bucket:
        return S3Bucket(connect(os.environ), place)


@cache
def _moto() -> "S3Client":
    """A client of one server for all tests of this process, which ends with it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    return boto3.client(
        "s3",
        region_name="us-east-1",
        endpoint_url=f"http://{host}:{port}",
        aws_access_key_id="nobody",
        aws_secret_access_key="nothing",  # noqa: S106 - of no service
    )


S3_HOMES: Mapping[str, Callable[[Path], LogHome]] = {
    "s3": BucketHome,
    "s3-plain": PlainBucketHome,
    "s3-moto": MotoHome,
    **({"s3-real": RealHome} if REAL else {}),
}
"""Kinds of buckets by name; a real one only where SLUICE_TEST_S3 names it."""
