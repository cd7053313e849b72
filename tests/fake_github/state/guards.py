"""What stands before a release: environments and settings."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass
class BranchPolicy:
    """A pattern of branches or tags that may enter an environment."""

    id: int
    name: str
    type: str = "branch"


@dataclass
class Environment:
    """An environment. ``policy``: None (all), ``protected`` or ``custom``."""

    id: int
    name: str
    created_at: datetime
    reviewers: list[str] = field(default_factory=list)
    prevent_self_review: bool = False
    wait_timer: int = 0
    policy: str | None = None
    branch_policies: list[BranchPolicy] = field(default_factory=list)
    custom_rules: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    admins_can_bypass: bool = True


@dataclass
class Settings:
    """A repository's settings for Actions and releases. Sizes in days."""

    actions_enabled: bool = True
    allowed_actions: str = "all"
    github_owned_allowed: bool = True
    verified_allowed: bool = False
    patterns_allowed: list[str] = field(default_factory=list)
    sha_pinning_required: bool = False
    default_workflow_permissions: str = "read"
    can_approve_pull_request_reviews: bool = False
    retention_days: int = 90
    maximum_retention_days: int = 90
    fork_approval: str = "first_time_contributors"
    immutable_releases: bool = False
    immutable_by_owner: bool = False
    secrets: list[str] = field(default_factory=list)
    organization_secrets: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    subject: dict[str, Any] = field(default_factory=lambda: {"use_default": True})
    organization_subject: dict[str, Any] | None = None
