"""The Git repository that is being released."""

from collections.abc import Sequence
from typing import Protocol

from sluicegate.model.digest import Digest
from sluicegate.model.source import Source, WorkTree


class Repository(Protocol):
    """Reads the state of a work tree."""

    def source(self) -> Source:
        """Read what is checked out, and where it belongs.

        Raises:
            UsageError: there is no Git repository, or no commit in it.
            PermanentError: Git is missing or fails.
        """
        ...

    def content(self, paths: Sequence[str], *, declared: bool = False) -> Digest:
        """The digest of what the work tree holds at *paths*, names and modes included.

        The same content gives the same digest, whatever commit it is in and whether it
        is committed. Files that Git ignores count only where *declared*. What
        links lead to counts, as does what lies in submodules.

        Args:
            paths: Git pathspecs, relative to the project's folder.
            declared: a person named these: each must match something.

        Raises:
            PermanentError: it cannot be read, or a declared path matches nothing.

        Source:
            gitglossary(7), "pathspec".
        """
        ...

    def notices(self, paths: Sequence[str]) -> bool:
        """Whether `work_tree` would show any change of what `content` read at *paths*.

        Not so, for instance, where a link leads to a file that Git ignores.
        """
        ...

    def work_tree(self) -> WorkTree:
        """Read what is checked out now; cheaper than `source`.

        Raises:
            UsageError: as for `source`.
            PermanentError: as for `source`.
        """
        ...
