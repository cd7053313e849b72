"""Scan: vulnerabilities, secrets and misconfigurations, with Trivy."""

import enum
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator
from typing_extensions import override

from sluicegate.errors import PermanentError
from sluicegate.model.command import Command, CommandResult, Step, StepResult
from sluicegate.model.digest import Digest
from sluicegate.model.evidence import Value
from sluicegate.stages.output import failed, find_step
from sluicegate.stages.stage import (
    CommandStage,
    FieldSpec,
    OutputFile,
    Report,
    StageContext,
)
from sluicegate.stages.trivy_database import parse_database
from sluicegate.stages.trivy_findings import (
    count_misconfigurations,
    count_secrets,
    count_vulnerabilities,
)
from sluicegate.stages.trivy_report import (
    SEVERITIES,
    UNKNOWN,
    TrivyReport,
    parse_report,
    redact,
)

_SOURCE, _IMAGE, _SBOM, _VERSION = (
    "trivy fs",
    "trivy image",
    "trivy convert",
    "trivy version",
)
_SOURCE_JSON, _IMAGE_JSON, _SBOM_JSON = "source.json", "image.json", "sbom.cdx.json"
_MAX_AGE_DAYS = 7  # an older database is none: it misses what came since
_OURS = ".sluicegate"  # evidence of earlier runs is no source

# Comments that hide misconfigurations. Trivy logs each finding hidden in Terraform and
# CloudFormation, but says nothing of those in a Dockerfile: these are looked for.
_HIDDEN = b"Ignore finding"
_COMMENTS = "search for comments"
_SEARCH = (
    *("grep", "-r", "-a", "-i", "-h", "-o", "-E", f"--exclude-dir={_OURS}"),
    *("--include=*[Dd][Oo][Cc][Kk][Ee][Rr][Ff][Ii][Ll][Ee]*", "(trivy|tfsec):ignore:"),
)
_FOUND_NOTHING = 1

_GET_DATABASE = (
    "download the vulnerability database once where there is a network"
    " (trivy image --download-db-only), name a mirror with `db_repository:`,"
    " or leave vuln out of `scanners:`"
)
_HINTS = (
    (b"cannot be specified on the first run", _GET_DATABASE),
    (b"failed to download vulnerability DB", _GET_DATABASE),
    (b"cache may be in use by another process", "another Trivy is running; try again"),
    (
        b"unable to find the specified image",
        "was the image removed since it was built?",
    ),
)


@enum.unique
class Scanner(enum.Enum):
    """What Trivy looks for."""

    VULN = "vuln"
    SECRET = "secret"  # noqa: S105 - Trivy's word
    MISCONFIG = "misconfig"


