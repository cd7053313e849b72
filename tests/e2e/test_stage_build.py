"""The build stage with a real engine, on small Dockerfiles."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from stage_harness import COMMIT, make_context, run_stage

from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.adapters.tools import Tools
from sluicegate.errors import PermanentError
from sluicegate.model.digest import Digest
from sluicegate.stages.docker_build import DockerBuildStage
from sluicegate.stages.stage import Report

pytestmark = pytest.mark.docker

BASE = os.environ.get("SLUICE_TEST_BASE", "sluicegate-base:test")
SYSTEM_CA = "/etc/ssl/certs/ca-certificates.crt"
IMAGE = "sluicegate-test/stage-build"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "project"
    folder.mkdir()
    yield folder
    docker = Tools(folder, tmp_path, _runner(), os.environ).find("docker").argv
    listed = subprocess.run(
        [*docker, "image", "ls", "--quiet", "--no-trunc", IMAGE],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    if listed:
        subprocess.run([*docker, "image", "rm", "--force", *set(listed)], check=True)


def _runner() -> SubprocessRunner:
    return SubprocessRunner(StopRequest(), os.environ)


def build(
    project: Path, dockerfile: str, *, ca_bundle: str | None = None, **settings: object
) -> Report:
    (project / "Dockerfile").write_text(dockerfile)
    output = project.parent / "output"
    output.mkdir()
    runner = _runner()
    tools = Tools(project, project.parent / "cache", runner, os.environ)
    context = make_context(
        str(project),
        str(output),
        tools={"docker": tools.find("docker")},
        ca_bundle=ca_bundle,
        release="feature/x+1",
    )
    stage = DockerBuildStage.model_validate(
        {"uses": "docker-build", "image": IMAGE, **settings}
    )
    return run_stage(stage, context, runner)


def test_an_image_is_built_labelled_and_described(project: Path) -> None:
    report = build(project, f"FROM {BASE}\nENV API_KEY=hush\nRUN echo hello\n")

    assert report.fields["built"] is True
    assert report.fields["image"] == f"{IMAGE}:feature-x-1"
    image_id = Digest.parse(str(report.fields["image_id"]))
    assert report.fields["config_digest"] == str(image_id)
    assert report.subjects == ((IMAGE, image_id),)
    log, description = report.files
    assert b"RUN echo hello" in log.data
    assert b"hush" not in description.data
    assert COMMIT.encode() in description.data
    assert b"sample_release_v1.0@sha256:" in description.data


def test_the_same_commit_builds_the_same_image(project: Path) -> None:
    dockerfile = f"FROM {BASE}\nRUN echo hello\n"

    first = build(project, dockerfile)
    (project.parent / "output").rename(project.parent / "first")
    second = build(project, dockerfile)

    assert first.fields["image_id"] == second.fields["image_id"]


@pytest.mark.parametrize(
    ("dockerfile", "words"),
    [
        (f"FROM {BASE}\nRUN echo 'dial tcp: i/o timeout' && exit 3\n", "exit code: 3"),
        (f"FRM {BASE}\n", "FRM"),
        (f"FROM {BASE}\nCOPY nowhere.txt /\n", "nowhere.txt"),
    ],
    ids=["command fails", "not a Dockerfile", "file missing"],
)
def test_a_dockerfile_that_cannot_be_built_is_a_no(
    project: Path, dockerfile: str, words: str
) -> None:
    report = build(project, dockerfile)

    assert report.fields["built"] is False
    assert "image_id" not in report.fields
    assert words in report.summary


def test_the_host_s_ca_bundle_is_a_secret_that_does_not_stay(
    project: Path, tmp_path: Path
) -> None:
    bundle = tmp_path / "ca bundle.pem"
    bundle.write_text("-----BEGIN CERTIFICATE-----\n")

    report = build(
        project,
        f"FROM {BASE}\n"
        "RUN --mount=type=secret,id=sluicegate-ca grep -q CERT"
        " /run/secrets/sluicegate-ca\n"
        "RUN test ! -s /run/secrets/sluicegate-ca\n",
        ca_bundle=str(bundle),
    )

    assert report.fields["built"] is True


def test_pip_in_a_build_trusts_the_host_s_certificates(project: Path) -> None:
    """The very lines that docs/build.md recommends."""
    guide = Path(__file__).parents[2] / "docs" / "build.md"
    recommended = guide.read_text().partition("```dockerfile\n")[2].partition("```")[0]
    (project / "requirements.txt").write_text("iniconfig==2.0.0\n")

    report = build(
        project,
        f"FROM {BASE}\nRUN python3 -m venv /venv\nENV PATH=/venv/bin:$PATH\n"
        f"COPY requirements.txt .\n{recommended}",
        ca_bundle=os.environ.get("SSL_CERT_FILE", SYSTEM_CA),
        network="host",
    )

    assert report.fields["built"] is True, report.summary


def test_a_context_is_a_folder_and_never_an_address(project: Path) -> None:
    report = build(project, f"FROM {BASE}\n", context="github.com/docker/docker")

    assert report.fields["built"] is False


def test_an_engine_that_is_not_there_breaks_the_stage(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    runner = SubprocessRunner(StopRequest(), dict(os.environ))
    tools = Tools(project, project.parent, runner, dict(os.environ))

    with pytest.raises(PermanentError, match="does not answer") as caught:
        tools.find("docker")

    assert caught.value.hint is not None
    monkeypatch.undo()
