"""Files of a project for whoever only looks: no folder is made."""

from pathlib import Path

from typing_extensions import override

from sluicegate.adapters.workspace import LocalWorkspace


class ExistingWorkspace(LocalWorkspace):
    """As `LocalWorkspace`, but what is not there is not made."""

    def __init__(self, project: Path, state: Path, cache: Path, home: Path) -> None:
        super().__init__(project, state, "plan", cache, home=home)

    @override
    def cache(self) -> str:
        """The cache, or the nearest folder above it that is there.

        Programs are asked from within it, and a folder of theirs has to exist.
        """
        folder = self._cache
        while not folder.is_dir() and folder != folder.parent:
            folder = folder.parent
        return str(folder)
