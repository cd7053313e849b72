"""Logs in the strict fake of S3: whoever opens one is a machine of its own."""

from datetime import timedelta

from fakes_audit import FakeSigner, begin_log
from fakes_s3 import FakeBucket, FakeS3
from s3_wire import Wire

from sluicegate.adapters.stores.bucket_log import BucketLog
from sluicegate.adapters.stores.s3 import open_s3_log
from sluicegate.audit.log import AuditLog
from sluicegate.model.bucket import BucketAddress

RETENTION = timedelta(days=400)
ADDRESS = BucketAddress.parse("acme-audit/churn")
PREFIX = "churn/"


class World:
    """One bucket with Object Lock, and machines that keep a log in it."""

    def __init__(self, bucket: FakeBucket | None = None, address: str = "") -> None:
        self.bucket = bucket or FakeBucket()
        self.s3 = FakeS3(**{"acme-audit": self.bucket})
        self.address = BucketAddress.parse(address) if address else ADDRESS

    def store(
        self,
        wire: Wire | None = None,
        retention: timedelta | None = RETENTION,
        attempts: int = 1,
    ) -> BucketLog:
        wire = wire or Wire(self.s3)
        return open_s3_log(self.address, retention, wire.client(attempts))

    def begin(self, entries: int = 1) -> AuditLog:
        """A log of *entries*, the first of which says whose it is."""
        log = begin_log(self.store())
        if entries > 1:
            log.append([entry(number) for number in range(1, entries)])
        return log

    def log(self, wire: Wire | None = None, attempts: int = 1) -> AuditLog:
        """The log as another machine opens it."""
        return AuditLog(self.store(wire, attempts=attempts), FakeSigner())

    def entries(self) -> list[bytes]:
        """Every entry, as a reader with a fresh view has it; all of it is checked."""
        return list(self.log().entries())

    def names(self, prefix: str = "") -> list[str]:
        """The keys below *prefix* of the log that are not deleted for good."""
        start = PREFIX + prefix
        keys = sorted(key for key in self.bucket.objects if key.startswith(start))
        return [key.removeprefix(PREFIX) for key in keys]


def entry(number: int) -> bytes:
    return b'{"n":%d}' % number
