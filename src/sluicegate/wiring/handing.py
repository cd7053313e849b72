"""Hand-overs by their folders: giving the results of this job on, taking others'."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from typing_extensions import override

from sluicegate import __version__
from sluicegate.adapters.handing.incoming import IncomingFolder
from sluicegate.engine.hand_over_form import MAX_BYTES, parse_hand_over
from sluicegate.engine.handing import Taken
from sluicegate.errors import UsageError
from sluicegate.model.digest import Digest
from sluicegate.model.event import HandedOver
from sluicegate.model.hand_over import HandedFile, HandedStage, HandOver
from sluicegate.stages.docker_build import DockerBuildStage
from sluicegate.stages.stage import CommandStage
from sluicegate.wiring.project import Project

_DIGEST = "sha256:"


@dataclass(frozen=True, slots=True)
class Announced:
    """A folder, and the digest by which another job has announced what is in it.

    ``stages`` are those that the job may speak for, None for all: one that runs the
    code of others could hand over the scan of what it has built, too.
    """

    folder: Path
    digest: Digest
    stages: frozenset[str] | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``DIR=sha256:HEX``, or ``DIR=sha256:HEX=STAGE,STAGE``.

        Raises:
            UsageError: *text* has another form.
        """
        folder, _, digest = text.rpartition("=")
        stages = None
        if not digest.startswith(_DIGEST):
            stages = frozenset(filter(None, digest.replace(",", " ").split()))
            folder, _, digest = folder.rpartition("=")
        refusal = UsageError(
            f"not a hand-over: {text!r}",
            hint="write DIR=sha256:HEX, as `sluice run --hand-over DIR` says it, or"
            " DIR=sha256:HEX=STAGE,STAGE for one that may hold these stages alone",
        )
        if not folder or stages == frozenset():
            raise refusal
        try:
            return cls(Path(folder), Digest.parse(digest), stages)
        except UsageError as error:
            raise refusal from error

    @override
    def __str__(self) -> str:
        """As `parse` reads it."""
        stages = "" if self.stages is None else f"={','.join(sorted(self.stages))}"
        return f"{self.folder}={self.digest}{stages}"

    def check_speaks_for(self, stages: Iterable[str]) -> None:
        """See to it that nothing but what it may hold is in it: *stages* are.

        Raises:
            UsageError: it holds more.
        """
        more = [] if self.stages is None else sorted(set(stages) - self.stages)
        if self.stages is not None and more:
            raise UsageError(
                f"it holds the stage {more[0][:60]}, and may hold"
                f" {' and '.join(sorted(self.stages))} alone",
                hint="a job speaks for its own stages: name them for the job that runs"
                " them and for the one that takes them over alike",
            )


@dataclass(frozen=True)
class Incoming:
    """What the folders of *announced* hand over to a run of *project*.

    ``labels`` are those of the run.
    """

    project: Project
    announced: Sequence[Announced]
    labels: Mapping[str, str]

    @property
    def digests(self) -> tuple[Digest, ...]:
        """Of the hand-overs, each once."""
        return tuple(each.digest for each in self.announced)

    @cached_property
    def taken(self) -> Mapping[str, Taken]:
        """The results, by stage, every byte of them checked.

        Raises:
            IntegrityError: a folder holds something else than was announced.
            UsageError: what it holds is not about this run, or cannot be used.
        """
        found = [taken for each in self.announced for taken in self._read(each)]
        for name, number in Counter(each.result.stage for each in found).items():
            if number > 1:
                raise UsageError(f"stage {name} is handed over {number} times")
        taken = {each.result.stage: each for each in found}
        for each in found:
            self._check_images(each, taken)
        return taken

    def _read(self, announced: Announced) -> Iterator[Taken]:
        folder = IncomingFolder(announced.folder)
        data = folder.index(announced.digest, MAX_BYTES)
        try:
            handed = parse_hand_over(data)
            announced.check_speaks_for(each.stage for each in handed.stages)
            self._check(handed)
        except UsageError as error:
            raise UsageError(f"{announced.folder}: {error}", hint=error.hint) from error
        images = [each.image for each in handed.stages if each.image is not None]
        if len({image.name for image in images}) < len(images):
            raise UsageError(f"{announced.folder}: two images in one archive")
        folder.check(sizes_of(handed), {each.name: each.archive for each in images})
        for stage in handed.stages:
            yield Taken(
                stage,
                HandedOver(announced.digest, handed.job),
                handed.project,
                folder.read,
                None if stage.image is None else folder.path_of(stage.image.name),
            )

    def _check(self, handed: HandOver) -> None:
        """See to it that *handed* is about this pipeline and this commit.

        Raises:
            UsageError: it is not.
        """
        source, pipeline = self.project.source, self.project.pipeline
        if handed.version != __version__:
            raise UsageError(
                f"it was written by Sluicegate {handed.version}, and this is"
                f" {__version__}: what one looks for, the other may not have kept",
                hint="use one version in all jobs",
            )
        if handed.commit != source.commit:
            raise UsageError(
                f"it is about commit {handed.commit[:12]}, and {source.commit[:12]} is"
                " checked out",
                hint="check out one commit in all jobs, by its full hash",
            )
        if (handed.pipeline, handed.definition) != (pipeline.name, pipeline.definition):
            raise UsageError(
                f"it is about another pipeline than {self.project.file} has",
                hint="name one pipeline file in all jobs, and change it in none",
            )
        if dict(handed.labels) != dict(self.labels):
            raise UsageError(
                "it has other labels than this run",
                hint="give the same --label in all jobs",
            )
        for stage in handed.stages:
            self._check_stage(stage)

    def _check_stage(self, result: HandedStage) -> None:
        names = [named.name for named in self.project.pipeline.stages]
        if result.stage not in names:
            raise UsageError(f"the pipeline has no stage {result.stage[:60]!r}")
        stage = self.project.pipeline.stage(result.stage).stage
        if not isinstance(stage, CommandStage):
            raise UsageError(
                f"stage {result.stage} publishes or releases: nobody does that for"
                " another"
            )
        if stage.uses != result.uses:
            raise UsageError(f"stage {result.stage} uses {stage.uses} and nothing else")
        if result.image is not None and not isinstance(stage, DockerBuildStage):
            raise UsageError(f"stage {result.stage} builds no image")

    def _check_images(self, each: Taken, taken: Mapping[str, Taken]) -> None:
        """See to it that a result is about the images that are handed over with it.

        Raises:
            UsageError: it was made of others.
        """
        from sluicegate.engine.selection import upstream  # noqa: PLC0415 - rare

        before = upstream(self.project.pipeline, each.result.stage)
        images = {
            found.result.image.image
            for name, found in taken.items()
            if name in before and found.result.image is not None
        }
        if images and set(each.result.images) != images:
            raise UsageError(
                f"stage {each.result.stage} was run with another image than the one"
                " that is handed over",
                hint="hand over what was made of one another",
            )


def sizes_of(handed: HandOver) -> dict[Digest, int]:
    """The size of every file that *handed* names.

    Raises:
        UsageError: it names one with two sizes.
    """
    found: dict[Digest, int] = {}
    for file in _each_file(handed):
        if found.setdefault(file.digest, file.size) != file.size:
            raise UsageError("a hand-over that names one file with two sizes")
    return found


def _each_file(handed: HandOver) -> Iterator[HandedFile]:
    for stage in handed.stages:
        for step in stage.steps:
            yield step.stdout
            yield step.stderr
            yield from step.files.values()
        for output in stage.outputs or ():
            yield output.file
