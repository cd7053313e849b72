"""Evidence in another place than its log, as a person keeps and verifies it."""

import json
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cli_project import CliProject
from fakes_s3 import FakeBucket, FakeS3
from log_stores import git, make_remote
from registry_proxy import RegistryProxy
from registry_service import USER, RealRegistry, login
from s3_server import serve

from sluicegate.adapters.registries.artifact import ARTIFACT, referrers_tag
from sluicegate.adapters.registries.repository import INDEX, MANIFEST
from sluicegate.adapters.targets.images import remove_images
from sluicegate.model.digest import Digest

PATH = "acme/model"
IN_GIT = "store: 'git:refs/heads/sluicegate-audit'"
PIPELINE = """\
schema: sluicegate/v1
name: churn_release_v1.0
audit: {{{audit}}}
stages:
  make: {{uses: command, run: "printf %{size}s . > made", outputs: [made]}}
  use: {{uses: command, run: "test -e made"}}
"""
PUBLISHING = """\
schema: sluicegate/v1
name: model_release_v1.0
audit: {{{audit}}}
stages:
  build: {{uses: docker-build, image: "{host}/acme/model"}}
  scan: {{uses: trivy, scanners: [secret], source: false, offline: true}}
  publish: {{uses: publish, attempts: 2, backoff: 1s}}
"""
DOCKERFILE = "FROM scratch\nLABEL sluicegate.test=1\nCOPY model.bin /\n"
LARGE = (1 << 20) + 1


@pytest.fixture
def project(tmp_path: Path) -> CliProject:
    """A clone of a remote that is beside it, where the log goes."""
    project = CliProject.make(tmp_path, {".gitignore": "made\n"})
    make_remote(tmp_path / "remote.git")
    project.git("remote", "add", "origin", "../remote.git")
    return project


def write(project: CliProject, audit: str, size: int = 10) -> None:
    text = PIPELINE.format(audit=audit, size=size)
    # Another size is another definition, and needs a version of its own.
    text = text.replace("_v1.0", f"_v1.{size % 1000}")
    project.commit({"sluicegate.yaml": text}, "change the pipeline")
    project.git("push", "-q", "origin", "main")


