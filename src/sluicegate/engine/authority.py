"""What the entry gate of an environment asks of the outside: rules, people, the log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sluicegate.gates.rules import Policy
from sluicegate.model.digest import Digest
from sluicegate.model.release_request import Approval, Change, ReleaseRequest
from sluicegate.model.state_item import Lock, StableRelease
from sluicegate.stages.environment import Environment


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and for what repository.

    Attributes:
        log: the origin of the log.
        repository: the address of the repository, else the log's origin.
        requester: the identities of whoever runs this.
    """

    log: str
    repository: str
    requester: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """What the log says of environments, at its first ``size`` entries.

    Attributes:
        size: how many entries were looked at.
        answers: all that people have said to requests about one environment, verified.
        lock: the lock of that environment, if it is locked.
        stable: what each environment runs.
        used: the requests that have opened an environment.
        definitions: of the pipelines that the protected branch has had, the one that is
            run, if it is one of them.
    """

    size: int
    answers: tuple[Approval, ...] = ()
    lock: Lock | None = None
    stable: Mapping[str, StableRelease] = field(default_factory=dict)
    used: frozenset[Digest] = frozenset()
    definitions: frozenset[Digest] = frozenset()


class Authority(Protocol):
    """Reads the rules from the protected branch, and what people said from the log."""

    def policy(self, environment: str) -> Policy:
        """The rules of *environment* as the protected branch has them now.

        Raises:
            UsageError: it cannot be told, or the branch has no such environment.
            ExternalError: Git fails.
        """
        ...

    def settings(self, environment: str) -> Environment:
        """What *environment* is, as the protected branch has it now.

        Raises:
            UsageError: as for `policy`.
            ExternalError: Git fails.
        """
        ...

    def asker(self) -> Asker:
        """Who asks."""
        ...

    def standing(self, environment: str, entered: Digest | None = None) -> Standing:
        """What the log says now; every answer's signature is verified again.

        Args:
            environment: its name.
            entered: the request by which whoever asks has entered before: it is used
                by nobody else.

        Raises:
            IntegrityError: the log or a statement in it is not what it was.
            ExternalError: it cannot be read.
        """
        ...

    def check_own(self, environment: str) -> None:
        """See to it that what the log calls stable in *environment* is this service's.

        Services may share a log. What is new, who made it and what it is compared with
        are told from what is stable: another service's would hide changes of this one.

        Raises:
            PermanentError: it is another service's, or nobody knows whose.
            IntegrityError: the log is not what it was.
        """
        ...

    def changes(
        self, since: str | None, until: str, *, or_tip: bool
    ) -> Sequence[Change]:
        """The commits in *until* and not in *since* that touch the service.

        Without *since*, all commits of *until*. Where there are none, because *since*
        has them all, *or_tip* asks for *until* itself: a release is somebody's.

        Raises:
            ExternalError: the clone does not have all of them.
        """
        ...

    def pusher(self, commit: str) -> tuple[str, ...]:
        """The identities of whoever pushed *commit*, as far as anybody knows.

        Where the code host does not say it, they are those of its committer.
        """
        ...

    def identify(self, request: ReleaseRequest) -> Digest:
        """The id of *request*.

        Raises:
            UsageError: it is too long.
        """
        ...

    def keep(self, request: ReleaseRequest) -> Digest:
        """Keep *request* as evidence; its id.

        Raises:
            UsageError: it is too long.
        """
        ...

    def load(self, request: Digest) -> ReleaseRequest:
        """Read the request with that id.

        Raises:
            IntegrityError: it is gone, or not what it was.
        """
        ...

    def new_nonce(self) -> str:
        """128 random bits, in hex."""
        ...
