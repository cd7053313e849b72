"""The files of one commit of a log, read when they are needed and some ahead."""

from collections import OrderedDict

from sluicegate.adapters.stores.git_objects import EMPTY, FILE, Listing
from sluicegate.adapters.stores.git_ref import GitRef
from sluicegate.errors import IntegrityError, PermanentError

_MAX_AHEAD = 32  # files in memory; a full bundle can have 8 MB
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
        wanted = [one for one in self._blobs(name, count) if one not in self._kept]
        objects = self._ref.objects
        found = objects.read(wanted)
        if len(found) < len(wanted):
            # What is asked for over a network takes no memory yet, and a while.
            self._ref.bring(objects.missing(self._blobs(name, count**2)))
            found = objects.read(wanted)
        if blob not in found:
            raise PermanentError(f"{self._ref.place.name} lacks its object {blob}")
        for one, content in found.items():
            self._keep(one, content, but=blob)

    def _blobs(self, name: str, count: int) -> list[str]:
        """The blobs of the file *name* and of those after it, *count* in all."""
        names = self.listing.following(name, count)
        files = (self.listing.files[one] for one in names)
        return list(dict.fromkeys(blob for mode, blob in files if mode == FILE))

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
