"""The scan stage with the real Trivy and a database made from real advisories."""

import json
import secrets
import shutil
import string
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from e2e.scanning import built, installed, scan
from e2e.trivydb.build import build

from sluicegate.errors import PermanentError

pytestmark = [
    pytest.mark.trivy,
    pytest.mark.skipif(shutil.which("trivy") is None, reason="needs Trivy on PATH"),
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "app.py").write_text("print('hello')\n")
    return folder


def make_key() -> str:
    """Something that looks like a key of AWS and never was one."""
    letters = string.ascii_uppercase + "234567"
    return "AKIA" + "".join(secrets.choice(letters) for _ in range(16))


def test_a_clean_project_has_nothing(project: Path, trivy_db: Path) -> None:
    report = scan(project, trivy_db)

    for name in ("critical", "high", "unknown", "secrets", "misconfig_critical"):
        assert report.fields[name] == 0, name
    assert report.fields["db_age_days"] == pytest.approx(2 / 24, abs=1 / 24)
    assert report.findings == ()


def test_a_vulnerable_requirement_is_found_with_its_fix(
    project: Path, trivy_db: Path
) -> None:
    (project / "requirements.txt").write_text("PyYAML==5.3\n")

    report = scan(project, trivy_db)

    assert report.fields["critical"] == 2
    assert report.fields["critical_fixable"] == 2
    assert report.fields["packages"] == 1
    assert {one.rule for one in report.findings} == {"CVE-2020-14343", "CVE-2020-1747"}
    assert all(one.path == "requirements.txt" for one in report.findings)
    assert any("PyYAML@5.3" in one.message for one in report.findings)
    assert any("fixed in 5.4" in one.message for one in report.findings)


def test_a_planted_secret_is_found_and_kept_nowhere(
    project: Path, trivy_db: Path
) -> None:
    key = make_key()
    (project / "settings.py").write_text(
        f'REGION = "x"\nPASSWORD_HINT = "hunter2"\naws_access_key_id = "{key}"\n'
    )

    report = scan(project, trivy_db)

    assert report.fields["secrets"] == 1
    (found,) = report.findings
    assert (found.rule, found.path, found.line) == (
        "aws-access-key-id",
        "settings.py",
        3,
    )
    kept = b"".join(file.data for file in report.files)
    assert key.encode() not in kept
    assert b"hunter2" not in kept, "the lines around it are no evidence either"


def test_a_dockerfile_for_root_with_a_secret_is_misconfigured(
    project: Path, trivy_db: Path
) -> None:
    (project / "Dockerfile").write_text(
        "FROM debian\nENV SECRET_TOKEN=swordfish\nCMD ['x']\n"
    )

    report = scan(project, trivy_db)

    assert report.fields["misconfig_critical"] == 1
    assert report.fields["misconfig_high"] == 1
    assert ("DS031", "Dockerfile", 2) in [
        (one.rule, one.path, one.line) for one in report.findings
    ]
    assert all(b"swordfish" not in file.data for file in report.files)


def test_what_comments_hide_is_counted(project: Path, trivy_db: Path) -> None:
    (project / "main.tf").write_text(
        "#trivy:ignore:AVD-AWS-0086\n"
        'resource "aws_s3_bucket" "b" {\n  bucket = "x"\n}\n'
    )
    (project / "api.Dockerfile").write_text(
        "FROM debian:12\n#trivy:ignore:DS031\nENV SECRET_TOKEN=swordfish\n"
    )

    report = scan(project, trivy_db)

    rules = {one.rule for one in report.findings}
    assert "AVD-AWS-0087" in rules, "the other findings of the bucket are there"
    assert not {"AVD-AWS-0086", "DS031"} & rules
    assert report.fields["suppressed"] == 2
    assert report.summary.count("2 suppressed") == 1


def test_a_word_in_the_wrong_encoding_hides_no_comment(
    project: Path, trivy_db: Path
) -> None:
    (project / "Dockerfile").write_bytes(
        b"FROM debian:12\n# \xff\x00\n#trivy:ignore:DS031\nENV SECRET_TOKEN=swordfish\n"
    )

    assert scan(project, trivy_db).fields["suppressed"] == 1


def test_without_a_database_nothing_is_found_out(project: Path, tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="first run") as caught:
        scan(project, tmp_path / "no-database")

    assert caught.value.hint is not None
    assert "download" in caught.value.hint


def test_the_age_of_an_old_database_is_told(
    project: Path, advisories: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "old"
    build(advisories, cache, datetime.now(UTC) - timedelta(days=30))

    report = scan(project, cache)

    assert report.fields["db_age_days"] == pytest.approx(30, abs=0.1)


def test_without_vulnerabilities_no_database_is_needed(
    project: Path, tmp_path: Path
) -> None:
    report = scan(project, tmp_path / "none", scanners=["secret", "misconfig"])

    assert report.fields["secrets"] == 0
    assert "critical" not in report.fields
    assert "db_age_days" not in report.fields


def test_excluded_folders_and_our_own_are_left_out(
    project: Path, trivy_db: Path
) -> None:
    for folder in (".venv/lib", "vendor"):
        (project / folder).mkdir(parents=True)
        (project / folder / "key.py").write_text(
            f'aws_access_key_id = "{make_key()}"\n'
        )

    assert scan(project, trivy_db).fields["secrets"] == 1
    shutil.rmtree(project / ".sluicegate")
    both = scan(project, trivy_db, skip_dirs=[".venv", "vendor"])
    assert both.fields["secrets"] == 0


@pytest.fixture
def vulnerable_image(tmp_path: Path) -> Iterator[str]:
    dockerfile = "FROM {BASE}\nENV DB_PASSWORD=swordfish\nCOPY app /app\n"
    files = {"Dockerfile": dockerfile, **installed("PyYAML", "5.3", "MIT")}
    with built(tmp_path / "image", files) as image:
        yield image


@pytest.mark.docker
def test_the_built_image_is_scanned_and_listed(
    project: Path, trivy_db: Path, vulnerable_image: str
) -> None:
    report = scan(project, trivy_db, image_id=vulnerable_image)

    assert report.fields["critical"] == 2
    assert isinstance(report.fields["packages"], int)
    assert report.fields["packages"] > 50
    assert report.fields["os_unjudged"] == 0
    assert str(report.fields["os"]).startswith("debian")
    assert any(one.path.startswith("image:") for one in report.findings)
    assert report.fields["misconfig_critical"] == 1, "a password in the environment"
    files = {file.name: file.data for file in report.files}
    sbom = json.loads(files["sbom.cdx.json"])
    assert sbom["bomFormat"] == "CycloneDX"
    assert any(part.get("name") == "PyYAML" for part in sbom["components"])
    assert all(b"swordfish" not in data for data in files.values())


@pytest.mark.docker
def test_an_image_that_is_gone_breaks_the_stage(project: Path, trivy_db: Path) -> None:
    with pytest.raises(PermanentError, match="trivy image failed"):
        scan(project, trivy_db, image_id="sha256:" + "0" * 64)
