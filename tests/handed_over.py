"""Results on their way from one run in memory to another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from fakes import FakeEvidence
from run_world import World
from typing_extensions import override

from sluicegate.engine.handing import Giver, Handing, RawResult, Taken
from sluicegate.engine.outputs import load_outputs
from sluicegate.engine.runner import Runner
from sluicegate.errors import PermanentError
from sluicegate.model.digest import Digest
from sluicegate.model.event import HandedOver, RunStarted
from sluicegate.model.hand_over import (
    HandedFile,
    HandedImage,
    HandedOutput,
    HandedStage,
    HandedStep,
)
from sluicegate.ports.image_archive import ImageArchives

ANNOUNCED = HandedOver(Digest.of(b"handover.json"), "build")


@dataclass
class FakeImages(ImageArchives):
    """An engine; *held* are the images in archives, by path."""

    held: dict[str, Digest] = field(default_factory=dict)
    loaded: list[tuple[Digest, str, str]] = field(default_factory=list)

    @override
    def save(self, image: Digest, path: str) -> None:
        self.held[path] = image

    @override
    def load(self, image: Digest, path: str, name: str) -> None:
        if self.held.get(path) != image:
            raise PermanentError(f"the archive holds another image than {image.short}")
        self.loaded.append((image, path, name))


@dataclass
class FakeGiver(Giver):
    """Keeps what it is given, newest last."""

    raw: list[RawResult] = field(default_factory=list)

    @override
    def give(self, raw: RawResult) -> None:
        self.raw.append(raw)


@dataclass
class Parcel:
    """A stage's result as another job takes it, with the files that it names."""

    result: HandedStage
    files: dict[Digest, bytes] = field(default_factory=dict)
    archive: str | None = None

    @classmethod
    def of(cls, raw: RawResult, evidence: FakeEvidence | None = None) -> "Parcel":
        files: dict[Digest, bytes] = {}

        def keep(data: bytes) -> HandedFile:
            files[Digest.of(data)] = data
            return HandedFile(Digest.of(data), len(data))

        outputs = None
        if raw.outputs is not None and evidence is not None:
            outputs = tuple(
                HandedOutput(each.path, keep(each.data), each.executable)
                for each in load_outputs(raw.outputs, evidence)
            )
        steps = tuple(
            HandedStep(
                step.name,
                step.result.exit_code,
                keep(step.result.stdout),
                keep(step.result.stderr),
                step.result.usage,
                {name: keep(data) for name, data in step.files.items()},
            )
            for step in raw.steps
        )
        image = archive = None
        if raw.built is not None:
            image = HandedImage(raw.built, "image.tar", keep(b"archive"))
            archive = "/incoming/image.tar"
        result = HandedStage(
            raw.stage,
            raw.uses,
            raw.start_ts,
            raw.end_ts,
            raw.usage,
            dict(raw.tools),
            raw.images,
            steps,
            raw.broken,
            outputs,
            image,
            raw.secrets,
        )
        return cls(result, files, archive)

    def taken(self, project: str = "/elsewhere") -> Taken:
        return Taken(
            self.result,
            ANNOUNCED,
            project,
            lambda file: self.files[file.digest],
            self.archive,
        )

    def step(self, name: str, data: bytes, **changes: object) -> "Parcel":
        """The same, but for the output of the step *name*, and *changes* of it."""
        file = HandedFile(Digest.of(data), len(data))
        steps = tuple(
            replace(each, stdout=file, **changes) if each.name == name else each  # type: ignore[arg-type]
            for each in self.result.steps
        )
        result = replace(self.result, steps=steps)
        return Parcel(result, {**self.files, file.digest: data}, self.archive)

    def but(self, **changes: object) -> "Parcel":
        """The same, but for *changes* of the result."""
        changed = replace(self.result, **changes)  # type: ignore[arg-type]
        return Parcel(changed, self.files, self.archive)


def runner_with(
    world: World, handing: Handing, images: ImageArchives | None = None
) -> Runner:
    """What carries a run of *world* out with *handing*."""
    ports = replace(world.fakes.ports(), handing=handing, images=images)
    return Runner(
        world.pipeline, world.source, ports, world.record, world.observer, jobs=1
    )


def hand_over(world: World) -> Mapping[str, Parcel]:
    """Run all of *world*, and hand over what its stages found."""
    giver = FakeGiver()
    runner_with(world, Handing(giver=giver)).start("R", world.started())
    return {raw.stage: Parcel.of(raw, world.fakes.evidence) for raw in giver.raw}


def take(*parcels: Parcel) -> Handing:
    """What takes *parcels* and runs nothing else."""
    taken = {each.result.stage: each.taken() for each in parcels}
    return Handing(taken, takes_only=True)


def begun_with(world: World, digests: Sequence[Digest]) -> RunStarted:
    return replace(world.started(), handed_over=tuple(digests))
