"""What a code host was seen to say of an answer, as it is kept for ever after.

Nothing of it is believed because it is kept: all is judged again, from these values,
whenever the answer is to count.
"""

from dataclasses import dataclass
from datetime import datetime

from sluicegate.model.digest import Digest
from sluicegate.model.policy import Way


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """Whom the host takes somebody for who is named by an address in commits.

    ``login`` is None where it takes them for nobody.
    """

    address: str
    login: str | None


@dataclass(frozen=True, slots=True)
class Attestation:
    """An answer to the release request ``request`` that somebody gave on a code host.

    Attributes:
        log: the origin of the log that it is recorded in.
        way: how it was given, not by a signature.
        request: the id of the request, which the host's words name, too.
        environment: the environment that the request is for.
        repository: ``owner/name``, as the host has it; ``number`` survives renaming.
        url: the page of the repository.
        observed: when the host was asked, by the recorder's clock.
        said: the host's answer, the run, comment or review: of its JSON at least all
            that it is judged by.
        about: likewise of the run that was reviewed; empty without one.
        is_own: whether the run itself records the answer, and so goes on still.
        reason: why, by the run's own account, which the host does not attest.
        role: the role in the repository of whoever gave it.
        branch: the protected branch, by its short name.
        is_in_branch: whether the branch has the commit that the workflow was read at.
        workflow: the digest of the workflow's file at that commit, None for no file.
        accounts: whom the host takes authors of the request's commits for.
    """

    log: str
    way: Way
    request: Digest
    environment: str
    repository: str
    number: int
    url: str
    observed: datetime
    said: str
    about: str = ""
    is_own: bool = False
    reason: str = ""
    role: str = ""
    branch: str = ""
    is_in_branch: bool = False
    workflow: Digest | None = None
    accounts: tuple[KnownAccount, ...] = ()
