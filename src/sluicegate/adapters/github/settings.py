"""How a repository on GitHub is set up, as far as the token may know it.

Nearly none of it is in PyGithub, so the client's requester asks for it. What a token
may not read, GitHub refuses (403) or says is not there (404): where "not there" has a
meaning of its own, only an administrator's token is believed.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar
from urllib.parse import quote

from typing_extensions import override

from sluicegate.adapters.github.client import GithubClient
from sluicegate.adapters.github.node import Node
from sluicegate.adapters.github.settings_reading import (
    read_bypass,
    read_environment,
    read_facts,
    read_protection,
    read_ref,
    read_rule,
    read_token,
)
from sluicegate.errors import PermanentError
from sluicegate.model.host_settings import (
    BranchRule,
    BranchSettings,
    HostEnvironment,
    HostFacts,
    HostSettings,
    Protection,
    RefPolicy,
    Ruleset,
    Told,
    Unknown,
)
from sluicegate.ports.code_host import MissingPermissionError
from sluicegate.ports.code_host_settings import CodeHostSettings

_ADMIN = "Administration: read"
_RULESETS = "Administration: write, an administrator's token"
_SECRETS = "Secrets: read"
_ENVIRONMENTS = "Environments: read"
_ACTIONS = "Actions: read"
_PLAN = "upgrade to github"
_PAGE = 100  # GitHub's largest

T = TypeVar("T")


class GithubSettings(CodeHostSettings):
    """The settings of the repository that *client* asks about."""

    def __init__(self, client: GithubClient) -> None:
        self._client = client

    @override
    def read(self, branches: Sequence[str]) -> HostSettings:
        self._client.check_visible()
        facts = self._facts()
        names = dict.fromkeys((facts.default_branch, *branches))
        return HostSettings(
            facts,
            branches={name: self._branch(name, facts) for name in names},
            environments=_told(self._environments, _ACTIONS),
            token=_told(
                lambda: read_token(self._one("actions/permissions/workflow")), _ADMIN
            ),
            pins_required=_told(self._pins, _ADMIN),
            retention_days=_told(self._retention, _ADMIN),
            secrets=_told(lambda: self._names("actions/secrets"), _SECRETS),
            shared_secrets=_told(lambda: self._shared(facts), _SECRETS),
            immutable_releases=_told(lambda: self._immutable(facts), _ADMIN),
            workflows=_told(self._workflows, _ACTIONS),
        )

    def _facts(self) -> HostFacts:
        return read_facts(self._one(""))

    def _branch(self, name: str, facts: HostFacts) -> BranchSettings:
        rules = _told(lambda: self._rules(name), "Metadata: read")
        numbers = set[int]()
        if not isinstance(rules, Unknown):
            numbers = {rule.ruleset for rule in rules if rule.ruleset is not None}
        return BranchSettings(
            rules,
            {number: self._ruleset(number) for number in sorted(numbers)},
            _told(lambda: self._protection(name, facts), _ADMIN),
        )

    def _rules(self, branch: str) -> tuple[BranchRule, ...]:
        path = f"rules/branches/{quote(branch, safe='')}"
        return tuple(read_rule(each) for each in self._all(path))

    def _ruleset(self, number: int) -> Told[Ruleset]:
        def read() -> Ruleset:
            found = self._one(f"rulesets/{number:d}")
            bypass = read_bypass(found)
            return Ruleset(
                number,
                found.text("name"),
                is_own=found.text_or_none("source_type") in {None, "Repository"},
                bypass=Unknown(_RULESETS) if bypass is None else bypass,
            )

        return _told(read, _RULESETS)

    def _protection(self, branch: str, facts: HostFacts) -> Protection | None:
        path = f"branches/{quote(branch, safe='')}/protection"
        found = self._client.get(self._at(path))
        if found is not None:
            return read_protection(found)
        if facts.is_admin:
            return None
        raise _HiddenError

    def _environments(self) -> tuple[HostEnvironment, ...]:
        return tuple(
            self._environment(node)
            for node in self._all("environments", items="environments")
        )

    def _environment(self, node: Node) -> HostEnvironment:
        path = f"environments/{quote(node.text('name'), safe='')}"
        policy = node.at_or_none("deployment_branch_policy")
        refs: Told[tuple[RefPolicy, ...] | None] = None
        if policy is not None and policy.flag("custom_branch_policies"):
            refs = _told(lambda: self._refs(path), _ACTIONS)
        return read_environment(
            node,
            refs,
            protected_only=policy is not None and policy.flag("protected_branches"),
            secrets=_told(lambda: self._names(f"{path}/secrets"), _ENVIRONMENTS),
        )

    def _refs(self, environment: str) -> tuple[RefPolicy, ...]:
        path = f"{environment}/deployment-branch-policies"
        return tuple(
            read_ref(each) for each in self._all(path, items="branch_policies")
        )

    def _names(self, path: str) -> frozenset[str]:
        return frozenset(
            each.text("name").upper() for each in self._all(path, items="secrets")
        )

    def _shared(self, facts: HostFacts) -> frozenset[str]:
        if not facts.has_organization:
            return frozenset()
        return self._names("actions/organization-secrets")

    def _pins(self) -> bool:
        node = self._one("actions/permissions")
        required = node.at_or_none("sha_pinning_required")
        return required is not None and node.flag("sha_pinning_required")

    def _retention(self) -> int:
        path = "actions/permissions/artifact-and-log-retention"
        return self._one(path).number("days")

    def _immutable(self, facts: HostFacts) -> bool:
        found = self._client.get(self._at("immutable-releases"))
        if found is not None:
            return found.flag("enabled")
        if facts.is_admin:
            return False
        raise _HiddenError

    def _workflows(self) -> dict[str, str]:
        return {
            node.text("path"): node.text("state")
            for node in self._all("actions/workflows", items="workflows")
        }

    def _one(self, path: str) -> Node:
        found = self._client.get(self._at(path) if path else self._client.path)
        if found is None:
            raise _HiddenError
        return found

    def _all(self, path: str, *, items: str | None = None) -> Iterator[Node]:
        """All items of a list. One that is not there is hidden, and not empty."""
        first = self._client.get(self._at(path), {"per_page": _PAGE})
        if first is None:
            raise _HiddenError
        found = list((first if items is None else first.at(items)).all())
        if len(found) < _PAGE:
            return iter(found)
        return self._client.pages(self._at(path), items=items)

    def _at(self, path: str) -> str:
        return f"{self._client.path}/{path}"


class _HiddenError(MissingPermissionError):
    """It is not there, and whether the token may know that it is nobody says."""

    def __init__(self) -> None:
        super().__init__("GitHub says that it is not there", "", hint="")


def _told(read: Callable[[], T], needs: str) -> Told[T]:
    """What *read* finds; what the token lacks, where it may not be read."""
    try:
        return read()
    except MissingPermissionError as error:
        if _PLAN in str(error).lower():
            return Unknown("GitHub Pro, Team or Enterprise for a private repository")
        return Unknown(needs)
    except PermanentError as error:
        if _PLAN in str(error).lower():
            return Unknown("GitHub Pro, Team or Enterprise for a private repository")
        raise
