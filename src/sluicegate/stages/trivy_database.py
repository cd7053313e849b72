"""The age of Trivy's vulnerability database. Pure.

A database that is missing or old knows of nothing new, which looks like no
vulnerabilities. Its age is therefore evidence, and without it there is none.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import AwareDatetime, BaseModel, ValidationError

from sluicegate.errors import PermanentError
from sluicegate.model.evidence import Value
from sluicegate.stages.trivy_hit import Part

_SLACK = timedelta(minutes=5)
_DAY = timedelta(days=1)


class _Metadata(BaseModel):
    UpdatedAt: AwareDatetime


class _Version(BaseModel):
    VulnerabilityDB: _Metadata | None = None


@dataclass(frozen=True, slots=True)
class Database:
    """A vulnerability database: when it was made, and how many days ago."""

    updated: datetime
    age_days: float

    def part(self) -> Part:
        """Its age, in figures and in words."""
        fields: dict[str, Value] = {
            "db_age_days": self.age_days,
            "db_updated": self.updated.isoformat(timespec="seconds"),
        }
        return Part(fields, words=(f"database {math.floor(self.age_days)} days old",))


def oldest(documents: Iterable[bytes], now: datetime) -> Database:
    """The oldest of the databases that Trivy described, at *now*.

    Raises:
        PermanentError: as `parse_database`, or nothing was described.
    """
    found = [parse_database(document, now) for document in documents]
    if not found:
        raise PermanentError("Trivy did not say which database it has")
    return min(found, key=lambda database: database.updated)


def parse_database(document: bytes, now: datetime) -> Database:
    """Read what ``trivy version --format json`` says of the database, at *now*.

    Raises:
        PermanentError: there is no database, nobody knows how old it is, or it was made
            after *now*: then this machine's clock is wrong, and no age can be told.
    """
    try:
        metadata = _Version.model_validate_json(document).VulnerabilityDB
    except ValidationError as error:
        raise PermanentError(f"cannot tell how old the database is: {error}") from error
    if metadata is None:
        raise PermanentError(
            "Trivy has no vulnerability database, so it found out nothing",
            hint="download it with: trivy image --download-db-only",
        )
    age = now - metadata.UpdatedAt
    if age < -_SLACK:
        raise PermanentError(
            f"the vulnerability database was made at {metadata.UpdatedAt}, after now",
            hint="this machine's clock is behind: set it right",
        )
    return Database(metadata.UpdatedAt, round(max(age / _DAY, 0.0), 6))
