"""Everything a scan found, put together: fields, findings, a line for people. Pure."""

from collections.abc import Iterator, Sequence

from sluicegate.model.evidence import Value
from sluicegate.stages.stage import OutputFile, Report, StageContext
from sluicegate.stages.trivy_database import oldest
from sluicegate.stages.trivy_findings import (
    count_misconfigurations,
    count_secrets,
    count_vulnerabilities,
    find_misconfigurations,
    find_secrets,
    find_vulnerabilities,
)
from sluicegate.stages.trivy_hit import Part
from sluicegate.stages.trivy_ignore import IgnoreList
from sluicegate.stages.trivy_image import describe_image, describe_system
from sluicegate.stages.trivy_licenses import (
    Policy,
    count_licenses,
    find_licenses,
    tells_licenses,
)
from sluicegate.stages.trivy_report import TrivyReport
from sluicegate.stages.trivy_result import Scanned
from sluicegate.stages.trivy_settings import Scanner, TrivySettings
from sluicegate.stages.trivy_vex import read_suppressed


def tally(
    stage: TrivySettings,
    context: StageContext,
    scanned: Scanned,
    ignores: IgnoreList,
) -> Report:
    """Put together what *stage* has *scanned*.

    Raises:
        PermanentError: the age of the vulnerability database cannot be told.
    """
    reports = scanned.reports
    parts = [
        *_look(stage, reports, ignores),
        *([ignores.part()] if stage.ignore is not None else []),
        _comments(scanned),
        *_image(stage, context, scanned),
    ]
    if stage.has(Scanner.VULN):
        parts.append(oldest(scanned.databases, context.now).part())
    tool = context.tools["trivy"]
    fields: dict[str, Value] = {
        "packages": sum(
            len(result.Packages or ()) for each in reports for result in each.results
        ),
        "trivy_version": tool.version,
    }
    if tool.digest is not None:
        fields["trivy_digest"] = str(tool.digest)
    for part in parts:
        fields |= part.fields
    words = [word for part in parts for word in part.words]
    return Report(
        _scope(stage, scanned) + ", ".join(words),
        fields,
        tuple(finding for part in parts for finding in part.findings),
        (*scanned.files, *_sources(stage, context)),
    )


def _look(
    stage: TrivySettings, reports: Sequence[TrivyReport], ignores: IgnoreList
) -> Iterator[Part]:
    """What each scanner found, and a word on what was explained away."""
    suppressed = read_suppressed(reports, has_documents=bool(stage.vex))
    for scanner in stage.scanners:
        match scanner:
            case Scanner.VULN:
                found = (*find_vulnerabilities(reports), *suppressed.standing)
                yield count_vulnerabilities(ignores.keep(found))
            case Scanner.SECRET:
                yield count_secrets(ignores.keep(find_secrets(reports)))
            case Scanner.MISCONFIG:
                misconfigured = find_misconfigurations(reports)
                yield count_misconfigurations(ignores.keep(misconfigured))
    if stage.licenses:
        yield _licenses(stage, reports, ignores)
    if stage.vex:
        yield suppressed.part()


def _licenses(
    stage: TrivySettings, reports: Sequence[TrivyReport], ignores: IgnoreList
) -> Part:
    if not tells_licenses(reports):
        return Part({}, words=("Trivy said nothing of licences",))
    policy = Policy(
        stage.deny_licenses, stage.allow_licenses, stage.licenses == "libraries"
    )
    hits = ignores.keep(find_licenses(reports, policy))
    return count_licenses(hits, policy, reports)


def _comments(scanned: Scanned) -> Part:
    hidden = scanned.suppressed
    words = (f"{hidden} suppressed by comments",) if hidden else ()
    return Part({"suppressed": hidden}, words=words)


def _image(
    stage: TrivySettings, context: StageContext, scanned: Scanned
) -> Iterator[Part]:
    """What is known of the image itself, and of the system in it."""
    report = scanned.image
    if report is None:
        if stage.may_scan_image and stage.has(Scanner.VULN):
            yield Part({"os_unjudged": 0})
        return
    yield describe_image(report, context.now)
    if stage.has(Scanner.VULN):
        yield describe_system(report, scanned.log)


def _scope(stage: TrivySettings, scanned: Scanned) -> str:
    """Say it where less was scanned than could have been."""
    if scanned.image is None:
        return "source only: "
    return "" if stage.source else "image only: "


def _sources(stage: TrivySettings, context: StageContext) -> tuple[OutputFile, ...]:
    """The files that decided what was left out."""
    named = {
        **({"ignore.yaml": stage.ignore} if stage.ignore is not None else {}),
        **{f"vex-{number}.json": path for number, path in enumerate(stage.vex, 1)},
    }
    return tuple(
        OutputFile(
            name,
            "application/yaml" if name.endswith(".yaml") else "application/json",
            context.files[path],
        )
        for name, path in named.items()
    )
