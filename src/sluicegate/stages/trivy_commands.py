"""The commands of a scan with Trivy. Pure.

They run in the stage's own folder, not in the project, where the commit could bring a
``trivy.yaml``, a ``.trivyignore`` or a ``trivy-secret.yaml`` along and so decide what
is found in it.
"""

from pathlib import PurePosixPath

from sluicegate.model.command import Command, Step
from sluicegate.model.digest import Digest
from sluicegate.stages.stage import StageContext
from sluicegate.stages.trivy_report import SEVERITIES, UNKNOWN
from sluicegate.stages.trivy_settings import Scanner, TrivySettings
from sluicegate.stages.trivy_shell import Cache, clean

SOURCE, IMAGE, SBOM = "trivy fs", "trivy image", "trivy convert"
SOURCE_JSON, IMAGE_JSON, SBOM_JSON = "source.json", "image.json", "sbom.cdx.json"
DATABASES = {SOURCE: "source-database.json", IMAGE: "image-database.json"}
"""What Trivy says of its database, just before each scan."""

COMMENTS = "search for comments"

_OURS = ".sluicegate"  # evidence of earlier runs is no source

# Comments that hide misconfigurations. Trivy logs each finding hidden in Terraform and
# CloudFormation, but says nothing of those in a Dockerfile: these are looked for.
_SEARCH = (
    *("grep", "-r", "-a", "-i", "-h", "-o", "-E", f"--exclude-dir={_OURS}"),
    *("--include=*[Dd][Oo][Cc][Kk][Ee][Rr][Ff][Ii][Ll][Ee]*", "(trivy|tfsec):ignore:"),
)


def may_hide_by_comment(stage: TrivySettings) -> bool:
    """Whether comments are looked for."""
    return stage.source and stage.has(Scanner.MISCONFIG)


def search_comments(stage: TrivySettings, context: StageContext) -> tuple[Step, ...]:
    """Look for comments that hide misconfigurations.

    The last step: it fails where there are none, and what is optional after it is not
    run.
    """
    if not may_hide_by_comment(stage):
        return ()
    argv = (*_SEARCH, "--", context.project)
    command = Command(argv, context.output, stage.timeout, stage.env)
    return (Step(COMMENTS, command, quiet=True),)


def scan_source(stage: TrivySettings, context: StageContext) -> tuple[Step, ...]:
    """Scan the project's folder."""
    # Absolute: Trivy would take them from its working directory.
    skipped = (
        f"--skip-dirs={PurePosixPath(context.project, folder)}"
        for folder in (_OURS, *stage.skip_dirs)
    )
    output = f"--output={context.output}/{SOURCE_JSON}"
    argv = ("fs", *_common(stage, context), output, *skipped, "--", context.project)
    return (_scan(stage, context, SOURCE, argv, SOURCE_JSON),)


def scan_image(
    stage: TrivySettings, context: StageContext, image: Digest
) -> tuple[Step, ...]:
    """Scan *image* on the engine, and list what it contains."""
    configuration = ",".join(
        scanner.value
        for scanner in stage.scanners
        if scanner is not Scanner.VULN  # the configuration has no packages
    )
    options = [f"--output={context.output}/{IMAGE_JSON}", "--cache-backend=memory"]
    if configuration:
        options.append(f"--image-config-scanners={configuration}")
    # The engine only: an ID must never be looked up in a registry.
    options.append("--image-src=docker")
    argv = ("image", *_common(stage, context), *options, "--", str(image))
    report, sbom = (f"{context.output}/{name}" for name in (IMAGE_JSON, SBOM_JSON))
    listing = ("convert", "--format=cyclonedx", f"--output={sbom}", report)
    trivy = context.tools["trivy"].argv
    convert = Command(
        clean((*trivy, *listing)), context.output, stage.timeout, stage.env
    )
    return (
        _scan(stage, context, IMAGE, argv, IMAGE_JSON),
        Step(SBOM, convert, (SBOM_JSON,), optional=True),
    )


def ask_version(stage: TrivySettings, context: StageContext) -> Command:
    """What Trivy says of itself, its database and its checks."""
    argv = clean(_version(stage, context))
    # The stage's own folder may not be there yet.
    return Command(argv, context.cache, stage.timeout, stage.env)


def _version(stage: TrivySettings, context: StageContext) -> tuple[str, ...]:
    trivy = context.tools["trivy"].argv
    return (*trivy, "version", "--format=json", *_place(stage, context))


def _scan(
    stage: TrivySettings,
    context: StageContext,
    name: str,
    arguments: tuple[str, ...],
    report: str,
) -> Step:
    trivy, about = context.tools["trivy"].argv, DATABASES[name]
    argv = (*trivy, *arguments)
    if stage.has(Scanner.VULN) or (stage.has(Scanner.MISCONFIG) and not stage.offline):
        cache = Cache(
            lock=f"{context.cache}/trivy.lock",
            patience=stage.timeout / 2,
            version=_version(stage, context),
            about=f"{context.output}/{about}",
            update=_update(stage, context),
        )
        argv = cache.use(argv)
    else:
        argv = clean(argv)
    command = Command(argv, context.output, stage.timeout, stage.env)
    return Step(name, command, (report, about))


def _update(stage: TrivySettings, context: StageContext) -> tuple[str, ...]:
    """How to bring the vulnerability database up to date; empty if it is to stay."""
    if not stage.has(Scanner.VULN) or stage.skip_db_update or stage.offline:
        return ()
    trivy = context.tools["trivy"].argv
    where = [f"--db-repository={stage.db_repository}"] if stage.db_repository else []
    options = ("--download-db-only", "--no-progress", *_place(stage, context), *where)
    return (*trivy, "image", *options)


def _common(stage: TrivySettings, context: StageContext) -> tuple[str, ...]:
    scanners = [scanner.value for scanner in stage.scanners]
    scanners += ["license"] if stage.licenses else []
    severities = ",".join((UNKNOWN, *reversed(SEVERITIES))).upper()
    options = [
        *("--format=json", "--list-all-pkgs", "--no-progress", "--exit-code=0"),
        "--quiet=false",  # only the log tells what comments hide
        *(f"--scanners={','.join(scanners)}", f"--severity={severities}"),
        *(f"--timeout={stage.timeout.total_seconds():.0f}s", "--ignore-unfixed=false"),
        # Nothing but what is named here hides a finding.
        *("--ignorefile=/dev/null", f"--module-dir={context.output}/no-modules"),
        "--show-suppressed",
        *(f"--vex={PurePosixPath(context.project, path)}" for path in stage.vex),
        *_place(stage, context),
    ]
    if stage.has(Scanner.VULN):
        options.append("--skip-db-update")  # it was brought up to date just before
        if stage.skip_db_update or stage.offline:
            options.append("--skip-java-db-update")
    if stage.offline:
        options.append("--offline-scan")
        if stage.has(Scanner.MISCONFIG):
            options.append("--skip-check-update")
    return tuple(options)


def _place(stage: TrivySettings, context: StageContext) -> tuple[str, ...]:
    if stage.cache_dir is None:
        return ()
    return (f"--cache-dir={PurePosixPath(context.project, stage.cache_dir)}",)
