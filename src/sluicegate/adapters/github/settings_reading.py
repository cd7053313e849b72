"""GitHub's settings as values. Pure."""

from collections.abc import Iterator

from sluicegate.adapters.github.node import Node
from sluicegate.model.host_settings import (
    BranchRule,
    HostEnvironment,
    HostFacts,
    Protection,
    RefPolicy,
    Reviews,
    TokenDefaults,
    Told,
)

_PULL_REQUEST = "pull_request"
_DEMANDS = {
    "required_status_checks": "status checks",
    "required_signatures": "signatures",
    "restrictions": "being on the list of who may push",
    "lock_branch": "nobody pushing at all",
}
_WHO = {
    "Integration": "an app",
    "OrganizationAdmin": "administrators of the organization",
    "RepositoryRole": "a role",
    "Team": "a team",
    "DeployKey": "deploy keys",
    "User": "a person",
}
_ROLES = {2: "maintainers", 4: "those who may write", 5: "administrators"}


def read_facts(node: Node) -> HostFacts:
    """A repository."""
    may = node.at_or_none("permissions")
    return HostFacts(
        name=node.text("full_name"),
        url=node.text("html_url"),
        default_branch=node.text("default_branch"),
        is_private=node.flag("private"),
        is_fork=node.flag("fork"),
        is_archived=node.flag("archived"),
        is_admin=may is not None and may.flag("admin"),
        may_be_forked=_is_on(node, "allow_forking"),
        has_organization=node.at("owner").text("type") != "User",
    )


def read_rule(node: Node) -> BranchRule:
    """A rule that is in force for a branch."""
    kind = node.text("type")
    number = node.at_or_none("ruleset_id")
    asked = node.at_or_none("parameters") if kind == _PULL_REQUEST else None
    reviews = None
    if kind == _PULL_REQUEST:
        reviews = Reviews(
            count=asked.number("required_approving_review_count") if asked else 0,
            by_code_owners=_is_on(asked, "require_code_owner_review"),
            of_last_push=_is_on(asked, "require_last_push_approval"),
            dismissed_by_push=_is_on(asked, "dismiss_stale_reviews_on_push"),
        )
    return BranchRule(
        kind, None if number is None else node.number("ruleset_id"), reviews
    )


def read_bypass(ruleset: Node) -> tuple[str, ...] | None:
    """Who may bypass a ruleset, in words; None where the host does not say."""
    actors = ruleset.at_or_none("bypass_actors")
    if actors is None:
        return None
    return tuple(_read_actor(each) for each in actors.all())


def _read_actor(node: Node) -> str:
    kind = node.text("actor_type")
    number = node.at_or_none("actor_id")
    who = _WHO.get(kind, kind)
    if kind == "RepositoryRole" and number is not None:
        who = _ROLES.get(node.number("actor_id"), who)
    elif number is not None and kind in {"Integration", "Team", "User"}:
        who = f"{who} (id {node.number('actor_id')})"
    mode = node.text_or_none("bypass_mode") or "always"
    return who if mode == "always" else f"{who} ({mode.replace('_', ' ')})"


def read_protection(node: Node) -> Protection:
    """The older kind of protection."""
    asked = node.at_or_none("required_pull_request_reviews")
    reviews = None
    if asked is not None:
        count = asked.at_or_none("required_approving_review_count")
        reviews = Reviews(
            count=asked.number("required_approving_review_count") if count else 1,
            by_code_owners=_is_on(asked, "require_code_owner_reviews"),
            of_last_push=_is_on(asked, "require_last_push_approval"),
            dismissed_by_push=_is_on(asked, "dismiss_stale_reviews"),
        )
    return Protection(
        may_be_deleted=_is_enabled(node, "allow_deletions"),
        may_be_forced=_is_enabled(node, "allow_force_pushes"),
        holds_for_admins=_is_enabled(node, "enforce_admins"),
        reviews=reviews,
        demands=tuple(words for key, words in _DEMANDS.items() if _is_asked(node, key)),
        exempt=tuple(_read_exempt(asked)) if asked is not None else (),
    )


def _read_exempt(reviews: Node) -> Iterator[str]:
    allowed = reviews.at_or_none("bypass_pull_request_allowances")
    if allowed is None:
        return
    for kind, name in (("users", "login"), ("teams", "slug"), ("apps", "slug")):
        listed = allowed.at_or_none(kind)
        for each in listed.all() if listed is not None else ():
            yield each.text_or_none(name) or kind


def read_environment(
    node: Node,
    refs: Told[tuple[RefPolicy, ...] | None],
    *,
    protected_only: bool,
    secrets: Told[frozenset[str]],
) -> HostEnvironment:
    """An environment; what it lets in and holds is asked for elsewhere."""
    reviewers, refuses = 0, False
    rules = node.at_or_none("protection_rules")
    for rule in rules.all() if rules is not None else ():
        if rule.text("type") == "required_reviewers":
            listed = rule.at_or_none("reviewers")
            reviewers += len(list(listed.all())) if listed is not None else 0
            refuses = refuses or _is_on(rule, "prevent_self_review")
    name = node.text("name")
    bypass = _is_on(node, "can_admins_bypass")
    return HostEnvironment(
        name, refs, protected_only, reviewers, refuses, secrets, bypass
    )


def read_ref(node: Node) -> RefPolicy:
    """A pattern of refs that may enter an environment."""
    return RefPolicy(node.text("name"), node.text_or_none("type") == "tag")


def read_token(node: Node) -> TokenDefaults:
    """What a token may do by default; a word nobody knows may be more than to read."""
    return TokenDefaults(
        may_write=node.text("default_workflow_permissions") != "read",
        may_approve=node.flag("can_approve_pull_request_reviews"),
    )


def _is_on(node: Node | None, name: str) -> bool:
    return node is not None and node.at_or_none(name) is not None and node.flag(name)


def _is_enabled(node: Node, name: str) -> bool:
    found = node.at_or_none(name)
    return found is not None and found.flag("enabled")


def _is_asked(node: Node, name: str) -> bool:
    """Some of these are there or not, others say whether they are enabled."""
    found = node.at_or_none(name)
    if found is None:
        return False
    enabled = found.at_or_none("enabled")
    return enabled is None or found.flag("enabled")
