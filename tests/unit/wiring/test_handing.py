"""Unit tests of `sluicegate.wiring.handing` and `.giving`: what may be taken over."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cli_project import CliProject
from fakes import FakeEvidence, FakePorts, exited
from handed_over import FakeImages
from typing_extensions import override

from sluicegate.engine.handing import RawResult
from sluicegate.engine.outputs import keep_listed
from sluicegate.errors import IntegrityError, UsageError
from sluicegate.model.command import ResourceUsage, StepResult
from sluicegate.model.digest import Digest
from sluicegate.model.tool import Tool
from sluicegate.wiring.giving import Outgoing, opened
from sluicegate.wiring.handing import Announced, Incoming
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.project import Project

PIPELINE = """\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  test: {uses: command, run: "true", outputs: [model.bin]}
  build: {uses: docker-build, image: ghcr.io/acme/churn}
  scan: {uses: trivy}
  publish: {uses: publish}
"""
IMAGE = Digest.of(b"image")
DOCKER = Tool("docker", ("docker",), "20.10", None, "on PATH")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("project")
    made = CliProject.make(root, {"sluicegate.yaml": PIPELINE, "Dockerfile": "FROM x"})
    environ = {"HOME": str(made.home), "PATH": "/usr/bin:/bin", "GITHUB_JOB": "build"}
    return Project(Machine(environ=environ), made.folder / "sluicegate.yaml")


def raw(project: Project, stage: str, **more: Any) -> RawResult:  # noqa: ANN401
    now = project.machine.clock.now()
    usage = ResourceUsage(1)
    steps = (StepResult("one", exited(0, stage.encode()), {"report.json": b"{}"}),)
    uses = project.pipeline.stage(stage).stage.uses
    known: dict[str, Any] = {"tools": {}, "images": (), "steps": steps, "broken": None}
    last = {"outputs": None, "built": None}
    return RawResult(stage, uses, now, now, usage, **{**known, **last, **more})


@pytest.fixture
def place(project: Project, tmp_path: Path) -> Path:
    """A hand-over of three stages."""
    evidence, images = FakeEvidence(), WrittenImages()
    place = tmp_path / "out"
    with opened(project, place) as folder:
        outgoing = Outgoing(project, folder, evidence, images, {})
        outgoing.give(raw(project, "test"))
        outgoing.give(raw(project, "build", tools={"docker": DOCKER}, built=IMAGE))
        outgoing.give(raw(project, "scan", images=(IMAGE,)))
        outgoing.finish()
    return place


class WrittenImages(FakeImages):
    """An engine that writes archives."""

    @override
    def save(self, image: Digest, path: str) -> None:
        Path(path).write_bytes(image.hex.encode())


def announced(place: Path) -> Announced:
    index = (place / "handover.json").read_bytes()
    return Announced(place, Digest.of(index))


def take(project: Project, *places: Path, **labels: str) -> Incoming:
    return Incoming(project, tuple(map(announced, places)), labels)


def change(place: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    index = place / "handover.json"
    document: dict[str, Any] = json.loads(index.read_bytes())
    edit(document)
    text = json.dumps(document, sort_keys=True, indent=1, ensure_ascii=False)
    index.write_text(f"{text}\n")


def test_what_was_given_is_taken(project: Project, place: Path) -> None:
    incoming = take(project, place)

    assert list(incoming.taken) == ["test", "build", "scan"]
    build = incoming.taken["build"]
    assert (build.handed_over.job, build.result.tools) == ("build", {"docker": DOCKER})
    assert build.archive == str(place / "image.tar")
    assert build.project == str(project.folder)
    (step,) = build.result.steps
    assert build.read(step.stdout) == b"build"
    assert incoming.digests == (build.handed_over.digest,)


def test_only_the_last_attempt_is_given(project: Project, tmp_path: Path) -> None:
    place = tmp_path / "out"
    with opened(project, place) as folder:
        outgoing = Outgoing(project, folder, FakeEvidence(), FakeImages(), {})
        outgoing.give(raw(project, "test"))
        outgoing.give(raw(project, "test", steps=(), broken="the disk is full"))
        outgoing.finish()

    taken = take(project, place).taken["test"]

    assert (taken.result.broken, taken.result.steps) == ("the disk is full", ())


def test_declared_outputs_are_given(project: Project, tmp_path: Path) -> None:
    ports = FakePorts()
    ports.workspace.files["/project/model.bin"] = b"model"
    made = ports.workspace.collect(["model.bin"])
    (listed,) = keep_listed(made, lambda _kept: None, ports.ports())
    place = tmp_path / "out"
    with opened(project, place) as folder:
        outgoing = Outgoing(project, folder, ports.evidence, FakeImages(), {})
        outgoing.give(raw(project, "test", outputs=listed))
        outgoing.finish()

    taken = take(project, place).taken["test"]

    assert taken.result.outputs is not None
    (output,) = taken.result.outputs
    assert (output.path, taken.read(output.file)) == ("model.bin", b"model")


def test_what_is_not_finished_leaves_nothing_behind(
    project: Project, tmp_path: Path
) -> None:
    with opened(project, tmp_path / "out") as folder:
        folder.keep(b"half of it")

    assert list(tmp_path.iterdir()) == []


def test_nothing_is_handed_over_inside_the_repository(project: Project) -> None:
    with (
        pytest.raises(UsageError, match="inside the repository"),
        opened(project, project.folder / "out"),
    ):
        pass


def test_two_jobs_hand_over_side_by_side(project: Project, tmp_path: Path) -> None:
    for name in ("test", "build"):
        with opened(project, tmp_path / name) as folder:
            outgoing = Outgoing(project, folder, FakeEvidence(), FakeImages(), {})
            outgoing.give(raw(project, name))
            outgoing.finish()

    incoming = take(project, tmp_path / "test", tmp_path / "build")

    assert set(incoming.taken) == {"test", "build"}
    assert len(set(incoming.digests)) == 2


def test_a_stage_that_is_handed_over_twice_is_refused(
    project: Project, place: Path, tmp_path: Path
) -> None:
    with opened(project, tmp_path / "again") as folder:
        outgoing = Outgoing(project, folder, FakeEvidence(), FakeImages(), {})
        outgoing.give(raw(project, "test"))
        outgoing.finish()

    with pytest.raises(UsageError, match="stage test is handed over 2 times"):
        _ = take(project, place, tmp_path / "again").taken


def _set(*keys: str | int, to: object) -> Callable[[dict[str, Any]], None]:
    def edit(document: dict[str, Any]) -> None:
        node: Any = document
        for key in keys[:-1]:
            node = node[key]
        node[keys[-1]] = to

    return edit


FORGED: Mapping[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "commit": (_set("commit", to="b" * 40), "it is about commit bbbbbbbbbbbb"),
    "definition": (_set("definition", to=f"sha256:{'b' * 64}"), "another pipeline"),
    "pipeline": (_set("pipeline", to="churn_release_v1.1"), "another pipeline"),
    "version": (_set("version", to="0.0.1"), "by Sluicegate 0.0.1"),
    "labels": (_set("labels", to={"os": "linux"}), "other labels"),
    "a kind": (_set("stages", 0, "uses", to="trivy"), "uses command and nothing"),
    "no such stage": (_set("stages", 0, "stage", to="nosuch"), "no stage 'nosuch'"),
    "a release": (_set("stages", 0, "stage", to="publish"), "publishes or releases"),
    "twice": (lambda it: it["stages"].append(it["stages"][0]), "2 times"),
    "a verdict": (_set("stages", 0, "verdict", to="open"), "verdict"),
    "path": (
        _set("stages", 0, "steps", 0, "stdout", "digest", to="sha256:../../etc/passwd"),
        "not a hand-over",
    ),
    "another image": (
        _set("stages", 2, "images", to=[f"sha256:{'b' * 64}"]),
        "with another image",
    ),
    "no image": (_set("stages", 2, "images", to=[]), "with another image"),
    "an image of a scan": (
        lambda it: it["stages"][2].update(image=it["stages"][1]["image"]),
        "builds no image",
    ),
    "archive elsewhere": (
        _set("stages", 1, "image", "name", to="../image.tar"),
        "not a hand-over",
    ),
    "archive that is not there": (
        _set("stages", 1, "image", "name", to="image-2.tar"),
        "holds what its index does not name: 'image.tar'",
    ),
    "a file that is not there": (
        _set(
            *("stages", 0, "steps", 0, "stderr"),
            to={"digest": f"sha256:{'b' * 64}", "size": 1},
        ),
        "has no files/",
    ),
    "two sizes": (
        _set("stages", 0, "steps", 0, "stderr", "size", to=1),
        "one file with two sizes",
    ),
    "too large": (
        lambda it: [
            step["files"].update({"report.json": {**step["stdout"], "size": 5 << 30}})
            or step.update(stdout={**step["stdout"], "size": 5 << 30})
            for step in it["stages"][0]["steps"]
        ],
        "holds more than",
    ),
}


@pytest.mark.parametrize("forged", FORGED)
def test_what_is_not_about_this_run_is_refused(
    project: Project, place: Path, forged: str
) -> None:
    edit, words = FORGED[forged]
    change(place, edit)

    with pytest.raises(UsageError, match=words):
        _ = take(project, place).taken


def test_an_index_that_was_not_announced_is_refused(
    project: Project, place: Path
) -> None:
    before = announced(place)
    change(place, _set("job", to="another"))

    with pytest.raises(IntegrityError):
        _ = Incoming(project, (before,), {}).taken


def test_an_archive_that_was_exchanged_is_refused(
    project: Project, place: Path
) -> None:
    archive = place / "image.tar"
    archive.write_bytes(archive.read_bytes()[::-1])

    with pytest.raises(IntegrityError, match=r"image\.tar"):
        _ = take(project, place).taken


def test_labels_have_to_be_those_of_the_run(project: Project, place: Path) -> None:
    with pytest.raises(UsageError, match="other labels"):
        _ = take(project, place, os="linux").taken


@pytest.mark.parametrize(
    ("end", "stages"),
    [("", None), ("=scan", {"scan"}), ("=lint,test", {"lint", "test"})],
)
def test_what_one_job_says_of_a_folder_another_reads(
    end: str, stages: set[str] | None
) -> None:
    text = f"/a=b/c=sha256:{'a' * 64}{end}"

    found = Announced.parse(text)

    assert (str(found.folder), found.digest.hex) == ("/a=b/c", "a" * 64)
    assert found.stages == stages
    assert str(found) == text


@pytest.mark.parametrize("text", ["", "a", "a=", "a=test", "=sha256:X", "a=sha256:X="])
def test_what_names_no_folder_digest_or_stage_is_no_hand_over(text: str) -> None:
    with pytest.raises(UsageError, match="not a hand-over"):
        Announced.parse(text.replace("X", "a" * 64))


def test_a_job_that_builds_cannot_hand_over_the_scan_of_it(
    project: Project, place: Path
) -> None:
    parcel = replace(announced(place), stages=frozenset({"test", "build"}))

    with pytest.raises(UsageError, match="holds the stage scan, and may hold build"):
        _ = Incoming(project, (parcel,), {}).taken


def test_a_job_hands_over_what_it_may(project: Project, place: Path) -> None:
    names = frozenset({"test", "build", "scan", "publish"})
    parcel = replace(announced(place), stages=names)

    assert list(Incoming(project, (parcel,), {}).taken) == ["test", "build", "scan"]


@pytest.mark.parametrize(
    ("environ", "job"),
    [
        ({}, None),
        ({"GITHUB_JOB": "test-3_11"}, "test-3_11"),
        ({"CI_JOB_NAME": "unit tests"}, "unit tests"),
        ({"GITHUB_JOB": "x\n::error::y"}, None),
        ({"GITHUB_JOB": "<b>"}, None),
    ],
)
def test_a_job_is_called_what_its_ci_calls_it(
    project: Project, tmp_path: Path, environ: dict[str, str], job: str | None
) -> None:
    machine = Machine(environ={**project.machine.environ, "GITHUB_JOB": "", **environ})
    here = replace(project, machine=machine)
    with opened(here, tmp_path / "out") as folder:
        Outgoing(here, folder, FakeEvidence(), FakeImages(), {}).finish()

    document = json.loads((tmp_path / "out/handover.json").read_bytes())

    assert document["job"] == job
