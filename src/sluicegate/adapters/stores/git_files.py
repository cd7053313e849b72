"""The files of one commit of a log, read when they are needed and some ahead."""

from collections import OrderedDict
from collections.abc import Sequence

from sluicegate.adapters.stores.git_objects import EMPTY, FILE, Listing
from sluicegate.adapters.stores.git_ref import GitRef
from sluicegate.errors import IntegrityError, PermanentError

_MAX_AHEAD = 32  # files at a time; full bundles can have 8 MB each
_MAX_KEPT_BYTES = 32 << 20


class GitFiles:
    """The files of the commit at which *ref* was last seen.

    Whoever reads one file after the other, as a verification does, is served by ever
    fewer and larger readings, so that a remote is not asked for each of them.
    """

    def __init__(self, ref: GitRef) -> None:
        self._ref = ref
        self.commit: str | None = None
        self.listing: Listing = EMPTY
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._kept_bytes = 0
        self._ahead: dict[str, int] = {}

    def move(self, commit: str | None) -> None:
        """Go to the files of *commit*.

        Raises:
            PermanentError: they cannot be listed.
        """
        if commit == self.commit:
            return
        objects = self._ref.objects
        if commit is None:
            self.listing = EMPTY
        elif self.commit is None or not objects.has(self.commit):
            self.listing = objects.list_files(commit)
        else:
            self.listing = objects.list_again(self.commit, self.listing, commit)
        self.commit = commit

    def read(self, name: str) -> bytes | None:
        """The content of a file, None if there is none.

        Raises:
            IntegrityError: it is a link or a repository, not a file.
            ExternalError: it cannot be had.
        """
        found = self.listing.files.get(name)
        if found is None:
            return None
        mode, blob = found
        if mode != FILE:
            raise IntegrityError(
                f"{name} in {self._ref.place.name} is no plain file (mode {mode})",
                hint="Nothing in a log is a link or can be run. See who put it there.",
            )
        if blob not in self._kept:
            self._fill(name, blob)
        self._kept.move_to_end(blob)
        return self._kept[blob]

    def _fill(self, name: str, blob: str) -> None:
        count = self._ahead.pop(name, 1)
        names = self.listing.following(name, count + 1)
        if len(names) > count:
            self._ahead[names[count]] = min(count * 2, _MAX_AHEAD)
        blobs = [self.listing.files[one][1] for one in names[:count]]
        wanted = [one for one in dict.fromkeys(blobs) if one not in self._kept]
        found = self._read(wanted)
        for one, content in found.items():
            self._keep(one, content, but=blob)

    def _read(self, blobs: Sequence[str]) -> dict[str, bytes]:
        objects = self._ref.objects
        found = objects.read(blobs)
        missing = [one for one in blobs if one not in found]
        if missing:
            self._ref.bring(missing)
            found |= objects.read(missing)
        lacking = next((one for one in blobs if one not in found), None)
        if lacking is not None:
            raise PermanentError(f"{self._ref.place.name} lacks its object {lacking}")
        return found

    def _keep(self, blob: str, content: bytes, *, but: str) -> None:
        """Keep what was read, and forget what was not used for long, never *but*."""
        self._kept[blob] = content
        self._kept_bytes += len(content)
        while self._kept_bytes > _MAX_KEPT_BYTES and len(self._kept) > 1:
            oldest = next(iter(self._kept))
            if oldest == but:
                self._kept.move_to_end(but)
                continue
            self._kept_bytes -= len(self._kept.pop(oldest))
