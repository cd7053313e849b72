"""A pipeline file and all the policies that it extends, directly or not."""

import posixpath
from dataclasses import dataclass, field

from sluicegate.adapters.git_pinned import Pin, PinnedFiles
from sluicegate.config.extends import Extended, PinnedPolicy
from sluicegate.config.policy import PolicyText, read_extended
from sluicegate.errors import UsageError
from sluicegate.model.digest import Digest
from sluicegate.ports.protected import ProtectedBranch, Tip

MAX_POLICY_BYTES = 1 << 20
"""As large as a pipeline file may be."""

_MAX_DEPTH = 5
_MAX_FILES = 20

_Place = str | Pin
"""A path from the root of the protected branch's tree, or a file elsewhere."""


@dataclass
class PolicyFiles:
    """Collects the files that one file extends, each once.

    Those named by a path are read from the same commit as the file that names them.
    """

    branch: ProtectedBranch
    tip: Tip
    pinned: PinnedFiles
    _found: dict[_Place, PolicyText] = field(default_factory=dict)

    def collect(self, path: str, own: PolicyText) -> tuple[PolicyText, ...]:
        """The file *own* at *path*, and after it all that it extends.

        Raises:
            UsageError: one is not there, or they extend each other or too many.
            IntegrityError: one is another than was pinned.
            ExternalError: Git fails, or one cannot be fetched.
        """
        self._follow((path,), own)
        return tuple(self._found.values())

    def _follow(self, way: tuple[_Place, ...], text: PolicyText) -> None:
        self._found[way[-1]] = text
        for extended in read_extended(text):
            place = _find_place(way[-1], extended, text.source)
            if place in way:
                raise UsageError(f"{text.source} extends what extends it in turn")
            if place in self._found:
                continue
            if len(way) > _MAX_DEPTH or len(self._found) > _MAX_FILES:
                raise UsageError(
                    f"{text.source} extends too much: policies may be {_MAX_DEPTH} deep"
                    f" and {_MAX_FILES} in all",
                    hint="put into one file what belongs together",
                )
            self._follow((*way, place), self._read(place, text.source))

    def _read(self, place: _Place, by: str) -> PolicyText:
        if isinstance(place, Pin):
            where = f"{place.path} of {place.url} at {place.commit[:12]}"
            return PolicyText(where, self.pinned.read(place, MAX_POLICY_BYTES))
        data = self.branch.read(self.tip, place, MAX_POLICY_BYTES)
        if data is None:
            raise UsageError(
                f"{by} extends {place}, and there is no such file at {self.tip.branch}",
                hint="a policy is read where the pipeline file is: merge it there",
            )
        return PolicyText(f"{place} at {self.tip.branch}", data)


def _find_place(by: _Place, extended: Extended, source: str) -> _Place:
    """Where *extended* is, which the file *by*, called *source*, names."""
    if isinstance(extended, PinnedPolicy):
        digest = Digest.parse(extended.digest)
        return Pin(extended.git, extended.commit, extended.path, digest)
    if isinstance(by, Pin):
        raise UsageError(
            f"{source} extends {extended!r} by its path alone",
            hint="a policy of another repository is pinned, and so must be all that it"
            " extends: {git, commit, path, digest}",
        )
    path = posixpath.normpath(posixpath.join(posixpath.dirname(by), extended))
    if path.startswith("../"):
        raise UsageError(f"{source} extends {extended!r}, outside of the repository")
    return path
