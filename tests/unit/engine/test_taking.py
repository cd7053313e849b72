"""Unit tests of `sluicegate.engine.taking`: results of another job, judged here."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from fakes import FakePorts, exited
from handed_over import (
    ANNOUNCED,
    FakeImages,
    Parcel,
    begun_with,
    hand_over,
    runner_with,
    take,
)
from run_world import World, outcome, pipeline, stage

from sluicegate.config.file import parse_pipeline
from sluicegate.engine.handing import Handing
from sluicegate.engine.machine import fold
from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome
from sluicegate.model.digest import Digest
from sluicegate.model.event import RunFinished, RunInterrupted, StageFinished
from sluicegate.model.hand_over import HandedFile, HandedImage, HandedStep
from sluicegate.model.run import Run
from sluicegate.model.tool import Tool

IMAGE = Digest.of(b"image")


def elsewhere() -> World:
    """Where the stages run: the second prints a line, for which its gate is closed."""
    world = World()
    world.fakes.process.answers["second"] = exited(0, b"one\n")
    world.fakes.workspace.files["/output/first-1/report"] = b"all is well"
    return world


def judge(*parcels: Parcel, here: World | None = None) -> Run:
    """Judge in another job what was handed over."""
    here = here or World()
    started = begun_with(here, [ANNOUNCED.digest])
    return runner_with(here, take(*parcels)).start("R", started)


def finished(run: Run, name: str) -> StageFinished:
    found = run.stage(name).finished
    assert found is not None
    return found


def test_what_was_handed_over_is_judged_as_if_it_had_run_here() -> None:
    there, here = elsewhere(), World()
    parcels = hand_over(there)

    run = judge(*parcels.values(), here=here)

    ran_there = fold("R", there.record.all())
    for name in ("first", "second"):
        found, expected = finished(run, name), finished(ran_there, name)
        assert (found.outcome, found.reason) == (expected.outcome, expected.reason)
        assert found.gate == expected.gate
        assert found.evidence == expected.evidence
        assert found.tools == expected.tools
        assert found.handed_over == ANNOUNCED
    assert outcome(run) is Outcome.CLOSED
    assert here.fakes.process.ran == []


def test_a_result_from_elsewhere_is_never_used_again() -> None:
    parcels = hand_over(elsewhere())

    run = judge(*parcels.values())

    assert finished(run, "first").inputs == {}


def test_no_program_is_looked_for() -> None:
    here = World()
    here.fakes.tools = replace(here.fakes.tools, missing=frozenset({"first", "second"}))

    run = judge(*hand_over(elsewhere()).values(), here=here)

    assert finished(run, "first").outcome is Outcome.OPEN


def test_a_stage_that_was_not_handed_over_is_not_run() -> None:
    here = World()

    run = judge(hand_over(elsewhere())["first"], here=here)

    assert finished(run, "second").outcome is Outcome.BROKEN
    assert "was not handed over" in finished(run, "second").reason
    assert here.fakes.process.ran == []


def test_a_job_that_hands_over_itself_runs_what_it_was_not_given() -> None:
    here = World()
    first = hand_over(elsewhere())["first"].taken()

    run = runner_with(here, Handing({"first": first})).start("R", here.started())

    assert outcome(run) is Outcome.OPEN
    assert here.programs() == ["second"]


def test_a_run_that_is_resumed_still_runs_nothing() -> None:
    parcels, here = hand_over(World()), World()
    started = begun_with(here, [ANNOUNCED.digest])
    run = runner_with(here, take(parcels["first"])).start("R", started)
    assert outcome(run) is Outcome.BROKEN

    again = runner_with(here, Handing(takes_only=True)).resume(
        fold("R", here.record.all())
    )

    assert outcome(again) is Outcome.BROKEN
    assert finished(again, "first").outcome is Outcome.OPEN
    assert here.fakes.process.ran == []

    given = runner_with(here, take(*parcels.values())).resume(
        fold("R", here.record.all())
    )
    assert outcome(given) is Outcome.OPEN


def test_a_broken_stage_stays_broken() -> None:
    there = World()
    there.fakes.process.answers["first"] = exited(1)
    parcels = hand_over(there)

    run = judge(*parcels.values())

    assert finished(run, "first").outcome is Outcome.BROKEN
    assert "the program crashed" in finished(run, "first").reason


def test_nothing_is_taken_over_in_a_tree_with_changes() -> None:
    here = World()
    here.fakes.repository.tree = replace(here.fakes.repository.tree, dirty=("a.py",))

    run = judge(*hand_over(elsewhere()).values(), here=here)

    assert finished(run, "first").outcome is Outcome.BROKEN


def _extra(parcel: Parcel) -> Parcel:
    (step, *others) = parcel.result.steps
    return parcel.but(steps=(step, *others, replace(step, name="more")))


def _large(parcel: Parcel) -> Parcel:
    (step, *others) = parcel.result.steps
    huge = replace(step.stdout, size=(8 << 20) + 1)
    return parcel.but(steps=(replace(step, stdout=huge), *others))


def _crashed(parcel: Parcel) -> Parcel:
    crashed = parcel.step("count", b"", exit_code=1)
    return crashed.but(steps=crashed.result.steps[:1])


def _named(parcel: Parcel) -> Parcel:
    (step, *others) = parcel.result.steps
    return parcel.but(steps=(replace(step, files={"other": step.stdout}), *others))


@pytest.mark.parametrize(
    ("forge", "words"),
    [
        pytest.param(lambda it: it.but(steps=()), "other steps", id="no step"),
        pytest.param(
            lambda it: it.but(steps=it.result.steps[:1]), "other steps", id="one less"
        ),
        pytest.param(
            lambda it: it.but(steps=it.result.steps[::-1]), "other steps", id="order"
        ),
        pytest.param(
            lambda it: it.but(steps=it.result.steps[:1] * 2), "other steps", id="twice"
        ),
        pytest.param(_extra, "other steps", id="one more"),
        pytest.param(_large, "more than a run keeps", id="too large"),
        pytest.param(_named, "files of other names", id="other file"),
        pytest.param(lambda it: it.but(tools={}), "other programs", id="no tools"),
        pytest.param(
            lambda it: it.but(
                tools={**it.result.tools, "x": Tool("x", (), "1", None, "")}
            ),
            "other programs",
            id="more tools",
        ),
        pytest.param(
            lambda it: it.but(images=(IMAGE,)), "it ran with image", id="image"
        ),
        pytest.param(
            lambda it: it.but(broken="so\nit is"), "so it is", id="says broken"
        ),
        pytest.param(_crashed, "the program crashed", id="crashed"),
    ],
)
def test_what_does_not_fit_the_stage_opens_nothing(
    forge: Callable[[Parcel], Parcel], words: str
) -> None:
    parcel = forge(hand_over(World())["first"])

    run = judge(parcel)

    assert finished(run, "first").outcome is Outcome.BROKEN
    assert words in finished(run, "first").reason


def test_a_verdict_cannot_be_handed_over() -> None:
    there = World()
    there.fakes.process.answers["first"] = exited(0, b"bad\n")

    run = judge(*hand_over(there).values())

    assert finished(run, "first").outcome is Outcome.CLOSED


def test_what_a_job_says_of_its_time_is_kept_within_bounds() -> None:
    parcel = hand_over(World())["first"]
    here = World()
    now = here.fakes.clock.now()
    late = parcel.but(
        start_ts=now + timedelta(days=3),
        end_ts=now + timedelta(days=2),
        usage=ResourceUsage(2**52),
    )

    found = finished(judge(late, here=here), "first")

    assert found.start_ts <= found.end_ts <= here.fakes.clock.now()
    assert found.usage.wall_ms == 7 * 24 * 3_600_000


def test_declared_outputs_are_kept_and_not_put_into_the_work_tree() -> None:
    what = pipeline(stage("first", outputs=("model.bin",)))
    there, here = World(what), World(what)
    there.fakes.workspace.files["/project/model.bin"] = b"model"
    parcels = hand_over(there)

    run = judge(*parcels.values(), here=here)
    runner_with(here, take()).resume(
        fold("R", [*here.record.all()[:-1], RunInterrupted(None)])
    )

    assert outcome(run) is Outcome.OPEN
    assert here.fakes.evidence.kept[Digest.of(b"model")] == b"model"
    assert here.fakes.workspace.files == {}


def test_outputs_that_were_not_handed_over_open_nothing() -> None:
    what = pipeline(stage("first", outputs=("model.bin",)))
    there = World(what)
    there.fakes.workspace.files["/project/model.bin"] = b"model"
    parcel = hand_over(there)["first"].but(outputs=None)

    run = judge(parcel, here=World(what))

    assert finished(run, "first").outcome is Outcome.BROKEN


def test_a_stage_whose_files_were_changed_is_handed_over_as_broken() -> None:
    there = World()

    def change() -> None:
        tree = there.fakes.repository.tree
        there.fakes.repository.tree = replace(tree, dirty=("a.py",))

    there.fakes.process.on_run = change
    there.fakes.process.answers["first"] = exited(0, b"closed\n")
    parcels = hand_over(there)

    assert parcels["first"].result.broken is not None
    assert parcels["first"].result.steps == ()


def test_an_event_of_a_run_that_takes_over_can_be_folded_from_the_log() -> None:
    here = World()
    judge(*hand_over(World()).values(), here=here)

    run = fold("R", here.record.all())

    assert run.started.handed_over == (ANNOUNCED.digest,)
    assert isinstance(run.finished, RunFinished)


# --- images: a build that was handed over, and a scan of it

IMAGES = parse_pipeline(
    b"""\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  build: {uses: docker-build, image: ghcr.io/acme/churn}
  scan: {uses: trivy, scanners: [secret], source: false, gate: ["scan.secrets == 0"]}
