"""Attempts to have the real Trivy find less, and scans that get in each other's way."""

import fcntl
import json
import os
import secrets
import shutil
import string
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from e2e.scanning import built, installed, make_scan_context, make_stage, registry, scan
from e2e.trivydb.build import build

from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.errors import PermanentError

pytestmark = [
    pytest.mark.trivy,
    pytest.mark.skipif(shutil.which("trivy") is None, reason="needs Trivy on PATH"),
]

DAY = (datetime.now(UTC) + timedelta(days=9)).date()
CVES = ("CVE-2020-14343", "CVE-2020-1747")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path)


def make_project(root: Path) -> Path:
    folder = root / "project"
    folder.mkdir(parents=True)
    (folder / "requirements.txt").write_text("PyYAML==5.3\n")
    letters = string.ascii_uppercase + "234567"
    key = "AKIA" + "".join(secrets.choice(letters) for _ in range(16))
    (folder / "settings.py").write_text(f'aws_access_key_id = "{key}"\n')
    return folder


TRIVY_YAML = """\
severity: [LOW]
ignorefile: everything.txt
pkg: {types: [os]}
scan: {skip-files: ["**"], skip-dirs: ["**"], scanners: [license]}
vulnerability: {ignore-status: [fixed, affected], ignore-unfixed: true}
"""
SECRETS_YAML = 'allow-rules: [{id: all, description: all, regex: ".*"}]\n'
IGNORED_YAML = "vulnerabilities: [{id: CVE-2020-14343}, {id: CVE-2020-1747}]\n"


def test_the_commit_brings_no_exceptions_along(project: Path, trivy_db: Path) -> None:
    brought = {
        ".trivyignore": "\n".join((*CVES, "aws-access-key-id", "")),
        "everything.txt": "\n".join(CVES),
        ".trivyignore.yaml": IGNORED_YAML,
        "trivy.yaml": TRIVY_YAML,
        "trivy-secret.yaml": SECRETS_YAML,
        ".sluicegate-ignore.yaml": f"- {{id: {CVES[0]}, reason: x, expires: {DAY}}}",
    }
    for name, text in brought.items():
        (project / name).write_text(text)

    report = scan(project, trivy_db)

    assert (report.fields["critical"], report.fields["secrets"]) == (2, 1)
    assert "ignored" not in report.fields


STEERED = {
    "TRIVY_IGNORE_STATUS": "fixed",
    "TRIVY_SKIP_FILES": "**/requirements.txt,**/settings.py",
    "TRIVY_SKIP_DIRS": "**",
    "TRIVY_PKG_TYPES": "os",
    "TRIVY_PKG_RELATIONSHIPS": "root",
    "TRIVY_IGNORE_POLICY": "{folder}/policy.rego",
    "TRIVY_IGNOREFILE": "{folder}/ignored",
    "TRIVY_VEX": "{folder}/vex.json",
    "TRIVY_CONFIG": "{folder}/trivy.yaml",
    "TRIVY_SECRET_CONFIG": "{folder}/secret.yaml",
    "TRIVY_SEVERITY": "LOW",
    "TRIVY_SCANNERS": "license",
    "TRIVY_SERVER": "http://127.0.0.1:1",
    "TRIVY_COMPLIANCE": "docker-cis-1.6.0",
    "TRIVY_FORMAT": "table",
    "TRIVY_QUIET": "true",
    "TRIVY_IGNORE_UNFIXED": "true",
    "TRIVY_A_NEW_OPTION": "true",
}


def test_the_environment_cannot_steer_a_scan(
    project: Path, trivy_db: Path, tmp_path: Path
) -> None:
    for file, text in {
        "policy.rego": "package trivy\ndefault ignore = true\n",
        "ignored": "\n".join(CVES),
        "trivy.yaml": TRIVY_YAML,
        "secret.yaml": SECRETS_YAML,
        "vex.json": "{}",
    }.items():
        (tmp_path / file).write_text(text)
    environ = {key: value.format(folder=tmp_path) for key, value in STEERED.items()}

    report = scan(project, trivy_db, environ=environ)

    assert (report.fields["critical"], report.fields["secrets"]) == (2, 1)


