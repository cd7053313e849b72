"""Files of a project for whoever only looks: no folder is made."""

from pathlib import Path

from typing_extensions import override

from sluicegate.adapters.workspace import LocalWorkspace


class ExistingWorkspace(LocalWorkspace):
    """As `LocalWorkspace`, but the cache of tools is named and not made."""

    def __init__(self, project: Path, state: Path, cache: Path, home: Path) -> None:
        super().__init__(project, state, "plan", cache, home=home)

    @override
    def cache(self) -> str:
        return str(self._cache)
