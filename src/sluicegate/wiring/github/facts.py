"""What is asked of a code host about answers, each thing once."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from sluicegate.audit.attested.words import WORKFLOWS
from sluicegate.gates.human import Humans
from sluicegate.gates.linking import list_untied
from sluicegate.model.attestation import KnownAccount
from sluicegate.model.code_host import Account, HostedRepository
from sluicegate.model.digest import Digest
from sluicegate.model.policy import ApprovalRule, Way, normalise
from sluicegate.ports.code_host import CodeHost
from sluicegate.wiring.request_judging import Judging
from sluicegate.wiring.requests import Found, Requests

_MAX_ASKED = 100
"""Commits whose authors the host is asked for: it answers so often in an hour."""


@dataclass(frozen=True)
class Asked:
    """A request that somebody answers, and the rules by which."""

    found: Found
    judging: Judging

    @property
    def environment(self) -> str:
        """Where it is to go."""
        return self.found.request.environment

    @cached_property
    def rules(self) -> tuple[ApprovalRule, ...]:
        """What each layer asks of people; nothing where that cannot be told."""
        layers = () if self.judging.policy is None else self.judging.policy.layers
        return tuple(each.approvals for each in layers if each.approvals is not None)

    def workflows(self) -> frozenset[str]:
        """The files whose runs are answers to it, from the repository's root."""
        return frozenset(
            f"{WORKFLOWS}{rule.workflow}"
            for rule in self.rules
            if Way.DISPATCH in rule.by
        )

    def humans(self) -> Humans:
        """Who is who, by all that the rules know."""
        layers = () if self.judging.policy is None else self.judging.policy.layers
        return Humans.known_to(layer.people for layer in layers)


@dataclass
class Facts:
    """Asks *host* about answers to *requests*.

    All methods raise what `CodeHost` raises.
    """

    host: CodeHost
    requests: Requests
    _roles: dict[Account, str] = field(default_factory=dict, init=False)
    _files: dict[tuple[str, str], Digest | None] = field(
        default_factory=dict, init=False
    )
    _merged: dict[tuple[str, str], bool] = field(default_factory=dict, init=False)
    _asked: dict[Digest, Asked] = field(default_factory=dict, init=False)
    _accounts: dict[Digest, tuple[KnownAccount, ...]] = field(
        default_factory=dict, init=False
    )

    @cached_property
    def repository(self) -> HostedRepository:
        """The repository, as the host has it."""
        return self.host.repository()

    def role(self, account: Account) -> str:
        """The role of *account* there."""
        if account not in self._roles:
            self._roles[account] = self.host.role(account)
        return self._roles[account]

    def is_merged(self, commit: str, tip: str) -> bool:
        """Whether *commit* is in the history of *tip*, a commit too.

        A name could be that of a tag, which anybody who may write can make.
        """
        if (commit, tip) not in self._merged:
            self._merged[commit, tip] = self.host.is_ancestor(commit, tip)
        return self._merged[commit, tip]

    def digest(self, path: str, commit: str) -> Digest | None:
        """The digest of the file *path* at *commit*, None where it is not there."""
        if (path, commit) not in self._files:
            data = self.host.content(path, commit)
            self._files[path, commit] = None if data is None else Digest.of(data)
        return self._files[path, commit]

    def asked(self, request: Digest) -> Asked:
        """The request, which must be in the log.

        Raises:
            IntegrityError: it is not what was asked.
        """
        if request not in self._asked:
            found = self.requests.load(self.requests.state.requests[request])
            self._asked[request] = Asked(found, Judging(self.requests, found))
        return self._asked[request]

    def accounts(self, request: Digest) -> tuple[KnownAccount, ...]:
        """Whom the host takes authors for whom the rules tie to no account."""
        if request not in self._accounts:
            self._accounts[request] = tuple(self._ask_accounts(self.asked(request)))
        return self._accounts[request]

    def _ask_accounts(self, asked: Asked) -> Iterator[KnownAccount]:
        told: set[str] = set()
        left = _MAX_ASKED
        for commit, addresses in list_untied(asked.found.request, asked.humans()):
            if addresses <= told or not left:
                continue
            left -= 1
            made = self.host.commit_accounts(commit)
            for address, account in (
                (made.author_address, made.author),
                (made.committer_address, made.committer),
            ):
                plain = normalise(address)
                if plain in addresses - told:
                    told.add(plain)
                    login = None if account is None else account.login
                    yield KnownAccount(plain, login)
