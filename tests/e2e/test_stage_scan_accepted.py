"""What a scan with the real Trivy lets pass, and why: ignores, VEX, licences, ages."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from e2e.scanning import BASE, built, installed, scan

from sluicegate.errors import PermanentError
from sluicegate.model.finding import Severity

pytestmark = [
    pytest.mark.trivy,
    pytest.mark.skipif(shutil.which("trivy") is None, reason="needs Trivy on PATH"),
]


def today() -> date:
    return datetime.now(UTC).date()


IGNORE = "accepted.yaml"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "requirements.txt").write_text("PyYAML==5.3\n")
    return folder


def entry(*, days: int, cve: str = "CVE-2020-14343", rest: str = "") -> str:
    expires = today() + timedelta(days=days)
    return f"- {{id: {cve}, reason: never loaded, expires: {expires}{rest}}}\n"


def test_an_accepted_finding_is_left_out_and_told(
    project: Path, trivy_db: Path
) -> None:
    accepted = entry(days=30, rest=", package: pyyaml")
    (project / IGNORE).write_text(accepted)

    report = scan(project, trivy_db, ignore=IGNORE)

    assert (report.fields["critical"], report.fields["ignored"]) == (1, 1)
    assert report.fields["ignores_expired"] == report.fields["ignores_unused"] == 0
    told = [one for one in report.findings if one.rule == "CVE-2020-14343"]
    assert [one.severity for one in told] == [Severity.NOTE]
    assert "never loaded" in told[0].message
    files = {file.name: file.data for file in report.files}
    assert files["ignore.yaml"].decode() == accepted
    assert b"CVE-2020-14343" in files["trivy-source.json"], "never hidden"
    assert ", 1 ignored, " in report.summary


def test_an_expired_entry_accepts_nothing_and_it_is_said(
    project: Path, trivy_db: Path
) -> None:
    (project / IGNORE).write_text(entry(days=-1) + entry(days=0, cve="CVE-2020-1747"))

    report = scan(project, trivy_db, ignore=IGNORE)

    assert (report.fields["critical"], report.fields["ignored"]) == (1, 1)
    assert report.fields["ignores_expired"] == 1
    assert [(one.path, one.line) for one in report.findings if "expired" in one.rule]
    assert "1 expired in the ignore file" in report.summary


def test_an_entry_that_covers_nothing_is_said(project: Path, trivy_db: Path) -> None:
    (project / IGNORE).write_text(
        entry(days=9, rest=", package: other") + entry(days=9, rest=", paths: [x/*]")
    )

    report = scan(project, trivy_db, ignore=IGNORE)

    assert (report.fields["critical"], report.fields["ignored"]) == (2, 0)
    assert report.fields["ignores_unused"] == 2


def test_an_entry_without_a_reason_breaks_the_scan(
    project: Path, trivy_db: Path
) -> None:
    (project / IGNORE).write_text(
        "- id: CVE-2020-14343\n  expires: 2999-01-01\n- {id: CVE-2020-1747}\n"
    )

    with pytest.raises(PermanentError) as caught:
        scan(project, trivy_db, ignore=IGNORE)

    latest = today() + timedelta(days=366)
    assert str(caught.value).split(";\n") == [
        f"{IGNORE}:1: 'reason' is missing",
        f"{IGNORE}:2: 'expires' must be at most a year ahead, {latest} at the latest",
        f"{IGNORE}:3: 'expires' is missing",
        f"{IGNORE}:3: 'reason' is missing",
    ]


def test_a_file_of_accepted_findings_that_is_not_there_breaks_the_scan(
    project: Path, trivy_db: Path
) -> None:
    with pytest.raises(PermanentError, match=r"accepted\.yaml is not there"):
        scan(project, trivy_db, ignore=IGNORE)


def vex(*statements: dict[str, str], package: str = "pkg:pypi/pyyaml@5.3") -> str:
    return json.dumps(
        {
            "@context": "https://openvex.dev/ns/v0.2.0",
            "@id": "https://example.com/vex/1",
            "author": "example",
            "timestamp": "2026-01-01T00:00:00Z",
            "version": 1,
            "statements": [
                {
                    "vulnerability": {"name": cve},
                    "products": [{"@id": package}],
                    **rest,
                }
                for statement in statements
                for cve, rest in [
                    (
                        statement["cve"],
                        {k: v for k, v in statement.items() if k != "cve"},
                    )
                ]
            ],
        }
    )


NOT_AFFECTED = {"cve": "CVE-2020-14343", "status": "not_affected"}
WHY = {"justification": "vulnerable_code_not_in_execute_path"}


def test_a_justified_statement_suppresses_and_is_kept(
    project: Path, trivy_db: Path
) -> None:
    (project / "x.openvex.json").write_text(vex({**NOT_AFFECTED, **WHY}))

    report = scan(project, trivy_db, vex=["x.openvex.json"])

    assert report.fields["critical"] == 1
    assert (report.fields["vex_suppressed"], report.fields["vex_unjustified"]) == (1, 0)
    assert "1 suppressed by VEX" in report.summary
    assert any(WHY["justification"] in one.message for one in report.findings)
    files = {file.name: file.data for file in report.files}
    assert b"CVE-2020-14343" in files["trivy-source.json"]
    assert "vex-1.json" in files


@pytest.mark.parametrize(
    "statement",
    [
        NOT_AFFECTED,
        {**NOT_AFFECTED, "status": "affected"},
        {**NOT_AFFECTED, "status": "under_investigation"},
        {**NOT_AFFECTED, "status": "no such status", **WHY},
    ],
)
def test_a_statement_without_a_justification_suppresses_nothing(
    project: Path, trivy_db: Path, statement: dict[str, str]
) -> None:
    (project / "x.openvex.json").write_text(vex(statement))

    report = scan(project, trivy_db, vex=["x.openvex.json"])

    assert (report.fields["critical"], report.fields["vex_suppressed"]) == (2, 0)


CYCLONEDX = '{"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1}'


@pytest.mark.parametrize(
    ("document", "what"),
    [
        ("", "VEX error"),
        ("{}", "VEX error"),
        ("[]", "VEX error"),
        ("not JSON", "VEX error"),
        (CYCLONEDX, "CycloneDX VEX can be used with CycloneDX SBOM"),
    ],
)
def test_a_statement_nobody_can_read_breaks_the_scan(
    project: Path, trivy_db: Path, document: str, what: str
) -> None:
    (project / "x.json").write_text(document)

    with pytest.raises(PermanentError, match=what) as caught:
        scan(project, trivy_db, vex=["x.json"])

    assert "VEX" in str(caught.value.hint) or "vex" in str(caught.value.hint)


def test_a_document_that_is_not_there_breaks_the_scan(
    project: Path, trivy_db: Path
) -> None:
    with pytest.raises(PermanentError, match=r"lost\.json is not there"):
        scan(project, trivy_db, vex=["lost.json"])


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Debian with a greedy package, a free one, and one without a licence."""
    files = {
        "Dockerfile": "FROM {BASE}\nCOPY app /app\n",
        **installed("greedy", "1.0", "AGPL-3.0-only"),
        **installed("choice", "1.0", "MIT OR GPL-3.0-or-later"),
        **installed("silent", "1.0", None),
    }
    with built(tmp_path_factory.mktemp("image"), files) as image_id:
        yield image_id