def test_a_license_scan_without_packages_says_that_it_looked(
    project: Path, trivy_db: Path
) -> None:
    (project / "requirements.txt").unlink()

    report = scan(project, trivy_db, licenses=True, scanners=[])

    assert report.fields["licenses_forbidden"] == report.fields["licenses_missing"] == 0
    assert "critical" not in report.fields


def test_a_requirement_without_a_known_license_is_counted(
    project: Path, trivy_db: Path
) -> None:
    report = scan(project, trivy_db, licenses=True, allow_licenses=["MIT"])

    assert report.fields["licenses_missing"] == 1
    assert "1 package without one" in report.summary


def test_a_database_is_fetched_and_its_age_told(
    project: Path, trivy_db: Path, tmp_path: Path
) -> None:
    with registry(trivy_db / "db") as address:
        report = scan(
            project,
            tmp_path / "empty",
            offline=False,
            db_repository=address,
            scanners=["vuln"],
        )

    assert report.fields["critical"] == 2
    assert report.fields["db_age_days"] == pytest.approx(2 / 24, abs=1 / 24)


def test_a_new_database_is_another_input(
    project: Path, trivy_db: Path, advisories: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "trivy"
    shutil.copytree(trivy_db, cache)
    (project / "ignore.yaml").write_text("")
    stage = make_stage(cache, ignore="ignore.yaml")
    context = make_scan_context(project, stage)
    runner = SubprocessRunner(StopRequest(), os.environ)

    def ask() -> list[tuple[int, bytes]]:
        said = [runner.run(each, lambda _: None) for each in stage.probes(context)]
        return [(each.exit_code, each.stdout) for each in said]

    before = ask()
    assert ask() == before
    assert [code for code, _ in before] == [0, 0]
    shutil.rmtree(cache)
    build(advisories, cache, datetime.now(UTC) - timedelta(hours=1))
    database, ignored = ask()
    assert database != before[0]
    assert ignored == before[1]
    (project / "ignore.yaml").unlink()
    assert ask()[1] != before[1]


@pytest.mark.docker
def test_scans_at_once_share_a_cache_and_a_download(
    trivy_db: Path, tmp_path: Path
) -> None:
    projects = [make_project(tmp_path / name) for name in ("a", "b")]
    kept, cache = tmp_path / "kept", tmp_path / "trivy"
    kept.mkdir()
    files = {"Dockerfile": "FROM scratch\nCOPY app /app\n"}
    files |= installed("PyYAML", "5.3", "MIT")
    with (
        built(tmp_path / "image", files) as image,
        registry(trivy_db / "db") as address,
        ThreadPoolExecutor(len(projects)) as pool,
    ):
        begun = [
            pool.submit(
                scan,
                project,
                cache,
                image_id=image,
                kept=kept,
                offline=False,
                db_repository=address,
                scanners=["vuln", "secret"],
            )
            for project in projects
        ]
        reports = [each.result() for each in begun]

    for report in reports:
        assert (report.fields["critical"], report.fields["secrets"]) == (2, 1)
    (age, other) = (report.fields["db_updated"] for report in reports)
    assert age == other


def test_a_scan_does_not_wait_for_ever(
    project: Path, trivy_db: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    with (kept / "trivy.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        with pytest.raises(
            PermanentError, match="kept Trivy's cache for 1 s"
        ) as caught:
            scan(project, trivy_db, kept=kept, timeout="2s")

    assert "timeout" in str(caught.value.hint)


def test_a_password_for_a_registry_is_in_no_evidence(
    project: Path, trivy_db: Path
) -> None:
    environ = {"TRIVY_USERNAME": "me", "TRIVY_PASSWORD": "hunter2"}

    report = scan(project, trivy_db, environ=environ)

    kept = b"".join(file.data for file in report.files)
    assert b"hunter2" not in kept + json.dumps(dict(report.fields)).encode()
