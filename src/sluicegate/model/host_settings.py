"""How a repository is set up on a code host: values, in the host's own words.

What a token may not read is `Unknown`: nobody may take it for fine.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar


@dataclass(frozen=True, slots=True)
class Unknown:
    """What could not be read. ``needs`` says what would let it be read."""

    needs: str


T = TypeVar("T")
Told: TypeAlias = T | Unknown


@dataclass(frozen=True, slots=True)
class HostFacts:
    """The repository: ``name`` is ``owner/name``.

    ``is_admin`` says whether the token is one of somebody who may change its settings.
    ``may_be_forked`` is whether a private repository may be; ``has_organization`` is
    whether it belongs to one, which may share secrets with it.
    """

    name: str
    url: str
    default_branch: str
    is_private: bool
    is_fork: bool
    is_archived: bool
    is_admin: bool
    may_be_forked: bool
    has_organization: bool = False


@dataclass(frozen=True, slots=True)
class Reviews:
    """What a branch asks of a pull request before it is merged."""

    count: int
    by_code_owners: bool
    of_last_push: bool
    dismissed_by_push: bool


@dataclass(frozen=True, slots=True)
class BranchRule:
    """A rule that is in force for a branch.

    ``kind`` is the host's word, like ``non_fast_forward``; ``ruleset`` is the number of
    the ruleset it is from, None where the host does not say; ``reviews`` are those of
    a rule of the kind ``pull_request``.
    """

    kind: str
    ruleset: int | None
    reviews: Reviews | None = None


@dataclass(frozen=True, slots=True)
class Ruleset:
    """A ruleset that has a rule in force; ``bypass`` names who is exempt, in words.

    ``is_own`` is whether it is the repository's, not its organization's.
    """

    number: int
    name: str
    is_own: bool
    bypass: Told[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Protection:
    """The older kind of protection of a branch.

    ``demands`` are what it asks of a push besides reviews, like ``status checks``;
    ``exempt`` are those who need no pull request.
    """

    may_be_deleted: bool
    may_be_forced: bool
    holds_for_admins: bool
    reviews: Reviews | None
    demands: tuple[str, ...] = ()
    exempt: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BranchSettings:
    """What protects one branch, which need not exist."""

    rules: Told[tuple[BranchRule, ...]]
    rulesets: Mapping[int, Told[Ruleset]]
    protection: Told[Protection | None]


@dataclass(frozen=True, slots=True)
class RefPolicy:
    """Refs that may enter an environment: a pattern of branches or of tags."""

    pattern: str
    is_tag: bool = False


@dataclass(frozen=True, slots=True)
class HostEnvironment:
    """An environment of the host.

    ``refs`` are the patterns that may enter, None: every ref, or with
    ``protected_only`` every protected branch. ``reviewers`` is how many people and
    teams may let a job in, 0 for nobody being asked; ``admins_bypass`` is whether
    administrators may, too. ``secrets`` are names.
    """

    name: str
    refs: Told[tuple[RefPolicy, ...] | None]
    protected_only: bool
    reviewers: int
    refuses_self_review: bool
    secrets: Told[frozenset[str]]
    admins_bypass: bool = False


@dataclass(frozen=True, slots=True)
class TokenDefaults:
    """What the token of a job may do whose workflow does not say it."""

    may_write: bool
    may_approve: bool


@dataclass(frozen=True, slots=True)
class HostSettings:
    """All that is looked at. ``branches`` is by name.

    ``secrets`` are the names of the repository's secrets, ``shared_secrets`` of those
    that its organization shares with it. ``pins_required`` is whether actions that are
    not pinned to a commit are refused. ``retention_days`` is that of artifacts and
    logs. ``workflows`` has the state of each workflow by its path, like ``active``.
    """

    facts: HostFacts
    branches: Mapping[str, BranchSettings]
    environments: Told[tuple[HostEnvironment, ...]]
    token: Told[TokenDefaults]
    pins_required: Told[bool]
    retention_days: Told[int]
    secrets: Told[frozenset[str]]
    shared_secrets: Told[frozenset[str]]
    immutable_releases: Told[bool]
    workflows: Told[Mapping[str, str]] = field(default_factory=dict)