@pytest.mark.docker
def test_a_denied_license_in_the_image_is_found(
    project: Path, trivy_db: Path, image: str
) -> None:
    report = scan(
        project,
        trivy_db,
        image_id=image,
        licenses="libraries",
        deny_licenses=["AGPL-*", "GPL-*"],
        scanners=[],
    )

    assert report.fields["licenses_denied"] == 1
    assert report.fields["licenses_forbidden"] == 1
    assert report.fields["licenses_restricted"] == 0, "the system's are left out"
    (denied,) = [one for one in report.findings if "denied" in one.message]
    assert (denied.rule, denied.severity) == ("AGPL-3.0-only", Severity.ERROR)
    assert "greedy is under AGPL-3.0-only" in denied.message
    assert denied.path.startswith("image:")


@pytest.mark.docker
def test_what_is_not_on_a_list_of_allowed_licenses_is_denied(
    project: Path, trivy_db: Path, image: str
) -> None:
    look = partial(
        scan,
        project,
        trivy_db,
        image_id=image,
        licenses="libraries",
        allow_licenses=["MIT"],
        source=False,
        scanners=[],
    )

    report = look()

    assert (report.fields["licenses_denied"], report.fields["licenses_missing"]) == (
        1,
        1,
    )
    assert report.summary.startswith("image only: ")
    expires = today() + timedelta(days=30)
    (project / IGNORE).write_text(
        f"- {{id: AGPL-3.0-only, package: greedy, reason: paid, expires: {expires}}}\n"
    )
    accepted = look(output="b", ignore=IGNORE)

    assert accepted.fields["licenses_denied"] == 0
    assert accepted.fields["ignored"] == 1


