"""A project whose pipeline may be found rather than written, and what is said of it."""

from collections.abc import Iterator
from pathlib import Path

from sluicegate.config.file import PIPELINE_FILE
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.project import Project


def open_project(machine: Machine, file: Path | None) -> Project:
    """The project of *file*; without one, of this folder, detected if need be."""
    return Project(machine, file or Path(PIPELINE_FILE), may_detect=file is None)


def describe_detected(project: Project) -> Iterator[str]:
    """Lines that say what was chosen and why; none where there is a file.

    Raises:
        UsageError: there is no file, and what is there makes no pipeline.
    """
    found = project.detected
    if found is None:
        return
    from sluicegate.detect.choice import explain  # noqa: PLC0415 - rarely needed

    yield f"there is no {PIPELINE_FILE}, so this is run, after what is here:"
    for line in explain(found.service):
        yield f"  {line}"
    yield "`sluice init` writes it down, to be read and changed"
    yield ""


def describe_gaps(project: Project) -> Iterator[str]:
    """What a detected pipeline has not done: it must not pass for having done it."""
    if project.detected is not None:
        from sluicegate.detect.choice import not_done  # noqa: PLC0415 - likewise

        for line in not_done(project.detected.service):
            yield f"note: {line}"