class TrivyStage(CommandStage):
    """Scans the source tree and the built image, and lists what the image contains."""

    kind: ClassVar[str] = "trivy"
    summary: ClassVar[str] = "Vulnerabilities, secrets and misconfigurations with Trivy"

    uses: Literal["trivy"]
    scanners: tuple[Scanner, ...] = Field(
        tuple(Scanner), min_length=1, description="What to look for."
    )
    source: bool = Field(default=True, description="Scan the project's folder.")
    image: bool = Field(
        default=True, description="Scan the image an earlier stage built."
    )
    skip_dirs: tuple[str, ...] = Field(
        (".venv",),
        description="Folders of the project to leave out; wildcards are allowed.",
    )
    ignorefile: str | None = Field(
        None, description="File with accepted findings, in Trivy's form."
    )
    cache_dir: str | None = Field(
        None, description="Trivy's cache with its database; default: Trivy's own."
    )
    db_repository: str | None = Field(
        None, description="Registry path of the vulnerability database."
    )
    skip_db_update: bool = Field(
        default=False, description="Take the database that is in the cache as it is."
    )
    offline: bool = Field(
        default=False, description="Never use the network; includes skip_db_update."
    )

    @model_validator(mode="after")
    def _must_scan_something(self) -> Self:
        if not (self.source or self.image):
            raise ValueError(
                "source and image are both false: nothing would be scanned"
            )
        return self

    @override
    def fields(self) -> tuple[FieldSpec, ...]:
        fields = [FieldSpec("packages", "integer", "Packages that were looked at.")]
        if Scanner.VULN in self.scanners:
            for severity in (*SEVERITIES, UNKNOWN):
                fields += [
                    FieldSpec(severity, "integer", f"Vulnerabilities, {severity}."),
                    FieldSpec(
                        f"{severity}_fixable", "integer", "Those with a fixed version."
                    ),
                ]
            fields += [
                FieldSpec(
                    "db_age_days", "number", "Age of the vulnerability database."
                ),
                FieldSpec("db_updated", "text", "When the database was made."),
            ]
        if Scanner.SECRET in self.scanners:
            fields.append(FieldSpec("secrets", "integer", "Secrets found."))
        if Scanner.MISCONFIG in self.scanners:
            fields += [
                FieldSpec(
                    f"misconfig_{severity}",
                    "integer",
                    f"Misconfigurations, {severity}.",
                )
                for severity in (*SEVERITIES, UNKNOWN)
            ]
        if self.image:
            meaning = "The engine's ID of the image that was scanned."
            fields.append(FieldSpec("image_id", "text", meaning))
        return (
            *fields,
            FieldSpec(
                "suppressed",
                "integer",
                "Findings that the ignorefile or a comment hides.",
            ),
            FieldSpec("trivy_version", "text", "The version of Trivy."),
            FieldSpec("trivy_digest", "text", "The SHA-256 of its binary."),
        )

    @override
    def explain_absence(self, field: str) -> str | None:
        for scanner in Scanner:
            other = self.model_copy(update={"scanners": (scanner,)})
            if scanner not in self.scanners and field in {
                spec.name for spec in other.fields()
            }:
                return f"{scanner.value!r} is not among its scanners"
        return None

    @override
    def default_gate(self, name: str) -> tuple[str, ...]:
        gate = {
            Scanner.VULN: (
                f"{name}.critical == 0",
                f"{name}.db_age_days <= {_MAX_AGE_DAYS}",
            ),
            Scanner.SECRET: (f"{name}.secrets == 0",),
            Scanner.MISCONFIG: (f"{name}.misconfig_critical == 0",),
        }
        return tuple(
            condition
            for scanner in Scanner
            if scanner in self.scanners
            for condition in gate[scanner]
        )

    @override
    def gate_unless_named(self, name: str) -> tuple[str, ...]:
        if Scanner.VULN not in self.scanners:
            return ()
        return (f"{name}.db_age_days <= {_MAX_AGE_DAYS}",)

    @override
    def tools(self) -> tuple[str, ...]:
        return ("trivy",)

    @override
    def plan(self, context: StageContext) -> tuple[Step, ...]:
        out, common = context.output, self._common(context)
        steps = []
        if self.source:
            folders = (_OURS, *self.skip_dirs)
            # Absolute: Trivy would take them from its working directory.
            skipped = (
                f"--skip-dirs={PurePosixPath(context.project, folder)}"
                for folder in folders
            )
            arguments = ("fs", *common, f"--output={out}/{_SOURCE_JSON}", *skipped)
            argv = (*arguments, "--", context.project)
            steps.append(self._step(context, _SOURCE, argv, _SOURCE_JSON))
        if self.image:
            image_id = str(_built_image(context.images))
            configuration = ",".join(
                scanner.value
                for scanner in self.scanners
                if scanner is not Scanner.VULN  # the configuration has no packages
            )
            arguments = ("image", *common, f"--output={out}/{_IMAGE_JSON}")
            if configuration:
                arguments = (*arguments, f"--image-config-scanners={configuration}")
            # The engine only: an ID must never be looked up in a registry.
            argv = (*arguments, "--image-src=docker", "--", image_id)
            steps.append(self._step(context, _IMAGE, argv, _IMAGE_JSON))
            report = f"{out}/{_IMAGE_JSON}"
            argv = (
                "convert",
                "--format=cyclonedx",
                f"--output={out}/{_SBOM_JSON}",
                report,
            )
            steps.append(self._step(context, _SBOM, argv, _SBOM_JSON, optional=True))
        version = ("version", "--format=json", *self._cache(context))
        steps.append(self._step(context, _VERSION, version))
        if self._may_hide_by_comment:
            argv = (*_SEARCH, "--", context.project)
            command = Command(argv, context.output, self.timeout, self.env)
            steps.append(Step(_COMMENTS, command, quiet=True))
        return tuple(steps)

    @property
    def _may_hide_by_comment(self) -> bool:
        return self.source and Scanner.MISCONFIG in self.scanners

    def _step(
        self,
        context: StageContext,
        name: str,
        arguments: tuple[str, ...],
        *outputs: str,
        optional: bool = False,
    ) -> Step:
        argv = (*context.tools["trivy"].argv, *arguments)
        env = {
            "TRIVY_DISABLE_TELEMETRY": "true",
            "TRIVY_SKIP_VERSION_CHECK": "true",
            **self.env,
        }
        # Not in the project, where the commit could bring a trivy.yaml or a
        # .trivyignore along and so decide what is found in it.
        command = Command(argv, context.output, self.timeout, env)
        return Step(name, command, outputs, optional, quiet=name == _VERSION)

    def _common(self, context: StageContext) -> tuple[str, ...]:
        scanners = ",".join(scanner.value for scanner in self.scanners)
        severities = ",".join((UNKNOWN, *reversed(SEVERITIES))).upper()
        options = [
            *("--format=json", "--list-all-pkgs", "--no-progress", "--exit-code=0"),
            "--quiet=false",  # only the log tells what comments hide
            *(f"--scanners={scanners}", f"--severity={severities}"),
            *(
                f"--timeout={self.timeout.total_seconds():.0f}s",
                "--ignore-unfixed=false",
            ),
            *self._cache(context),
        ]
        if self.ignorefile is not None:
            path = PurePosixPath(context.project, self.ignorefile)
            options += [f"--ignorefile={path}", "--show-suppressed"]
        if Scanner.VULN in self.scanners:
            if self.skip_db_update or self.offline:
                options += ["--skip-db-update", "--skip-java-db-update"]
            elif self.db_repository is not None:
                options.append(f"--db-repository={self.db_repository}")
        if self.offline:
            options.append("--offline-scan")
            if Scanner.MISCONFIG in self.scanners:
                options.append("--skip-check-update")
        return tuple(options)

    def _cache(self, context: StageContext) -> tuple[str, ...]:
        if self.cache_dir is None:
            return ()
        return (f"--cache-dir={PurePosixPath(context.project, self.cache_dir)}",)

    @override
    def interpret(self, context: StageContext, results: Sequence[StepResult]) -> Report:
        documents: dict[str, bytes] = {}
        if self.source:
            documents[_SOURCE_JSON] = _read(results, _SOURCE, _SOURCE_JSON)
        if self.image:
            documents[_IMAGE_JSON] = _read(results, _IMAGE, _IMAGE_JSON)
        reports = tuple(parse_report(document) for document in documents.values())
        files = [
            OutputFile(f"trivy-{name}", "application/json", redact(document))
            for name, document in documents.items()
        ]
        if self.image:
            sbom = _read(results, _SBOM, _SBOM_JSON)
            files.append(OutputFile(_SBOM_JSON, "application/vnd.cyclonedx+json", sbom))
        tool = context.tools["trivy"]
        suppressed = _count_suppressed(reports, results)
        if self._may_hide_by_comment:
            suppressed += _count_comments(find_step(results, _COMMENTS).result)
        fields: dict[str, Value] = {
            "packages": sum(
                len(result.Packages or ())
                for report in reports
                for result in report.results
            ),
            "suppressed": suppressed,
            "trivy_version": tool.version,
        }
        fields |= {"image_id": it.image_id for it in reports if it.image_id}
        if tool.digest is not None:
            fields["trivy_digest"] = str(tool.digest)
        counted = [_COUNT[scanner](reports) for scanner in self.scanners]
        for found in counted:
            fields |= found.fields
        said = [found.summary for found in counted]
        if suppressed:
            said.append(f"{suppressed} suppressed")
        if Scanner.VULN in self.scanners:
            version = find_step(results, _VERSION).result
            database = parse_database(version, context.now)
            fields |= database.fields
            said.append(database.summary)
        findings = tuple(finding for found in counted for finding in found.findings)
        return Report(", ".join(said), fields, findings, tuple(files))