@pytest.fixture
def registry(tmp_path: Path, project: CliProject) -> Iterator[RealRegistry]:
    """A registry where the project's user is logged in."""
    registry = RealRegistry(tmp_path / "registry")
    registry.start()
    project.environ["DOCKER_CONFIG"] = str(tmp_path)
    login = b64encode(f"{USER}:{registry.password}".encode()).decode()
    config = {"auths": {registry.host: {"auth": login}}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    try:
        yield registry
    finally:
        registry.kill()


def blob(registry: RealRegistry, digest: str) -> Path:
    within = f"data/docker/registry/v2/blobs/sha256/{digest[:2]}/{digest}/data"
    return registry.folder / within


def names(project: CliProject) -> list[dict[str, Any]]:
    """The files of evidence that the log names."""
    done = project.sluice("audit", "log", "--type", "stage.finished", "--json", check=0)
    entries = [json.loads(line)["entry"] for line in done.stdout.splitlines()]
    return [file for each in entries for file in each["evidence"]["files"]]


def test_a_file_too_large_for_a_git_ref_names_the_settings_that_help(
    project: CliProject,
) -> None:
    write(project, IN_GIT, LARGE)
    done = project.sluice("run", check=4)

    assert f"has {LARGE} bytes" in done.stdout
    assert "audit: {evidence:" in done.stdout
    assert "audit: {evidence_limit: 4MiB}" in done.stdout

    write(project, f"{IN_GIT}, evidence_limit: 2MiB", LARGE)
    project.sluice("run", check=0)
    project.sluice("audit", "verify", check=0)


def test_evidence_of_a_log_in_a_git_ref_may_be_in_a_folder(
    project: CliProject, tmp_path: Path
) -> None:
    write(project, IN_GIT)
    project.sluice("run", check=0)
    write(project, f"{IN_GIT}, evidence: 'dir:{tmp_path}/kept'", LARGE)
    project.sluice("run", check=0)

    sizes = [path.stat().st_size for path in (tmp_path / "kept").rglob("*/*/*")]
    assert LARGE in sizes
    ref = git("ls-tree", "-r", "-l", "sluicegate-audit", cwd=tmp_path / "remote.git")
    in_ref = [line.split()[3:5] for line in ref.splitlines() if "\tevidence/" in line]
    assert in_ref, "what was kept before is where it was, and is found there"
    assert not {name.rpartition("/")[2] for _, name in in_ref} & {
        path.name for path in (tmp_path / "kept").rglob("*/*/*")
    }
    project.sluice("audit", "verify", check=0)
    only = ("--evidence", str(tmp_path / "kept"))
    assert "is missing" in project.sluice("audit", "verify", *only, check=5).stdout

    newest = names(project)[-1]["digest"]["sha256"]
    place = tmp_path / "kept/sha256" / newest[:2] / newest
    data = place.read_bytes()
    place.write_bytes(data + b"\n")
    assert "was changed" in project.sluice("audit", "verify", check=5).stdout


def test_evidence_in_a_registry_is_verified_from_anywhere(
    project: CliProject, registry: RealRegistry, tmp_path: Path
) -> None:
    place = f"oci:{registry.host}/{PATH}"
    write(project, f"{IN_GIT}, evidence: '{place}'", LARGE)
    project.sluice("run", check=0)
    key = project.document("audit", "verify", check=0)["key"]

    auditor = CliProject(tmp_path / "elsewhere", tmp_path / "auditor")
    auditor.folder.mkdir()
    auditor.home.mkdir()
    auditor.environ = project.environ
    remote = f"git:{(tmp_path / 'remote.git').as_uri()}#refs/heads/sluicegate-audit"
    there = ("--log", remote, "--key", key, "--evidence")
    auditor.git("init", "-q")
    found = auditor.document("audit", "verify", *there, place, check=0)
    assert found["evidence_files"] >= len({str(f["digest"]) for f in names(project)})

    file = blob(registry, names(project)[0]["digest"]["sha256"])
    data = file.read_bytes()
    file.write_bytes(data[:-1] + b"!")
    changed = auditor.sluice("audit", "verify", *there, place, check=5)
    assert "was changed" in changed.stdout
    file.unlink()
    assert "is missing" in project.sluice("audit", "verify", check=5).stdout
    file.write_bytes(data)

    kept = project.sluice("audit", "retention", check=0).stdout
    assert "retention policy of its own" in kept
    assert registry.password not in kept


def test_a_registry_collects_no_evidence(
    project: CliProject, registry: RealRegistry
) -> None:
    write(project, f"evidence: 'oci:{registry.host}/{PATH}'")
    project.sluice("run", check=0)
    before = {path.name for path in registry.folder.rglob("blobs/sha256/*/*")}

    registry.kill()
    subprocess.run(
        ["docker-registry", "garbage-collect", registry.folder / "config.yml"],
        check=True,
        capture_output=True,
    )
    registry.start()

    assert {path.name for path in registry.folder.rglob("blobs/sha256/*/*")} == before
    project.sluice("audit", "verify", check=0)


def test_a_run_goes_on_once_its_evidence_can_be_kept(
    project: CliProject, registry: RealRegistry
) -> None:
    write(project, f"evidence: 'oci:{registry.host}/{PATH}'")
    registry.kill()
    broken = project.document("run", check=4)
    assert broken["stages"][0]["verdict"] == "broken"
    assert f"{registry.host} does not answer" in broken["stages"][0]["reason"]

    registry.start()
    resumed = project.document("resume", check=0)

    assert resumed["run_id"] == broken["run_id"]
    project.sluice("audit", "verify", check=0)


def test_evidence_in_a_bucket_is_locked_for_as_long_as_the_log_is_promised(
    project: CliProject,
) -> None:
    s3 = FakeS3(**{"acme-audit": FakeBucket()})
    s3.now = datetime.now(UTC)
    spy = PIPELINE.replace("printf", "env > ../seen; printf")
    text = spy.format(
        audit="evidence: 's3://acme-audit/kept', retention: hipaa", size=1
    )
    project.commit({"sluicegate.yaml": text}, "look around")
    with serve(s3) as address:
        project.environ |= {
            "AWS_ENDPOINT_URL_S3": address,
            "AWS_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "not-the-key-of-anybody",
        }
        project.sluice("run", check=0)
        project.sluice("audit", "verify", check=0)
        kept = project.sluice("audit", "retention", check=0).stdout

    assert "enforced: S3 Object Lock in compliance mode" in kept
    objects = s3.bucket("acme-audit").objects
    assert objects
    for key, (stored,) in objects.items():
        assert key.startswith("kept/sha256/")
        assert stored.until is not None
        assert (stored.until - stored.modified).days in {2192, 2193}
    seen = (project.folder.parent / "seen").read_text()
    assert "AWS_REGION=eu-central-1" in seen
    assert "AKIA" not in seen


def test_a_ci_runner_does_not_keep_evidence_where_it_is_thrown_away(
    project: CliProject,
) -> None:
    write(project, f"{IN_GIT}, evidence: 'dir:kept'")
    project.environ["CI"] = "true"

    refused = project.sluice("run", check=2)

    assert "evidence" in refused.stderr
    assert "throws away" in refused.stderr
    assert not (project.folder / "kept").exists()


def referrers(registry: RealRegistry, image: str) -> list[dict[str, Any]]:
    """What any client of registries finds when it looks for what is about *image*."""
    tag = referrers_tag(Digest.parse(image))
    status, body = registry.get(f"/v2/{PATH}/manifests/{tag}", INDEX)
    assert status in {200, 404}, body
    return [] if status == 404 else list(json.loads(body)["manifests"])


@pytest.fixture
def publisher(project: CliProject, registry: RealRegistry) -> Iterator[RegistryProxy]:
    """A proxy before the registry, to which the project publishes."""
    with RegistryProxy(registry).listening() as proxy:
        config = Path(project.environ["DOCKER_CONFIG"])
        login(proxy.host, registry.password, config)
        project.commit(
            {
                "Dockerfile": DOCKERFILE,
                "model.bin": "weights",
                "sluicegate.yaml": PUBLISHING.format(
                    host=proxy.host, audit=f"evidence: 'oci:{proxy.host}/{PATH}'"
                ),
            },
            "publish",
        )
        try:
            yield proxy
        finally:
            remove_images(f"{proxy.host}/{PATH}")


@pytest.mark.docker
@pytest.mark.trivy
@pytest.mark.skipif(shutil.which("trivy") is None, reason="needs Trivy on PATH")
def test_a_published_image_names_the_evidence_before_it(
    project: CliProject, registry: RealRegistry, publisher: RegistryProxy
) -> None:
    lists = [405]  # then the manifest of the referrer is refused

    def refuse(method: str, path: str) -> int | None:
        is_ours = method == "PUT" and "/manifests/sha256:" in path
        return lists[0] if is_ours and lists else None

    publisher.before = refuse
    first = project.sluice("run", check=0)
    assert "does not name its evidence yet" in first.stdout
    assert "the next run tries again" in first.stdout
    lists.clear()

    document = project.document("run", check=0)

    evidence = {each["name"]: each["evidence"] for each in document["stages"]}
    image = str(evidence["publish"]["digest"])
    (found,) = referrers(registry, image)
    assert found["mediaType"] == MANIFEST
    assert found["artifactType"] == ARTIFACT
    assert found["annotations"]["dev.sluicegate.run"] == document["run_id"]
    status, body = registry.get(f"/v2/{PATH}/manifests/{found['digest']}", MANIFEST)
    assert (status, len(body)) == (200, found["size"])
    about = json.loads(body)
    assert about["subject"]["digest"] == image
    assert about["artifactType"] == ARTIFACT
    layers = {
        layer["annotations"]["org.opencontainers.image.title"]: layer["digest"]
        for layer in about["layers"]
    }
    expected = {
        f"{stage}/{name}": file["digest"]
        for stage in ("build", "scan")
        for name, file in evidence[stage].get("files", {}).items()
    }
    assert layers == expected
    assert any(name.startswith("scan/") for name in layers)
    for digest in layers.values():
        status, data = registry.get(f"/v2/{PATH}/blobs/{digest}")
        assert status == 200
        assert str(Digest.of(data)) == digest
    project.sluice("audit", "verify", check=0)
