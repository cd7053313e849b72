"""A repository whose work tree is seen not to change: its content is read once."""

import threading
from collections.abc import Sequence

from typing_extensions import override

from sluicegate.model.digest import Digest
from sluicegate.model.source import Source, WorkTree
from sluicegate.ports.repository import Repository


class SteadyRepository(Repository):
    """Remembers the content of *repository*, for a run that began with a clean tree.

    What Git sees of such a tree is that of its commit, and a stage that finds it
    otherwise is broken before it asks. Declared paths are read each time: they may be
    files that Git ignores, and a stage before may have written them. So is what Git
    does not see.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._lock = threading.Lock()
        self._known: dict[tuple[str, ...], Digest] = {}

    @override
    def source(self) -> Source:
        return self._repository.source()

    @override
    def work_tree(self) -> WorkTree:
        return self._repository.work_tree()

    @override
    def content(self, paths: Sequence[str], *, declared: bool = False) -> Digest:
        if declared:
            return self._repository.content(paths, declared=True)
        asked = tuple(paths)
        with self._lock:
            if asked in self._known:
                return self._known[asked]
            found = self._repository.content(paths)
            if self._repository.notices(paths):
                self._known[asked] = found
            return found

    @override
    def notices(self, paths: Sequence[str]) -> bool:
        return self._repository.notices(paths)
