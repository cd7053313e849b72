"""Reading all that a work tree holds, where Git would not look or not tell, too.

Git compares a file with its index as it was told to: not at all where the file is
marked ``assume-unchanged`` or ``skip-worktree`` (a sparse checkout), after a filter
where an attribute names one, and a submodule only by its commit. Of a link it knows
where it leads, not what is there. Whoever runs in the work tree sees all of that.

Source:
    git-update-index(1), gitattributes(5) "filter", gitglossary(7) "pathspec".
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from sluicegate.adapters.git_content import Content, hash_file, parse_index
from sluicegate.errors import PermanentError
from sluicegate.model.digest import Digest

_LINK, _MODULE = "120000", "160000"
_CHANGED = ("--modified", "--deleted", "--others", "--exclude-standard")
_IGNORED = ("--others", "--ignored", "--exclude-standard")
# What Git stores otherwise than it lies in the work tree, line ends left aside.
_CONVERTED = ":(top,exclude,attr:!filter !ident !working-tree-encoding)"


class ListFiles(Protocol):
    """``git ls-files -z --full-name`` with *options*, for *specs*."""

    def __call__(self, specs: Sequence[str], *options: str) -> str:
        """What it printed."""
        ...


class ContentReader:
    """Reads the work tree at *root*, with *nested* for the submodules in it.

    ``is_watched`` is false once something was read whose change ``git status`` would
    not show.
    """

    def __init__(
        self, root: Path, list_files: ListFiles, nested: Callable[[Path], Digest]
    ) -> None:
        self._root, self._list, self._nested = root, list_files, nested
        self.is_watched = True

    def read(self, specs: Sequence[str], *, ignored: bool) -> list[Content]:
        """The files that *specs* name and what links among them lead to.

        Args:
            specs: Git pathspecs.
            ignored: whether files that Git ignores count.

        Raises:
            PermanentError: something cannot be read.
        """
        found = self._files(specs, ignored=ignored)
        beyond: list[Content] = []
        new = list(found.values())
        while links := [each for each in new if each.mode == _LINK]:
            folders: dict[str, None] = {}
            for link in links:
                target = self._target(link)
                if target.is_dir():
                    folders[self._spec(link, target)] = None
                else:
                    beyond.append(self._at_end(link, target))
            more = self._files(list(folders), ignored=ignored) if folders else {}
            new = [each for path, each in more.items() if path not in found]
            found |= more
        return [*found.values(), *beyond]

    def _files(self, specs: Sequence[str], *, ignored: bool) -> dict[str, Content]:
        entries = list(parse_index(self._list(specs, "-v", "--stage")))
        found = {entry.content.path: entry.content for entry in entries}
        digits = len(entries[0].content.blob) if entries else 40
        unseen = {entry.content.path for entry in entries if not entry.is_compared}
        unseen |= self._names([*specs, _CONVERTED])
        loose = self._names(specs, *_CHANGED)
        if ignored:
            loose |= self._names(specs, *_IGNORED)
        modules = [each for each in found.values() if each.mode == _MODULE]
        for path in (unseen | loose).difference(each.path for each in modules):
            file = hash_file(self._root, path, digits)
            found.pop(path, None)
            if file is not None:
                found[path] = file
        found |= {each.path: self._module(each) for each in modules}
        self.is_watched = self.is_watched and not unseen and not modules
        return found

    def _names(self, specs: Sequence[str], *options: str) -> set[str]:
        return set(filter(None, self._list(specs, *options).split("\0")))

    def _module(self, link: Content) -> Content:
        """A submodule, with what lies in its own work tree."""
        folder = self._root / link.path
        if (folder / ".git").exists():
            return link._replace(blob=str(self._nested(folder)))
        if _is_empty(folder):
            return link._replace(blob="not there")
        raise PermanentError(
            f"the submodule {link.path} has files and is not initialised: its content"
            " has no digest",
            hint="`git submodule update --init`",
        )

    def _target(self, link: Content) -> Path:
        try:
            return (self._root / link.path).resolve()
        except (OSError, RuntimeError) as error:
            raise PermanentError(f"cannot follow the link {link.path}") from error

    def _spec(self, link: Content, folder: Path) -> str:
        root = self._root.resolve()
        if not folder.is_relative_to(root):
            raise PermanentError(
                f"the link {link.path} leads to a folder outside of the repository:"
                " nobody would notice a change there",
                hint="let `inputs:` name files that change with it instead, such as a"
                " list of digests",
            )
        place = folder.relative_to(root)
        return f":(top,literal){place.as_posix()}" if place.parts else ":(top)"

    def _at_end(self, link: Content, target: Path) -> Content:
        """The file that a link leads to, or that there is none."""
        self.is_watched = False
        file = hash_file(target.parent, target.name, 40)
        end = "nothing" if file is None else f"{file.mode} {file.blob}"
        return Content("link to", end, link.path)


def _is_empty(folder: Path) -> bool:
    try:
        return not folder.is_dir() or not any(folder.iterdir())
    except OSError as error:
        raise PermanentError(f"cannot read {folder}: {error.strerror}") from error
