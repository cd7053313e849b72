"""Handing the results of this job on to one that may record them."""

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from typing_extensions import override

from sluicegate import __version__
from sluicegate.adapters.handing.outgoing import OutgoingFolder
from sluicegate.engine.hand_over_form import JOB_PATTERN, format_hand_over
from sluicegate.engine.handing import Giver, RawResult
from sluicegate.engine.outputs import load_outputs
from sluicegate.errors import UsageError
from sluicegate.model.command import StepResult
from sluicegate.model.digest import Digest
from sluicegate.model.hand_over import (
    HandedImage,
    HandedOutput,
    HandedStage,
    HandedStep,
    HandOver,
)
from sluicegate.ports.evidence import EvidenceStore
from sluicegate.ports.image_archive import ImageArchives
from sluicegate.wiring.handing import sizes_of
from sluicegate.wiring.project import Project

_LONGEST_REASON = 1000  # characters
_JOBS = ("GITHUB_JOB", "CI_JOB_NAME")
"""Variables in which a CI tells a job its name.

Source:
    GitHub, "Variables reference"; GitLab, "Predefined CI/CD variables reference".
"""


@dataclass
class Outgoing(Giver):
    """Writes what a run of *project* finds into *folder*.

    ``labels`` are those of the run. Outputs are read from *evidence*, where they are
    kept anyway, and images from the engine.
    """

    project: Project
    folder: OutgoingFolder
    evidence: EvidenceStore
    images: ImageArchives
    labels: Mapping[str, str]
    _stages: dict[str, HandedStage] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @override
    def give(self, raw: RawResult) -> None:
        before = self._stages.get(raw.stage)
        self._stages[raw.stage] = HandedStage(
            raw.stage,
            raw.uses,
            raw.start_ts,
            raw.end_ts,
            raw.usage,
            dict(raw.tools),
            raw.images,
            tuple(self._step(step) for step in raw.steps),
            None if raw.broken is None else raw.broken[:_LONGEST_REASON],
            self._outputs(raw),
            None if raw.built is None else self._image(raw.stage, raw.built),
            # Of all attempts: nobody else can tell what the earlier ones were given.
            (*(() if before is None else before.secrets), *raw.secrets),
        )

    def _step(self, step: StepResult) -> HandedStep:
        result, keep = step.result, self.folder.keep
        return HandedStep(
            step.name,
            result.exit_code,
            keep(result.stdout),
            keep(result.stderr),
            result.usage,
            {name: keep(data) for name, data in step.files.items()},
        )

    def _outputs(self, raw: RawResult) -> tuple[HandedOutput, ...] | None:
        if raw.outputs is None:
            return None
        return tuple(
            HandedOutput(each.path, self.folder.keep(each.data), each.executable)
            for each in load_outputs(raw.outputs, self.evidence)
        )

    def _image(self, stage: str, image: Digest) -> HandedImage:
        with self._lock:
            number = self._numbers.setdefault(stage, len(self._numbers) + 1)
        name = "image.tar" if number == 1 else f"image-{number}.tar"
        self.images.save(image, self.folder.path_of(name))
        return HandedImage(image, name, self.folder.look_at(name))

    def finish(self) -> Digest:
        """Put everything in its place.

        Returns:
            The digest by which to announce it.
        """
        project = self.project
        order = [named.name for named in project.pipeline.stages]
        handed = HandOver(
            version=__version__,
            pipeline=project.pipeline.name,
            definition=project.pipeline.definition,
            commit=project.source.commit,
            labels=dict(sorted(self.labels.items())),
            project=str(project.folder),
            stages=tuple(
                sorted(self._stages.values(), key=lambda it: order.index(it.stage))
            ),
            job=_job(project.machine.environ),
        )
        data = format_hand_over(handed)
        self.folder.finish(data, sizes_of(handed))
        return Digest.of(data)


@contextmanager
def opened(project: Project, place: Path) -> Iterator[OutgoingFolder]:
    """The folder at *place*, to be written; nothing is left of it if it is not.

    Raises:
        UsageError: it is there already, or is where a change would be one of the
            project.
    """
    root = Path(project.source.root).resolve()
    where = place.absolute().parent.resolve() / place.name
    if where.is_relative_to(root):
        raise UsageError(
            f"{place} is inside the repository, where it would be a change that no"
            " commit holds",
            hint="name a folder elsewhere, on GitHub ${RUNNER_TEMP}/hand-over",
        )
    folder = OutgoingFolder(place)
    try:
        yield folder
    finally:
        folder.abandon()


def _job(environ: Mapping[str, str]) -> str | None:
    """What this job is called by the CI that runs it, None if it is called nothing."""
    names = (environ.get(variable, "") for variable in _JOBS)
    return next((name for name in names if re.fullmatch(JOB_PATTERN, name)), None)
