"""The ref of a log on a remote: fetched without its past, moved by a plain push.

Of a log that was never seen here the newest commit is fetched, with its trees and
without its files; from then on what came after. Files are fetched when they are read.

Source:
    git-push(1): a push that is not forced moves a branch only to a descendant of what
    the remote has at that moment, which makes it a compare-and-swap. The lease of
    ``--force-with-lease`` would permit what is none.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from typing_extensions import override

from sluicegate.adapters.stores.git_errors import blame, explain
from sluicegate.adapters.stores.git_process import NETWORK_SECONDS, GitProgram, Said
from sluicegate.adapters.stores.git_ref import STAYS, GitRef
from sluicegate.errors import (
    ExternalError,
    PermanentError,
    SluicegateError,
    TransientError,
    UsageError,
)
from sluicegate.model.retention import Keeping, Promise

_REMOTE = "sluicegate-log"
_NEXT = "refs/log/next"
_FETCH = (
    *("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--refmap="),
    *("--no-recurse-submodules", "--filter=blob:none"),
)
_PUSH = (
    *("push", "--porcelain", "--no-verify", "--no-follow-tags", "--no-signed"),
    "--recurse-submodules=no",
)
_RESULT = re.compile(r"!\t[^\t]*\t\[(?P<who>[a-z ]+)\](?: \((?P<why>.*)\))?")
# How servers call a race: git's own texts, in refs/files-backend.c, refs/refs-internal
# and builtin/receive-pack.c, of versions 2.20 to 2.52.
_RACE = re.compile(
    r"cannot lock ref|failed to (update|lock)|unable to create .*\.lock|fetch first"
    r"|non-fast-forward|reference already exists|incorrect old value|but expected",
    re.IGNORECASE,
)


class RemoteRef(GitRef):
    """A ref on a remote; its objects are copied into the cache as they are needed."""

    @override
    def tip(self) -> str | None:
        with self.cache.locked():
            there = self._ask_remote()
            if there is None:
                self._check_not_here()
                return None
            if there != self.seen() or not self.objects.has(there):
                there = self._fetch()
            self.notice(there)
            return there

    @override
    def publish(self, old: str | None, new: str) -> None:
        with self.cache.locked():
            said = self._network.run(
                *_PUSH, _REMOTE, f"{new}:{self.place.ref}", seconds=NETWORK_SECONDS
            )
            if said.exit_code:
                self._explain(said, new)
            self.notice(new)

    @override
    def bring(self, blobs: Sequence[str]) -> None:
        with self.cache.locked():
            said = self._network.knowing((("fetch.negotiationAlgorithm", "noop"),)).run(
                *(*_FETCH, "--stdin", _REMOTE),
                stdin="".join(f"{blob}\n" for blob in blobs).encode(),
                seconds=NETWORK_SECONDS,
            )
        if said.exit_code:
            raise blame(f"cannot read files of {self.place.name}", said)

    @override
    def promise(self) -> Promise:
        where = self.place.remote_folder
        if where is None or not where.is_dir():
            return _describe(denies=False)
        return _describe(
            denies=all(
                self._says(where, setting)
                for setting in ("receive.denyDeletes", "receive.denyNonFastForwards")
            )
        )

    def _says(self, where: Path, setting: str) -> bool:
        git = self.git.knowing(GIT_DIR=str(_git_folder(where)))
        return git.run("config", "--type=bool", setting).text == "true"

    @property
    def _network(self) -> GitProgram:
        """Git that knows the remote, and that it has what is missing here."""
        remote = [("url", self.place.url or "")]
        if self.place.push_url is not None:
            remote.append(("pushurl", self.place.push_url))
        remote += [("promisor", "true"), ("partialclonefilter", "blob:none")]
        ours = tuple((f"remote.{_REMOTE}.{name}", value) for name, value in remote)
        return self.git.knowing((*self.place.settings, *ours), **self.place.variables)

    def _ask_remote(self) -> str | None:
        said = self._network.run(
            "ls-remote", "--refs", _REMOTE, self.place.ref, seconds=NETWORK_SECONDS
        )
        if said.exit_code:
            raise blame(f"cannot read {self.place.name}", said)
        lines = [line.split("\t") for line in said.text.splitlines()]
        return next((oid for oid, ref in lines if ref == self.place.ref), None)

    def _fetch(self) -> str:
        """Bring what is new here, all commits since the one that was seen among it."""
        depth = () if self.seen() else ("--depth=1",)
        said = self._network.run(
            *(*_FETCH, *depth, _REMOTE, f"+{self.place.ref}:{_NEXT}"),
            seconds=NETWORK_SECONDS,
        )
        if said.exit_code:
            raise blame(f"cannot fetch {self.place.name}", said)
        there = self.git.ask("rev-parse", "--verify", _NEXT).text
        self._check_commit(there)
        return there

    @override
    def _complete(self) -> None:
        """Bring all commits here, which are small; only a doubt is worth it."""
        if self.git.ask("rev-parse", "--is-shallow-repository").text != "true":
            return
        said = self._network.run(
            *(*_FETCH[:-1], "--filter=tree:0", "--unshallow"),
            *(_REMOTE, f"+{self.place.ref}:{_NEXT}"),
            seconds=NETWORK_SECONDS,
        )
        if said.exit_code:
            raise blame(f"cannot fetch the history of {self.place.name}", said)

    def _explain(self, said: Said, new: str) -> None:
        """Raise what became of a push that failed, or return if it was made after all.

        A broken connection may have taken the answer away, not the push.
        """
        results = [_RESULT.match(line) for line in said.text.splitlines()]
        result = next((one for one in results if one), None)
        where = self.place.name
        if result is not None and result["who"] == "rejected":
            raise TransientError(f"another writer was faster at {where}")
        if result is not None and result["who"] == "remote rejected":
            why = result["why"] or said.reason
            if _RACE.search(why):
                raise TransientError(f"another writer was faster at {where} ({why})")
            what = f"{where} does not take what is pushed"
            told = Said(said.exit_code, b"", f"{said.stderr}\nerror: {why}")
            raise explain(what, told) or PermanentError(f"{what}: {told.reason}")
        unknown = f"whether {where} has what was pushed is unknown"
        try:
            there = self.tip()
        except SluicegateError as error:
            raise ExternalError(
                f"{unknown}: {said.reason}; and then: {error}",
                hint="see whether the remote works, then try again",
            ) from error
        if there is None or not self.objects.is_ancestor(new, there):
            raise explain(f"cannot push to {where}", said) or ExternalError(
                f"{unknown}, and it has not yet: {said.reason}", hint="try again later"
            )

    def _check_not_here(self) -> None:
        """A log that began before there was a remote is not begun a second time."""
        repository = self.place.repository
        if repository is None or not self.place.is_guessed or self.seen():
            return
        own = self.git.knowing(GIT_DIR=str(repository))
        ref = self.place.ref
        if own.run("rev-parse", "--verify", "--quiet", ref).exit_code == 0:
            raise UsageError(
                f"this repository has {ref}, and {self.place.name} has not",
                hint="if the log began before there was this remote, push it there"
                f" once: git push <remote> {ref}:{ref}; to keep it here, write"
                f" git:.#{ref}",
            )


def _git_folder(where: Path) -> Path:
    return where / ".git" if (where / ".git").is_dir() else where


def _describe(*, denies: bool) -> Promise:
    if denies:
        return Promise(
            Keeping.GUARDED,
            "the remote refuses to delete or rewrite it; whoever can change the"
            f" remote's settings or write to its folder can; {STAYS}",
        )
    return Promise(
        Keeping.KEPT,
        "nothing is scheduled to delete it; anyone who can push may, for all that is"
        f" known of the remote; {STAYS}",
    )
