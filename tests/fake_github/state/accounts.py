"""Accounts, and the tokens that speak for them."""

from dataclasses import dataclass, field

BOT = "github-actions[bot]"


# What a job's GITHUB_TOKEN gets under `permissions: write-all`.
WRITE_ALL = dict.fromkeys(
    (
        "actions", "attestations", "checks", "contents", "deployments", "issues",
        "packages", "pages", "pull_requests", "security_events", "statuses",
    ),
    "write",
)  # fmt: skip


# What a run of a pull request from a fork gets, whatever its workflow asks for.
FORK = dict.fromkeys(WRITE_ALL, "read")


ADMIN = {
    **WRITE_ALL,
    "administration": "write",
    "environments": "write",
    "organization_administration": "write",
    "secrets": "write",
    "variables": "write",
    "workflows": "write",
}


@dataclass
class User:
    """An account. ``type`` is User, Bot or Organization."""

    login: str
    id: int
    type: str = "User"
    name: str | None = None
    emails: list[str] = field(default_factory=list)
    ssh_signing_keys: list[str] = field(default_factory=list)


@dataclass
class Token:
    """A token. ``app`` is set for those of an installation, like a job's GITHUB_TOKEN.

    ``permissions`` maps names, as `x-accepted-github-permissions` spells them, to
    ``read`` or ``write``. An expired token is refused like an unknown one.
    """

    login: str
    permissions: dict[str, str]
    app: str | None = None
    expired: bool = False