""",
    "sluicegate.yaml",
)
DOCKER = Tool("docker", ("docker",), "20.10.24", None, "on PATH")
TRIVY = Tool("trivy", ("trivy",), "0.59.1", None, "on PATH")


def world_of_images() -> World:
    world = World(IMAGES)
    world.fakes = FakePorts()
    world.fakes.workspace.files["/project/Dockerfile"] = b"FROM scratch\n"
    return world


def parcel_of(
    name: str,
    tools: dict[str, Tool],
    images: tuple[Digest, ...],
    *steps: tuple[str, int, bytes, dict[str, bytes]],
) -> Parcel:
    files: dict[Digest, bytes] = {}

    def keep(data: bytes) -> HandedFile:
        files[Digest.of(data)] = data
        return HandedFile(Digest.of(data), len(data))

    handed = tuple(
        HandedStep(
            step,
            code,
            keep(said),
            keep(b""),
            ResourceUsage(1),
            {file: keep(data) for file, data in written.items()},
        )
        for step, code, said, written in steps
    )
    there = World()
    now = there.fakes.clock.now()
    kind = IMAGES.stage(name).stage.uses
    parcel = hand_over(there)["first"].but(
        stage=name,
        uses=kind,
        start_ts=now,
        end_ts=now,
        tools=tools,
        images=images,
        steps=handed,
    )
    return Parcel(parcel.result, files)


def build(image: Digest = IMAGE, archived: Digest | None = IMAGE) -> Parcel:
    inspected = (
        f'[{{"Id":"{image}","Architecture":"amd64","Os":"linux","Size":1,'
        '"RootFS":{"Layers":[]}}]'
    ).encode()
    history = b'{"Size":"0","CreatedBy":"FROM"}\n'
    parcel = parcel_of(
        "build",
        {"docker": DOCKER},
        (),
        ("docker build", 0, b"", {"image-id.txt": str(image).encode()}),
        ("docker image inspect", 0, inspected, {}),
        ("docker image history", 0, history, {}),
        ("base image scratch", 1, b"[]", {}),
    )
    steps = parcel.result.steps[:3]  # FROM scratch names no image
    parcel = parcel.but(steps=steps)
    if archived is None:
        return parcel
    file = HandedFile(Digest.of(b"archive"), 7)
    parcel = parcel.but(image=HandedImage(archived, "image.tar", file))
    return Parcel(parcel.result, parcel.files, "/incoming/image.tar")


def scan(of: Digest = IMAGE, images: tuple[Digest, ...] = (IMAGE,)) -> Parcel:
    report = (
        '{"SchemaVersion":2,"ArtifactName":"x","ArtifactType":"container_image",'
        f'"Metadata":{{"ImageID":"{of}"}},"Results":[]}}'
    ).encode()
    return parcel_of(
        "scan",
        {"trivy": TRIVY},
        images,
        ("trivy image", 0, b"", {"image.json": report}),
        ("trivy convert", 0, b"", {"sbom.cdx.json": b"{}"}),
    )


def judge_images(*parcels: Parcel, held: Digest = IMAGE) -> tuple[Run, FakeImages]:
    here = world_of_images()
    images = FakeImages({"/incoming/image.tar": held})
    started = begun_with(here, [ANNOUNCED.digest])
    run = runner_with(here, take(*parcels), images).start("R", started)
    return run, images


def test_the_engine_gets_the_image_that_was_built_elsewhere() -> None:
    run, images = judge_images(build(), scan())

    assert outcome(run) is Outcome.OPEN, run
    name = f"ghcr.io/acme/churn:{'a' * 12}"
    assert images.loaded == [(IMAGE, "/incoming/image.tar", name)]
    assert finished(run, "build").subjects == (("ghcr.io/acme/churn", IMAGE),)


OTHER = Digest.of(b"another image")


@pytest.mark.parametrize(
    ("parcel", "held"),
    [
        pytest.param(build(archived=OTHER), OTHER, id="another is handed over"),
        pytest.param(build(archived=IMAGE), OTHER, id="another is in the archive"),
        pytest.param(build(archived=None), IMAGE, id="none is handed over"),
        pytest.param(build(image=OTHER), IMAGE, id="another was built"),
    ],
)
def test_an_image_that_is_not_the_one_that_was_built_opens_nothing(
    parcel: Parcel, held: Digest
) -> None:
    run, images = judge_images(parcel, scan(), held=held)

    assert finished(run, "build").outcome is Outcome.BROKEN
    assert images.loaded == []


@pytest.mark.parametrize(
    "parcel",
    [
        pytest.param(scan(images=(OTHER,)), id="run with another"),
        pytest.param(scan(images=()), id="run with none"),
        pytest.param(scan(of=OTHER), id="the report is of another"),
    ],
)
def test_a_scan_of_another_image_opens_nothing(parcel: Parcel) -> None:
    run, _ = judge_images(build(), parcel)

    assert finished(run, "build").outcome is Outcome.OPEN
    assert finished(run, "scan").outcome is Outcome.BROKEN


def test_an_image_behind_a_closed_gate_is_not_loaded() -> None:
    failed = build().step("docker build", b"no", exit_code=1)
    failed = failed.but(steps=failed.result.steps[:1])

    run, images = judge_images(failed)

    assert finished(run, "build").outcome is Outcome.CLOSED
    assert images.loaded == []


def test_a_resumed_run_lets_the_engine_have_the_image_again() -> None:
    here, images = world_of_images(), FakeImages({"/incoming/image.tar": IMAGE})
    started = begun_with(here, [ANNOUNCED.digest])
    runner_with(here, take(build()), images).start("R", started)
    images.loaded.clear()

    runner_with(here, take(build(), scan()), images).resume(
        fold("R", here.record.all())
    )

    assert [image for image, *_ in images.loaded] == [IMAGE]
