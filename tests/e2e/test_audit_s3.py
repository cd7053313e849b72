"""A log in a bucket, as a person meets it: the real command, the strict fake of S3."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cli_project import CliProject
from fakes_s3 import COMPLIANCE, FakeBucket, FakeS3
from s3_server import serve

BUCKET = "acme-audit"
PIPELINE = """\
schema: sluicegate/v1
name: churn_release_v1.0
audit: {store: "s3://acme-audit/churn", retention: hipaa}
stages:
  make: {uses: command, run: "env > seen; echo made > made", outputs: [made]}
"""


@pytest.fixture
def s3() -> FakeS3:
    world = FakeS3(**{BUCKET: FakeBucket()})
    world.now = datetime.now(UTC)
    return world


@pytest.fixture
def project(s3: FakeS3, tmp_path: Path) -> Iterator[CliProject]:
    project = CliProject.make(
        tmp_path, {"sluicegate.yaml": PIPELINE, ".gitignore": "seen\nmade\n"}
    )
    with serve(s3) as address:
        project.environ |= {
            "AWS_ENDPOINT_URL_S3": address,
            "AWS_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "not-the-key-of-anybody",
        }
        yield project


def test_a_run_is_locked_and_verified_and_no_stage_sees_how(
    project: CliProject, s3: FakeS3
) -> None:
    project.sluice("run", check=0)
    verified = project.sluice("audit", "verify", check=0)
    assert "enforced: S3 Object Lock in compliance mode" in verified.stdout

    seen = (project.folder / "seen").read_text()
    assert "AWS_REGION=eu-central-1" in seen
    assert "AKIA" not in seen
    assert "AWS_SECRET" not in seen

    bucket = s3.bucket(BUCKET).objects
    tiles, evidence = (
        [key for key in bucket if key.startswith(f"churn/{folder}/")]
        for folder in ("tile", "evidence")
    )
    assert len(tiles) > 2
    assert evidence
    locked = tiles + evidence
    for key in locked:
        [one] = bucket[key]
        assert one.mode == COMPLIANCE
        assert one.until is not None
        assert (one.until - one.modified).days in {2192, 2193}

    s3.put(BUCKET, max(tiles), b"evil")
    found = project.sluice("audit", "verify", check=5)
    assert "somebody wrote it again" in found.stdout
    assert "1 problem found" in found.stdout


def test_a_log_with_its_own_credentials_leaves_the_others_to_stages(
    project: CliProject,
) -> None:
    project.environ |= {
        "SLUICE_AWS_ACCESS_KEY_ID": "the-log",
        "SLUICE_AWS_SECRET_ACCESS_KEY": "not-the-key-of-anybody-else",
    }
    project.sluice("run", check=0)

    seen = (project.folder / "seen").read_text()
    assert "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE" in seen
    assert "SLUICE_" not in seen


def test_a_bucket_without_object_lock_is_refused_with_what_to_do(
    project: CliProject, s3: FakeS3
) -> None:
    s3.bucket(BUCKET).can_lock = False
    refused = project.sluice("run", check=2)

    assert "no Object Lock" in refused.stderr
    assert "?mode=none" in refused.stderr
    assert s3.bucket(BUCKET).objects == {}


def test_a_missing_boto3_is_asked_for(project: CliProject, tmp_path: Path) -> None:
    (tmp_path / "without").mkdir()
    (tmp_path / "without/boto3.py").write_text("raise ImportError('not installed')\n")
    project.environ["PYTHONPATH"] = str(tmp_path / "without")
    refused = project.sluice("audit", "log", check=2)

    assert "pip install 'sluicegate[s3]'" in refused.stderr
