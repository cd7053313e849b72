"""Files of a run: where stages write, and reading what they wrote."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ProjectFile:
    """A file of the project, by its path relative to the project's folder."""

    path: str
    data: bytes
    executable: bool


class Workspace(Protocol):
    """The folder of a project, and the folders of a run beside it."""

    def project(self) -> str:
        """The absolute path of the pipeline file's folder."""
        ...

    def output(self, stage: str, attempt: int) -> str:
        """Make an empty directory for one attempt at a stage; its absolute path."""
        ...

    def cache(self) -> str:
        """A directory for caches of tools, kept between runs; its absolute path."""
        ...

    def collect(self, patterns: Sequence[str]) -> tuple[ProjectFile, ...]:
        """Read the files of the project that *patterns* name, sorted by path.

        A pattern is a path or a glob, relative to the project's folder; a folder stands
        for all files in it.

        Raises:
            PermanentError: a pattern matches nothing, or leads out of the project, or a
                file cannot be read, is not a plain file, or is too large.
        """
        ...

    def restore(self, file: ProjectFile) -> None:
        """Write a file of the project whole, unless it is there just so.

        Raises:
            PermanentError: it cannot be written, or its path leads out of the project.
        """
        ...

    def home(self) -> str | None:
        """The absolute path of the user's home folder; None where there is none."""
        ...

    def sources(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """Read files of the project, named by paths relative to its folder.

        What is not a plain file of at most 1 MiB, or cannot be read, is left out.
        """
        ...

    def read(self, path: str) -> bytes | None:
        """Read a file that a stage wrote, or None if there is none.

        Raises:
            PermanentError: it cannot be read, is not a plain file, or is too large.
        """
        ...