_COUNT = {
    Scanner.VULN: count_vulnerabilities,
    Scanner.SECRET: count_secrets,
    Scanner.MISCONFIG: count_misconfigurations,
}


def _count_suppressed(
    reports: Sequence[TrivyReport], results: Sequence[StepResult]
) -> int:
    """How many findings are hidden, as far as Trivy tells."""
    modified = sum(
        len(result.ExperimentalModifiedFindings or ())
        for report in reports
        for result in report.results
    )
    logged = sum(
        _HIDDEN in line
        for step in results
        if step.name in (_SOURCE, _IMAGE)
        for line in step.result.stderr.splitlines()
    )
    return modified + logged


def _count_comments(search: CommandResult) -> int:
    """How many comments in a Dockerfile hide something, or try to.

    Raises:
        PermanentError: the search for them failed.
    """
    if search.exit_code not in {0, _FOUND_NOTHING}:
        raise failed(_COMMENTS, search, hint="can every folder of it be read?")
    return len(search.stdout.splitlines())


def _built_image(images: Sequence[Digest]) -> Digest:
    """The one image that the stages before have built.

    Raises:
        PermanentError: they have built none, or several.
    """
    if not images:
        raise PermanentError(
            "there is no image to scan: no stage before has built one",
            hint="put a docker-build stage before, or set `image: false`",
        )
    if len(images) > 1:
        raise PermanentError(
            f"which image is to be scanned? the stages before have built {len(images)}",
            hint="let the stage need one docker-build stage, or set `image: false`",
        )
    return images[0]


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