@pytest.mark.docker
def test_the_licenses_of_the_system_are_counted_too(
    project: Path, trivy_db: Path, image: str
) -> None:
    report = scan(
        project,
        trivy_db,
        image_id=image,
        licenses=True,
        deny_licenses=["GPL-*"],
        scanners=[],
    )

    for name in ("licenses_restricted", "licenses_notice", "licenses_denied"):
        number = report.fields[name]
        assert isinstance(number, int)
        assert number > 50, name


@pytest.mark.docker
def test_the_image_is_as_old_as_its_lowest_layer(
    project: Path, trivy_db: Path, image: str
) -> None:
    base = scan(project, trivy_db, image_id=image, scanners=["misconfig"])

    age, below = base.fields["image_age_days"], base.fields["base_image_age_days"]
    assert isinstance(age, float)
    assert isinstance(below, float)
    assert 0 <= age < 1
    assert age <= below, f"{BASE} was there before"
    assert "os_eosl" not in base.fields, "nobody looked for vulnerabilities"


SYSTEMS = [
    ("debian", "9", "9.13", {"os_unjudged": 0, "os_eosl": True}),
    ("debian", "99", "99.1", {"os_unjudged": 1}),
    ("strange", "1", "", {"os_unjudged": 1}),
]


@pytest.mark.docker
@pytest.mark.parametrize(("family", "version", "debian", "expected"), SYSTEMS)
def test_a_system_that_is_old_or_unknown_is_said(
    project: Path,
    trivy_db: Path,
    tmp_path: Path,
    family: str,
    version: str,
    debian: str,
    expected: dict[str, object],
) -> None:
    files = {
        "Dockerfile": "FROM scratch\nCOPY etc /etc\nCOPY var /var\n",
        "etc/os-release": f'ID={family}\nVERSION_ID="{version}"\n',
        "var/lib/dpkg/status": (
            "Package: libfoo\nStatus: install ok installed\nArchitecture: amd64\n"
            "Version: 1.0-1\nMaintainer: x <x@example.com>\n\n"
        ),
        **({"etc/debian_version": f"{debian}\n"} if debian else {}),
    }
    with built(tmp_path / "image", files) as image_id:
        report = scan(project, trivy_db, image_id=image_id)

    known = {
        name: report.fields[name]
        for name in ("os_unjudged", "os_eosl")
        if name in report.fields
    }
    assert known == expected
    assert any(one.rule.startswith("os-") for one in report.findings)


@pytest.mark.docker
def test_an_image_without_a_system_has_nothing_that_could_not_be_judged(
    project: Path, trivy_db: Path, tmp_path: Path
) -> None:
    files = {
        "Dockerfile": "FROM scratch\nCOPY app /app\n",
        **installed("a", "1", "MIT"),
    }
    with built(tmp_path / "image", files) as image_id:
        report = scan(project, trivy_db, image_id=image_id)

    assert report.fields["os_unjudged"] == 0
    assert "os" not in report.fields
