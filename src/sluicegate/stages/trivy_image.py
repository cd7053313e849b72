"""What Trivy says of the image itself: its age, its operating system. Pure.

Builders with a fixed clock write 1970, or the year 1, for when an image was made: a
date from before there were images is none.
"""

from datetime import UTC, datetime, timedelta

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from sluicegate.model.evidence import Value
from sluicegate.model.finding import Finding, Severity
from sluicegate.stages.trivy_hit import Part
from sluicegate.stages.trivy_report import Configuration, OperatingSystem, TrivyReport

_FIRST = datetime(2013, 3, 20, tzinfo=UTC)  # when Docker was published
_SLACK = timedelta(minutes=5)
_DAY = timedelta(days=1)
_DATE: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)
_NONE = "none"

# What Trivy 0.59 logs of a system whose packages it cannot judge.
_UNJUDGED = (b"Unsupported os", b"This OS version is not on the EOL list")


def describe_image(report: TrivyReport, now: datetime) -> Part:
    """Say how old the image of *report* is at *now*, and the layer it stands on."""
    config = report.Metadata.ImageConfig
    ages = {
        "image_age_days": _age(config.created, now),
        "base_image_age_days": _age(_bottom(config), now),
    }
    fields: dict[str, Value] = {
        name: age for name, age in ages.items() if age is not None
    }
    if report.image_id is not None:
        fields["image_id"] = report.image_id
    system = report.Metadata.OS
    if system is not None and system.Family != _NONE:
        fields["os"] = _name(system)
    return Part(fields)


def describe_system(report: TrivyReport, log: bytes) -> Part:
    """Say which system the image has, and whether its packages were judged at all.

    *log* is what Trivy logged. A system that it does not know has no known
    vulnerabilities, which is not having none.
    """
    system = report.Metadata.OS
    if system is None:  # an image from scratch: no packages but the application's
        return Part({"os_unjudged": 0})
    name = "unknown system" if system.Family == _NONE else _name(system)
    if system.Family == _NONE or any(words in log for words in _UNJUDGED):
        words = f"packages of {name} not judged"
        message = f"{words}: this Trivy does not know the system"
        return Part({"os_unjudged": 1}, (_about("os-not-judged", message),), (words,))
    fields: dict[str, Value] = {"os_unjudged": 0, "os_eosl": system.EOSL}
    if not system.EOSL:
        return Part(fields)
    words = f"{name} gets no security updates any more"
    return Part(fields, (_about("os-end-of-life", words),), (words,))


def _name(system: OperatingSystem) -> str:
    return f"{system.Family} {system.Name}".strip()


def _about(rule: str, message: str) -> Finding:
    return Finding(rule, Severity.WARNING, message, "image:", 0)


def _bottom(config: Configuration) -> str:
    """When the lowest layer was made; empty where the history does not tell."""
    layers = [each for each in config.history or () if not each.empty_layer]
    if not layers or len(layers) != len(config.rootfs.diff_ids or ()):
        return ""
    return layers[0].created


def _age(created: str, now: datetime) -> float | None:
    """Days since *created*; None if it is no date that can be true."""
    try:
        made = _DATE.validate_python(created, strict=False)
    except ValidationError:
        return None
    if made < _FIRST or made > now + _SLACK:
        return None
    return round(max((now - made) / _DAY, 0.0), 6)
