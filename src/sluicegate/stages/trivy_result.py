"""What the commands of a scan have left: reports, or why there are none. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sluicegate.errors import PermanentError
from sluicegate.model.command import CommandResult, StepResult
from sluicegate.stages.output import failed, find_step
from sluicegate.stages.stage import OutputFile
from sluicegate.stages.trivy_commands import (
    COMMENTS,
    DATABASES,
    IMAGE,
    IMAGE_JSON,
    SBOM,
    SBOM_JSON,
    SOURCE,
    SOURCE_JSON,
    may_hide_by_comment,
)
from sluicegate.stages.trivy_redact import redact
from sluicegate.stages.trivy_report import TrivyReport, parse_report
from sluicegate.stages.trivy_settings import TrivySettings
from sluicegate.stages.trivy_shell import LOCKED

_HIDDEN = b"Ignore finding"
_FOUND_NOTHING = 1

_GET_DATABASE = (
    "download the vulnerability database once where there is a network"
    " (trivy image --download-db-only), name a mirror with `db_repository:`,"
    " or leave vuln out of `scanners:`"
)
_GET_INDEX = (
    "the image holds jars: download Trivy's index of them once where there is a network"
    " (trivy image --download-java-db-only)"
)
_HINTS = (
    (
        b"Java DB update failed",
        _GET_INDEX,
    ),
    (b"cannot be specified on the first run", _GET_DATABASE),
    (b"failed to download vulnerability DB", _GET_DATABASE),
    (LOCKED.encode(), "wait until it has ended, or raise `timeout:`"),
    (b"cache may be in use by another process", "another Trivy is running; try again"),
    (b"unknown cache type", "Trivy is too old: use 0.56 or newer"),
    (
        b"CycloneDX VEX can be used with CycloneDX SBOM",
        "Trivy takes VEX in CycloneDX for a bill of materials only: write OpenVEX",
    ),
    (b"VEX error", "is every file of `vex:` an OpenVEX or CSAF document?"),
    (
        b"unable to find the specified image",
        "was the image removed since it was built?",
    ),
)


@dataclass(frozen=True, slots=True)
class Scanned:
    """The reports of the scans that were made.

    ``log`` is what Trivy logged of the image, ``databases`` what it said of its
    database before each scan, ``suppressed`` how many findings comments hide.
    """

    reports: tuple[TrivyReport, ...]
    databases: tuple[bytes, ...]
    files: tuple[OutputFile, ...]
    suppressed: int
    log: bytes

    @property
    def image(self) -> TrivyReport | None:
        """The report on the image, if one was scanned."""
        found = [report for report in self.reports if report.is_of_image]
        return found[0] if found else None


def read_scans(
    stage: TrivySettings, results: Sequence[StepResult], *, with_image: bool
) -> Scanned:
    """Read what the steps have written.

    Raises:
        PermanentError: one of them failed, or a report is missing or unreadable.
    """
    wanted = {
        **({SOURCE: SOURCE_JSON} if stage.source else {}),
        **({IMAGE: IMAGE_JSON} if with_image else {}),
    }
    documents = {name: _read(results, step, name) for step, name in wanted.items()}
    reports = {name: parse_report(data) for name, data in documents.items()}
    for name, report in reports.items():
        if report.is_of_image != (name == IMAGE_JSON):
            raise PermanentError(f"{name} is the report of something else")
    files = [
        OutputFile(f"trivy-{name}", "application/json", redact(data))
        for name, data in documents.items()
    ]
    if with_image:
        sbom = _read(results, SBOM, SBOM_JSON)
        files.append(OutputFile(SBOM_JSON, "application/vnd.cyclonedx+json", sbom))
    logs = {step: find_step(results, step).result.stderr for step in wanted}
    suppressed = sum(
        _HIDDEN in line for log in logs.values() for line in log.splitlines()
    )
    if may_hide_by_comment(stage):
        suppressed += _count_comments(find_step(results, COMMENTS).result)
    return Scanned(
        tuple(reports.values()),
        tuple(_database(results, step) for step in wanted),
        tuple(files),
        suppressed,
        logs.get(IMAGE, b""),
    )


def _database(results: Sequence[StepResult], step: str) -> bytes:
    files: Mapping[str, bytes] = find_step(results, step).files
    return files.get(DATABASES[step], b"")


def _count_comments(search: CommandResult) -> int:
    """How many comments in a Dockerfile hide something, or try to.

    Raises:
        PermanentError: the search for them failed.
    """
    if search.exit_code not in {0, _FOUND_NOTHING}:
        raise failed(COMMENTS, search, hint="can every folder of it be read?")
    return len(search.stdout.splitlines())


def _read(results: Sequence[StepResult], step: str, file: str) -> bytes:
    found = find_step(results, step)
    if found.result.exit_code != 0 or file not in found.files:
        raise failed(step, found.result, hint=_hint(found.result.stderr))
    return found.files[file]


def _hint(stderr: bytes) -> str | None:
    """What to do, from what Trivy says; the words are those of 0.59."""
    for words, hint in _HINTS:
        if words in stderr:
            return hint
    return None
