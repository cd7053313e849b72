"""What a person does after the workflows were written, in order. Pure."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sluicegate.detect.github.files import (
    ACTION,
    RULESET,
    UNPINNED,
    WORKFLOWS,
    Mode,
    Plan,
)
from sluicegate.detect.github.setup import Setup, default_ref


@dataclass(frozen=True, slots=True)
class NextStep:
    """What to do, and the lines to type or to write for it."""

    text: str
    lines: tuple[str, ...]


def next_steps(
    plan: Plan, repository: str | None, written: Sequence[str]
) -> Iterator[NextStep]:
    """What comes next.

    Args:
        plan: what was set up.
        repository: ``owner/name`` on GitHub, None where no remote says so.
        written: the paths of files that are new, as the user would type them.
    """
    where = repository or "OWNER/REPOSITORY"
    yield from _pin(plan, written)
    if written:
        names = " ".join(map(shlex.quote, written))
        yield NextStep(
            "Commit and push. From then on every pull request is judged.",
            (f"git add {names} && git commit -m 'Judge every change' && git push",),
        )
    for setup in plan.setups:
        if not setup.keeps_log:
            yield _keep(plan, setup)
        yield _record(plan, setup, where)
        yield _publish_key(setup)
    if plan.has_rules:
        yield NextStep(
            "Let nobody rewrite the log's branch.",
            (f"gh api -X POST repos/{where}/rulesets --input {RULESET}",),
        )
    yield from _lend(plan)
    if plan.mode is not Mode.STEP:
        yield from _reach(plan)
        yield _approve(plan)


def _lend(plan: Plan) -> Iterator[NextStep]:
    """Let stages have their secrets: those of GitHub, and those of others."""
    for setup in plan.setups:
        place = "" if plan.mode is Mode.STEP else f" --env {setup.key_environment}"
        if setup.needs.given:
            yield NextStep(
                "Keep the secrets that stages get from GitHub.",
                tuple(f"gh secret set {name}{place}" for name in setup.needs.given),
            )
        if setup.needs.has_identity:
            file = _file(plan, setup)
            yield NextStep(
                "Let whoever keeps the other secrets believe the tokens of these jobs,"
                " and no others. The first prints what to paste, the second looks"
                " whether the tokens say that.",
                (
                    f"sluice secrets check --policy{file}",
                    f"sluice secrets doctor --github{file}",
                ),
            )


def _reach(plan: Plan) -> Iterator[NextStep]:
    """Lend the rollouts of a cluster a login, and a right to what they change."""
    for setup in plan.setups:
        names = [each.name for each in setup.destinations if each.in_cluster]
        if names:
            reached = any(each.is_reached for each in setup.destinations)
            login = "log in to the cluster in rollout.yml, as its comments show, and "
            yield NextStep(
                f"For {' and '.join(names)}: {login if reached else ''}give whoever"
                " logs in what a rollout needs there, and nothing else. This prints"
                " the role.",
                tuple(
                    f"sluice doctor --kubernetes {name}{_file(plan, setup)} --yaml"
                    " --subject User:NAME"
                    for name in names
                ),
            )


def _pin(plan: Plan, written: Sequence[str]) -> Iterator[NextStep]:
    names = [shlex.quote(path) for path in written if WORKFLOWS in path]
    if plan.commit is None and names:
        yield NextStep(
            "This sluice is no published one and does not know the commit of its"
            " Action: the workflows name one that does not exist, and fail until it is"
            " filled in.",
            (
                f"commit=$(git ls-remote https://github.com/{ACTION} HEAD | cut -f1)",
                f'perl -pi -e "s/{UNPINNED}/$commit/" {" ".join(names)}',
            ),
        )


def _keep(plan: Plan, setup: Setup) -> NextStep:
    """A log in a folder would go away with the runner, and is refused there."""
    first = () if plan.has_files else ("sluice init",)
    return NextStep(
        f"To record: give {setup.config} a log that outlives a runner, in a branch of"
        " this repository.",
        (*first, f'audit: {{store: "git:{default_ref(setup.service)}"}}'),
    )


def _record(plan: Plan, setup: Setup, where: str) -> NextStep:
    """Make the key, and put it where the protected branch alone gets it."""
    environment = f"repos/{where}/environments/{setup.key_environment}"
    policy = (
        " -F 'deployment_branch_policy[protected_branches]=false'"
        " -F 'deployment_branch_policy[custom_branch_policies]=true'"
    )
    branch = f"-f name={shlex.quote(plan.branch)}"
    make = f"sluice audit keys create --secret{_file(plan, setup)}"
    of = f" of {setup.service}" if setup.service else ""
    stays = "The key stays in ~/.config/sluicegate/keys, too: keep it safe, no log can"
    if plan.mode is Mode.STEP:
        return NextStep(
            f"To record: lend the log's key{of} to the workflow, and let its job push"
            f" the log (`contents: write`, `statuses: write`). {stays} go on without.",
            (f"{make} | gh secret set {setup.secret}",),
        )
    return NextStep(
        f"To record: lend the log's key{of} to runs on {plan.branch} alone."
        f" {stays} go on without.",
        (
            f"gh api -X PUT {environment}{policy}",
            f"gh api -X POST {environment}/deployment-branch-policies {branch}",
            f"{make} | gh secret set {setup.secret} --env {setup.key_environment}",
        ),
    )


def _publish_key(setup: Setup) -> NextStep:
    place = f" --log {shlex.quote(f'git:{setup.log}')}" if setup.log else ""
    return NextStep(
        "Publish the key that verifies, in the README for instance: whoever has it can"
        " check every entry. It was shown when it was made; once a run is recorded,"
        " this shows it.",
        (f"sluice audit keys show{place}",),
    )


def _approve(plan: Plan) -> NextStep:
    if any(setup.destinations for setup in plan.setups):
        return NextStep(
            "Say in the pipeline file who approves, and that a run of approve.yml is an"
            " answer, too.",
            ("approvals: {count: 1, from: [ann], by: [dispatch, signature]}",),
        )
    return NextStep(
        "There is no environment yet. Once the pipeline file has one and a canary, this"
        " writes the workflows to approve and to roll out.",
        (f"sluice init --github={plan.mode.value}",),
    )


def _file(plan: Plan, setup: Setup) -> str:
    return f" --file {shlex.quote(setup.config)}" if plan.has_files else ""
