"""Trivy's JSON report: what it found, and a copy that is safe to keep.

Trivy masks a secret that one of its rules knows, but quotes the lines around it and
the lines of misconfigurations as they are, and copies the image's environment. Of all
that, evidence keeps the place only.

Source:
    Trivy 0.59, pkg/types/report.go; `SchemaVersion` 2 since 0.20.
"""

import json
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from sluicegate.errors import PermanentError

SEVERITIES = ("critical", "high", "medium", "low")
UNKNOWN = "unknown"

_SCHEMA_VERSION = 2
_IMAGE = "container_image"
_QUOTES = {"Match", "Code", "Secret", "Env", "history", "Highlighted"}
"""Keys whose values quote the scanned files or the image's environment."""


class Vulnerability(BaseModel):
    """A known vulnerability of an installed package."""

    VulnerabilityID: str
    PkgName: str
    InstalledVersion: str = ""
    FixedVersion: str = ""
    Severity: str = UNKNOWN
    Title: str = ""


class Secret(BaseModel):
    """A secret in a file. Where, never what."""

    RuleID: str
    Title: str = ""
    Severity: str = UNKNOWN
    StartLine: int = Field(0, ge=0)


class _Cause(BaseModel):
    StartLine: int = Field(0, ge=0)


class Misconfiguration(BaseModel):
    """A check of a configuration file; ``Status`` is FAIL where it matters."""

    ID: str
    Message: str = ""
    Title: str = ""
    Severity: str = UNKNOWN
    Status: str
    CauseMetadata: _Cause = _Cause()


class _Package(BaseModel):
    Name: str


class _Modified(BaseModel):
    Type: str = ""


class Result(BaseModel):
    """What was found in one file or group of packages."""

    Target: str
    Packages: Sequence[_Package] | None = None
    Vulnerabilities: Sequence[Vulnerability] | None = None
    Secrets: Sequence[Secret] | None = None
    Misconfigurations: Sequence[Misconfiguration] | None = None
    ExperimentalModifiedFindings: Sequence[_Modified] | None = None


class _Metadata(BaseModel):
    ImageID: str | None = None


class TrivyReport(BaseModel):
    """What one scan found. Lists that Trivy leaves out are empty here."""

    SchemaVersion: int
    ArtifactName: str
    ArtifactType: str
    Metadata: _Metadata = _Metadata()
    Results: Sequence[Result] | None = None

    @property
    def image_id(self) -> str | None:
        """The ID of the image that was scanned; None where it was something else."""
        return self.Metadata.ImageID if self.ArtifactType == _IMAGE else None

    @property
    def results(self) -> Sequence[Result]:
        """One result for each file or group of packages that was looked at."""
        return self.Results or ()

    def path(self, result: Result) -> str:
        """Where *result* was found: a path in the project, or ``image:`` and one."""
        in_image = self.ArtifactType == _IMAGE
        return f"image:{result.Target}" if in_image else result.Target


def parse_report(document: bytes) -> TrivyReport:
    """Read a report.

    Raises:
        PermanentError: *document* is not a report of a known version.
    """
    try:
        report = TrivyReport.model_validate_json(document)
    except ValidationError as error:
        raise PermanentError(f"not a report of Trivy: {error}") from error
    if report.SchemaVersion != _SCHEMA_VERSION:
        raise PermanentError(
            f"Trivy wrote a report of schema {report.SchemaVersion}, which is unknown",
            hint="update sluicegate, or use an older Trivy",
        )
    return report


def redact(document: bytes) -> bytes:
    """Write *document* again without anything that quotes what was scanned.

    Raises:
        PermanentError: *document* is not JSON.
    """

    def visit(node: Any) -> Any:  # noqa: ANN401 - walks any JSON
        if isinstance(node, list):
            return [visit(item) for item in node]
        if isinstance(node, dict):
            return {
                key: visit(value) for key, value in node.items() if key not in _QUOTES
            }
        return node

    try:
        return json.dumps(visit(json.loads(document)), indent=1).encode()
    except (ValueError, RecursionError) as error:
        raise PermanentError(f"not a report of Trivy: {error}") from error
