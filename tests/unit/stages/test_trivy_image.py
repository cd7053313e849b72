"""Unit tests of `sluicegate.stages.trivy_image`."""

from datetime import UTC, datetime, timedelta

import pytest

from sluicegate.stages.trivy_image import describe_image, describe_system
from sluicegate.stages.trivy_report import TrivyReport

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def report(system: object = None, **configuration: object) -> TrivyReport:
    return TrivyReport.model_validate(
        {
            "SchemaVersion": 2,
            "ArtifactName": "x",
            "ArtifactType": "container_image",
            "Metadata": {"OS": system, "ImageConfig": configuration},
        }
    )


def layers(*created: str) -> dict[str, object]:
    return {
        "created": created[-1],
        "history": [
            {"created": "2020-01-01T00:00:00Z", "empty_layer": True},
            *({"created": each} for each in created),
        ],
        "rootfs": {"diff_ids": ["sha256:0"] * len(created)},
    }


def test_the_base_is_as_old_as_the_lowest_layer_that_has_files() -> None:
    config = layers("2026-02-01T12:00:00.123456789Z", "2026-02-28T12:00:00Z")

    fields = describe_image(report(**config), NOW).fields

    assert fields["image_age_days"] == 1
    assert fields["base_image_age_days"] == pytest.approx(28, abs=1e-5)


@pytest.mark.parametrize(
    "created",
    [
        *("0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2013-03-19T00:00:00Z"),
        *("2026-03-02T00:00:00Z", "2026-02-28T12:00:00", "yesterday", "", "123"),
    ],
)
def test_a_date_that_cannot_be_true_is_none(created: str) -> None:
    assert describe_image(report(**layers(created)), NOW).fields == {}


def test_a_clock_that_is_a_little_behind_does_no_harm() -> None:
    soon = (NOW + timedelta(minutes=4)).isoformat()

    assert describe_image(report(**layers(soon)), NOW).fields["image_age_days"] == 0


@pytest.mark.parametrize(
    "change", [{"rootfs": {"diff_ids": ["a", "b"]}}, {"history": []}, {"rootfs": {}}]
)
def test_a_history_that_does_not_tell_of_every_layer_tells_of_none(
    change: dict[str, object],
) -> None:
    config = {**layers("2026-02-01T12:00:00Z"), **change}

    assert "base_image_age_days" not in describe_image(report(**config), NOW).fields


DEBIAN = {"Family": "debian", "Name": "12.1"}
UNKNOWN_VERSION = b'\tWARN\tThis OS version is not on the EOL list\tfamily="debian"\n'


@pytest.mark.parametrize(
    ("system", "log", "fields", "rules"),
    [
        (None, b"", {"os_unjudged": 0}, []),
        (DEBIAN, b"", {"os_unjudged": 0, "os_eosl": False}, []),
        (
            {**DEBIAN, "EOSL": True},
            b"",
            {"os_unjudged": 0, "os_eosl": True},
            ["os-end-of-life"],
        ),
        (DEBIAN, UNKNOWN_VERSION, {"os_unjudged": 1}, ["os-not-judged"]),
        (DEBIAN, b"WARN Unsupported os x", {"os_unjudged": 1}, ["os-not-judged"]),
        ({"Family": "none", "Name": ""}, b"", {"os_unjudged": 1}, ["os-not-judged"]),
    ],
)
def test_a_system_whose_packages_nobody_judged_is_said(
    system: object, log: bytes, fields: dict[str, object], rules: list[str]
) -> None:
    part = describe_system(report(system), log)

    assert part.fields == fields
    assert [one.rule for one in part.findings] == rules


def test_the_system_is_named() -> None:
    assert describe_image(report(DEBIAN), NOW).fields == {"os": "debian 12.1"}
