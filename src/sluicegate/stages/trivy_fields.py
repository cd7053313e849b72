"""The evidence fields and default gates of a scan, by its settings. Pure."""

from collections.abc import Iterator

from sluicegate.stages.stage import FieldSpec
from sluicegate.stages.trivy_licenses import CATEGORIES, FORBIDDEN
from sluicegate.stages.trivy_report import SEVERITIES, UNKNOWN
from sluicegate.stages.trivy_settings import Scanner, TrivySettings

_MAX_AGE_DAYS = 7  # an older database is none: it misses what came since

_VULNERABILITIES = (
    *(
        spec
        for severity in (*SEVERITIES, UNKNOWN)
        for spec in (
            FieldSpec(severity, "integer", f"Vulnerabilities, {severity}."),
            FieldSpec(f"{severity}_fixable", "integer", "Those with a fixed version."),
        )
    ),
    FieldSpec("db_age_days", "number", "Age of the vulnerability database.", "days"),
    FieldSpec("db_updated", "text", "When the database was made."),
)
_SECRETS = (FieldSpec("secrets", "integer", "Secrets found."),)
_MISCONFIGURATIONS = tuple(
    FieldSpec(f"misconfig_{severity}", "integer", f"Misconfigurations, {severity}.")
    for severity in (*SEVERITIES, UNKNOWN)
)
_LICENSES = (
    *(
        FieldSpec(f"licenses_{name}", "integer", f"Licences of packages, {name}.")
        for name in CATEGORIES
    ),
    FieldSpec("licenses_missing", "integer", "Packages without any known licence."),
)
_DENIED = (
    FieldSpec("licenses_denied", "integer", "Licences that the lists do not welcome."),
)
_IMAGE = (
    FieldSpec("image_id", "text", "The engine's ID of the image that was scanned."),
    FieldSpec("image_age_days", "number", "Days since the image was made.", "days"),
    FieldSpec(
        "base_image_age_days",
        "number",
        "Days since the image's lowest layer was made, its base.",
        "days",
    ),
    FieldSpec("os", "text", "The operating system in the image."),
)
_SYSTEM = (
    FieldSpec(
        "os_unjudged",
        "integer",
        "Operating systems in the image whose packages Trivy cannot judge.",
    ),
    FieldSpec("os_eosl", "boolean", "That system gets no security updates any more."),
)
_IGNORE = (
    FieldSpec("ignored", "integer", "Findings that the ignore file accepts."),
    FieldSpec("ignores_expired", "integer", "Its entries that have expired."),
    FieldSpec("ignores_unused", "integer", "Its entries that cover nothing."),
)
_VEX = (
    FieldSpec(
        "vex_suppressed", "integer", "Vulnerabilities that VEX documents explain."
    ),
    FieldSpec(
        "vex_unjustified", "integer", "Those they name without a reason; they count."
    ),
)
_ALWAYS = (
    FieldSpec("suppressed", "integer", "Findings that comments hide."),
    FieldSpec("trivy_version", "text", "The version of Trivy."),
    FieldSpec("trivy_digest", "text", "The SHA-256 of its binary."),
)


def _groups(
    stage: TrivySettings,
) -> Iterator[tuple[bool, str, tuple[FieldSpec, ...]]]:
    """The fields that hang on a setting: whether it is on, why not, which."""
    for scanner, specs in (
        (Scanner.VULN, _VULNERABILITIES),
        (Scanner.SECRET, _SECRETS),
        (Scanner.MISCONFIG, _MISCONFIGURATIONS),
    ):
        why = f"{scanner.value!r} is not among its scanners"
        yield stage.has(scanner), why, specs
    yield bool(stage.licenses), "it has no `licenses: true`", _LICENSES
    why = "it has no deny_licenses and no allow_licenses"
    yield stage.has_license_list, why, _DENIED
    yield stage.may_scan_image, "it has `image: false`", _IMAGE
    judges_system = stage.may_scan_image and stage.has(Scanner.VULN)
    yield judges_system, "it looks for no vulnerabilities of an image", _SYSTEM
    yield stage.ignore is not None, "it names no file to `ignore:`", _IGNORE
    yield bool(stage.vex), "it has no `vex:`", _VEX


def list_fields(stage: TrivySettings) -> tuple[FieldSpec, ...]:
    """The fields that *stage* can report."""
    fields = [FieldSpec("packages", "integer", "Packages that were looked at.")]
    for is_on, _, specs in _groups(stage):
        fields += specs if is_on else ()
    return (*fields, *_ALWAYS)


def explain_absence(stage: TrivySettings, field: str) -> str | None:
    """Which setting of *stage* keeps *field* away."""
    for is_on, why, specs in _groups(stage):
        if not is_on and any(spec.name == field for spec in specs):
            return why
    return None


def default_gate(stage: TrivySettings, name: str) -> tuple[str, ...]:
    """What must hold where nothing is written."""
    conditions: list[str] = []
    if stage.has(Scanner.VULN):
        conditions += [f"{name}.critical == 0", *_judged(stage, name)]
    if stage.has(Scanner.SECRET):
        conditions.append(f"{name}.secrets == 0")
    if stage.has(Scanner.MISCONFIG):
        conditions.append(f"{name}.misconfig_critical == 0")
    if stage.has_license_list:
        conditions += _welcome(stage, name)
    elif stage.licenses:
        conditions.append(f"{name}.licenses_{FORBIDDEN} == 0")
    return tuple(conditions)


def gate_unless_named(stage: TrivySettings, name: str) -> tuple[str, ...]:
    """What a written gate is taken to mean too."""
    return (
        *(_judged(stage, name) if stage.has(Scanner.VULN) else ()),
        *(_welcome(stage, name) if stage.has_license_list else ()),
    )


def _judged(stage: TrivySettings, name: str) -> tuple[str, ...]:
    """Without these, no vulnerabilities are found because nobody knows of any."""
    system = (f"{name}.os_unjudged == 0",) if stage.may_scan_image else ()
    return (f"{name}.db_age_days <= {_MAX_AGE_DAYS}", *system)


def _welcome(stage: TrivySettings, name: str) -> tuple[str, ...]:
    """A list is meant as it is written; one of all that is allowed needs them all."""
    missing = (f"{name}.licenses_missing == 0",) if stage.allow_licenses else ()
    return (f"{name}.licenses_denied == 0", *missing)
