"""Logs in the strict fake of S3: whoever opens one is a machine of its own."""

from datetime import timedelta

from fakes_audit import FakeSigner, log_envelope
from fakes_bucket import Line
from fakes_s3 import FakeBucket, FakeS3
from s3_wire import Wire

from sluicegate.adapters.stores.bucket_control import Control
from sluicegate.adapters.stores.bucket_files import LockedFiles
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

    def store(self, line: Line | Wire | None = None) -> BucketLog:
        """The log as another machine opens it: through boto3 if *line* is a `Wire`."""
        if isinstance(line, Wire):
            return open_s3_log(self.address, {}, line.client())
        line = line or Line(self.s3)
        files = line.bucket(self.address.place)
        control = Control(line.bucket(self.address.control))
        return BucketLog(LockedFiles(files, self.address.locking), control)

    def begin(self, entries: int = 1) -> AuditLog:
        """A log of *entries*, the first of which says whose it is."""
        log = self.begin_with(Line(self.s3))
        if entries > 1:
            log.append([entry(number) for number in range(1, entries)])
        return log

    def begin_with(self, line: Line | Wire, days: int = RETENTION.days) -> AuditLog:
        return AuditLog.create(
            self.store(line),
            FakeSigner(),
            retention_days=days,
            envelope=log_envelope(),
        )

    def log(self, line: Line | Wire | None = None) -> AuditLog:
        """The log as another machine opens it."""
        return AuditLog(self.store(line), FakeSigner())

    def entries(self) -> list[bytes]:
        """Every entry, as a reader with a fresh view has it; all of it is checked."""
        return [data for _, data in self.log().entries()]

    def names(self, prefix: str = "") -> list[str]:
        """The keys below *prefix* of the log that are not deleted for good."""
        start = PREFIX + prefix
        keys = sorted(key for key in self.bucket.objects if key.startswith(start))
        return [key.removeprefix(PREFIX) for key in keys]


def entry(number: int) -> bytes:
    return b'{"n":%d}' % number
