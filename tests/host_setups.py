"""A repository on GitHub as it should be, to change one thing of in a test."""

from dataclasses import replace
from typing import Any

from sluicegate.config.github.checkout import Asked, Checkout
from sluicegate.config.github.judge import judge_setup
from sluicegate.config.github.workflow import parse_workflow
from sluicegate.model.host_check import HostCheck, Standing
from sluicegate.model.host_settings import (
    BranchRule,
    BranchSettings,
    HostEnvironment,
    HostFacts,
    HostSettings,
    RefPolicy,
    Reviews,
    Ruleset,
    TokenDefaults,
)

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LOG = "sluicegate-audit"

RECORD = f"""\
on: {{push: {{branches: [main]}}}}
permissions: {{}}
jobs:
  record:
    runs-on: ubuntu-24.04
    environment: sluicegate
    permissions: {{contents: write}}
    steps:
      - uses: actions/checkout@{COMMIT}
      - uses: acme/sluicegate@{COMMIT}
        with:
          command: record
          log-key: ${{{{ secrets.SLUICE_LOG_KEY }}}}
"""
APPROVE = f"""\
on: workflow_dispatch
permissions: {{}}
jobs:
  approve:
    runs-on: ubuntu-24.04
    environment: sluicegate
    permissions: {{contents: write}}
    steps:
      - uses: acme/sluicegate@{COMMIT}
        with: {{command: approve, log-key: "${{{{ secrets.SLUICE_LOG_KEY }}}}"}}
"""
GOOD_FILES = {
    ".github/workflows/approve.yml": APPROVE,
    ".github/workflows/release.yml": RECORD,
    ".github/workflows/rollout.yml": APPROVE,
}
OWNERS = (
    ".github/CODEOWNERS",
    "/.github/ @acme/leads\n/sluicegate.yaml @acme/leads\n",
)
REVIEWS = Reviews(1, by_code_owners=True, of_last_push=True, dismissed_by_push=True)

ASKED = Asked(
    rules=("sluicegate.yaml", ".github/allowed_signers"),
    log_branch=LOG,
    environments=frozenset({"production"}),
    answering=frozenset({"approve.yml"}),
)
LOG_BRANCH = BranchSettings(
    (BranchRule("deletion", 1), BranchRule("non_fast_forward", 1)),
    {1: Ruleset(1, "log", is_own=True, bypass=())},
    None,
)
MAIN = BranchSettings(
    (
        BranchRule("deletion", 2),
        BranchRule("non_fast_forward", 2),
        BranchRule("pull_request", 2, REVIEWS),
    ),
    {2: Ruleset(2, "main", is_own=True, bypass=())},
    None,
)
ENVIRONMENT = HostEnvironment(
    "sluicegate",
    refs=(RefPolicy("main"),),
    protected_only=False,
    reviewers=0,
    refuses_self_review=False,
    secrets=frozenset({"SLUICE_LOG_KEY"}),
)
SETTINGS = HostSettings(
    HostFacts(
        "acme/churn",
        "https://github.com/acme/churn",
        "main",
        is_private=True,
        is_fork=False,
        is_archived=False,
        is_admin=True,
        may_be_forked=False,
    ),
    branches={"main": MAIN, LOG: LOG_BRANCH},
    environments=(ENVIRONMENT,),
    token=TokenDefaults(may_write=False, may_approve=False),
    pins_required=True,
    retention_days=90,
    secrets=frozenset(),
    shared_secrets=frozenset(),
    immutable_releases=True,
    workflows=dict.fromkeys(GOOD_FILES, "active"),
)


def checkout(
    files: dict[str, str] | None = None,
    **changes: Any,  # noqa: ANN401 - fields of a dataclass
) -> Checkout:
    """The good files with *files* instead or besides."""
    texts = {**GOOD_FILES, **(files or {})}
    workflows = tuple(
        parse_workflow(text.encode(), path) for path, text in texts.items()
    )
    return replace(Checkout(workflows, owners=OWNERS), **changes)


def only(text: str) -> Checkout:
    """A checkout with one workflow and nothing else."""
    return Checkout((parse_workflow(text.encode(), ".github/workflows/a.yml"),))


def settings(
    **changes: Any,  # noqa: ANN401 - fields of a dataclass
) -> HostSettings:
    return replace(SETTINGS, **changes)


def judged(
    files: Checkout | None = None,
    asked: Asked = ASKED,
    host: HostSettings | None = SETTINGS,
) -> list[HostCheck]:
    return list(judge_setup(files or checkout(), asked, host))


def bad(checks: list[HostCheck]) -> list[tuple[str, Standing]]:
    """Topics and standings of all that is not fine and no note."""
    quiet = {Standing.FINE, Standing.NOTE}
    return [
        (each.topic, each.standing) for each in checks if each.standing not in quiet
    ]
