"""Holding a log against the statuses of commits that carry its checkpoints.

Nobody can edit or delete a commit status. A log that is shorter than one of them says,
or that had another root then, is not the log that was shown.

The statuses that matter most are those of commits that a log that was cut off names no
more: so the newest commits of the clone are looked at as well as those of the log.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sluicegate.adapters.git import GitRepository
from sluicegate.adapters.git_newest import newest_commits
from sluicegate.adapters.github.refusing import NotThereError
from sluicegate.audit.history import newest_runs
from sluicegate.errors import PermanentError, UsageError
from sluicegate.model.address import Address
from sluicegate.model.code_host import CommitStatus
from sluicegate.model.git_address import GitAddress
from sluicegate.ports.code_host import CodeHost, MissingPermissionError
from sluicegate.ports.process import ProcessRunner
from sluicegate.report.github.status import Anchored, name_digest, read_status
from sluicegate.report.hosted_anchor import HostedAnchor
from sluicegate.tlog.tree import VerifiedTree
from sluicegate.wiring.github.host import open_host
from sluicegate.wiring.logplace import LogPlace

MOST = 100
"""Commits of the log, and of the clone, that are looked at: each costs a request."""

_SHOWN = 5  # contradictions
_OURS = "sluicegate-*"


def read_anchor(place: LogPlace, folder: Path) -> HostedAnchor:
    """What GitHub's statuses say of the log in *place*.

    The clone is that of *folder*, if that is in any.

    Raises:
        UsageError: there is no token, or no repository is named.
        ExternalError: GitHub does not answer, or refuses.
        IntegrityError: the log is not what was committed.
    """
    machine, log, runner = place.machine, place.reader(), place.machine.process
    remote = _find_remote(folder, runner)
    host = open_host(machine, remote=remote)
    if host is None:
        raise UsageError(
            "there is no token for GitHub, or no repository there is known",
            hint="put a token that may read the repository into SLUICE_GITHUB_TOKEN,"
            " and go to a clone of it or name it in GITHUB_REPOSITORY",
        )
    own = _own_branches(place.address)
    here = newest_commits(str(folder.resolve()), runner, MOST, but=own)
    runs = (each.started.commit for each in newest_runs(log))
    commits = [*islice(dict.fromkeys(runs), MOST), *here]
    return Anchoring(host, log.tree()).look(dict.fromkeys(commits))


def _own_branches(address: Address) -> tuple[str, ...]:
    """Branches that hold a log or an inbox: their many commits are about nothing."""
    if address.scheme != "git":
        return (_OURS,)
    ref = GitAddress.parse(address.place).ref
    return (_OURS, ref.removeprefix("refs/heads/"))


def _find_remote(folder: Path, runner: ProcessRunner) -> str | None:
    try:
        return GitRepository(str(folder.resolve()), runner).source().remote
    except (UsageError, PermanentError):
        return None


@dataclass(frozen=True)
class Anchoring:
    """Holds the log of *tree* against what *host* shows."""

    host: CodeHost
    tree: VerifiedTree

    def look(self, commits: Iterable[str]) -> HostedAnchor:
        """Look at the statuses of *commits*.

        Raises:
            ExternalError: the host does not answer, refuses, or knows none of them.
            IntegrityError: the log is not what was committed.
        """
        head = self.tree.head
        mine, others, unknown, looked = name_digest(head.origin), 0, 0, 0
        sizes: list[int] = []
        wrong: list[str] = []
        refusal: PermanentError | None = None
        for commit in commits:
            looked += 1
            try:
                there = list(self._read(commit))
            except NotThereError as error:
                unknown, refusal = unknown + 1, error
                continue
            except MissingPermissionError:
                raise
            except PermanentError as error:
                unknown, refusal = unknown + 1, error
                continue
            for status, said in there:
                if said.log != mine:
                    others += 1
                elif why := self._contradiction(said):
                    wrong.append(f"{_name(commit, status)} says {why}")
                else:
                    sizes.append(said.size)
        if refusal is not None and unknown == looked:
            raise refusal
        return HostedAnchor(
            repository=self.host.repository().name,
            commits=looked,
            unknown=unknown,
            agreeing=len(sizes),
            newest=max(sizes, default=None),
            others=others,
            contradictions=tuple(_cut(wrong)),
        )

    def _read(self, commit: str) -> Iterator[tuple[CommitStatus, Anchored]]:
        for status in self.host.statuses(commit):
            said = read_status(status)
            if said is not None:
                yield status, said

    def _contradiction(self, said: Anchored) -> str:
        """Why the log cannot be what a status says; empty if it is."""
        size = self.tree.head.size
        if said.size > size:
            return f"that the log had {said.size} entries; it has {size}"
        if self.tree.root_at(said.size) != said.root:
            return f"that the first {said.size} entries of the log were others"
        return ""


def _name(commit: str, status: CommitStatus) -> str:
    who = f", set by {status.account.login}" if status.account else ""
    when = f" at {status.created.isoformat()}" if status.created else ""
    return f"the status {status.context} of commit {commit[:12]}{who}{when}"


def _cut(lines: list[str]) -> Iterator[str]:
    yield from lines[:_SHOWN]
    if len(lines) > _SHOWN:
        yield f"{len(lines) - _SHOWN} more statuses of commits contradict the log"
