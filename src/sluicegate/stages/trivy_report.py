"""Trivy's JSON report: what it found. Pure.

Source:
    Trivy 0.59, pkg/types/report.go; `SchemaVersion` 2 since 0.20.
"""

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, Field, ValidationError

from sluicegate.errors import PermanentError

SEVERITIES = ("critical", "high", "medium", "low")
UNKNOWN = "unknown"

_SCHEMA_VERSION = 2
_IMAGE = "container_image"


class Vulnerability(BaseModel):
    """A known vulnerability of an installed package."""

    VulnerabilityID: str
    PkgName: str
    InstalledVersion: str = ""
    FixedVersion: str = ""
    Severity: str = UNKNOWN
    Title: str = ""
    PkgPath: str = ""


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
    AVDID: str = ""
    Message: str = ""
    Title: str = ""
    Severity: str = UNKNOWN
    Status: str
    CauseMetadata: _Cause = _Cause()


class License(BaseModel):
    """A licence of a package. ``Category`` is Trivy's, after Google's."""

    PkgName: str = ""
    FilePath: str = ""
    Name: str
    Category: str = UNKNOWN


class _Identifier(BaseModel):
    PURL: str = ""


class Package(BaseModel):
    """A package that is installed or asked for."""

    Name: str
    Version: str = ""
    Licenses: Sequence[str] | None = None
    Identifier: _Identifier = _Identifier()


class Modified(BaseModel):
    """A vulnerability that Trivy was told to leave out, and why."""

    Type: Literal["vulnerability"]
    Status: str = ""
    Statement: str = ""
    Source: str = ""
    Finding: Vulnerability


class Result(BaseModel):
    """What was found in one file or group of packages."""

    Target: str
    Class: str = ""
    Packages: Sequence[Package] | None = None
    Vulnerabilities: Sequence[Vulnerability] | None = None
    Secrets: Sequence[Secret] | None = None
    Misconfigurations: Sequence[Misconfiguration] | None = None
    Licenses: Sequence[License] | None = None
    ExperimentalModifiedFindings: Sequence[Modified] | None = None


class OperatingSystem(BaseModel):
    """The operating system of an image.

    Its family is ``none`` where there are packages of a system nobody knows.
    """

    Family: str = "none"
    Name: str = ""
    EOSL: bool = False


class _Layer(BaseModel):
    created: str = ""
    empty_layer: bool = False


class _RootFS(BaseModel):
    diff_ids: Sequence[str] | None = None


class Configuration(BaseModel):
    """An image's configuration. ``history`` has the oldest layer first."""

    created: str = ""
    history: Sequence[_Layer] | None = None
    rootfs: _RootFS = _RootFS()


class _Metadata(BaseModel):
    ImageID: str | None = None
    OS: OperatingSystem | None = None
    ImageConfig: Configuration = Configuration()


class TrivyReport(BaseModel):
    """What one scan found. Lists that Trivy leaves out are empty here."""

    SchemaVersion: int
    ArtifactName: str
    ArtifactType: str
    Metadata: _Metadata = _Metadata()
    Results: Sequence[Result] | None = None

    @property
    def is_of_image(self) -> bool:
        """Whether an image was scanned, and not a folder."""
        return self.ArtifactType == _IMAGE

    @property
    def image_id(self) -> str | None:
        """The ID of the image that was scanned; None where it was something else."""
        return self.Metadata.ImageID if self.is_of_image else None

    @property
    def results(self) -> Sequence[Result]:
        """One result for each file or group of packages that was looked at."""
        return self.Results or ()

    def path(self, result: Result) -> str:
        """Where *result* was found: a path in the project, or ``image:`` and one."""
        return f"image:{result.Target}" if self.is_of_image else result.Target


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
