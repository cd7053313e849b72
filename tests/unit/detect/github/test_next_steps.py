"""What init says comes next, in the order in which it has to be done."""

from dataclasses import replace

from sluicegate.detect.github.files import Mode, Plan
from sluicegate.detect.github.next_steps import next_steps
from sluicegate.detect.github.secret_needs import SecretNeeds
from sluicegate.detect.github.setup import Destination, Setup

SETUP = Setup(
    service="",
    config="sluicegate.yaml",
    test=("test",),
    build=(),
    scan=(),
    image=None,
    destinations=(Destination("production", is_here=True),),
    log=None,
    keeps_log=False,
)
PLAN = Plan(
    Mode.FULL, (SETUP,), has_files=True, branch="main", commit=None, version="1"
)
WRITTEN = [".github/workflows/release.yml", ".github/CODEOWNERS", "a b/sluicegate.yaml"]


def lines(plan: Plan, repository: str | None = "acme/churn") -> list[str]:
    return [
        line for step in next_steps(plan, repository, WRITTEN) for line in step.lines
    ]


def test_the_pin_is_filled_in_before_anything_is_committed() -> None:
    found = lines(PLAN)
    pin = next(i for i, line in enumerate(found) if "ls-remote" in line)
    commit = next(i for i, line in enumerate(found) if line.startswith("git add"))
    assert pin < commit
    assert found[pin + 1].endswith('/$commit/" .github/workflows/release.yml')
    assert "'a b/sluicegate.yaml'" in found[commit]
    assert not any(
        "ls-remote" in line for line in lines(replace(PLAN, commit="c" * 40))
    )


def test_the_secret_is_given_to_the_protected_branch_alone() -> None:
    found = lines(PLAN)
    policy = next(line for line in found if "deployment-branch-policies" in line)
    assert policy.startswith("gh api -X POST repos/acme/churn/environments/sluicegate/")
    assert policy.endswith("-f name=main")
    lent = (
        "sluice audit keys create --secret --file sluicegate.yaml"
        " | gh secret set SLUICE_LOG_KEY --env sluicegate"
    )
    assert found.index(policy) < found.index(lent)


def test_a_log_that_a_runner_would_throw_away_gets_a_place() -> None:
    store = 'audit: {store: "git:refs/heads/sluicegate-audit"}'
    assert store in lines(PLAN)
    kept = replace(PLAN, setups=(replace(SETUP, keeps_log=True),))
    assert store not in lines(kept)


def test_a_rollout_in_a_cluster_gets_a_login_and_the_rights_it_needs() -> None:
    place = Destination("production", is_here=False, in_cluster=True, context="eu")
    plan = replace(PLAN, setups=(replace(SETUP, destinations=(place,)),))
    needed = (
        "sluice doctor --kubernetes production --file sluicegate.yaml --yaml"
        " --subject User:NAME"
    )
    assert needed in lines(plan)
    assert needed not in lines(PLAN)


def test_the_key_that_verifies_is_shown_of_the_log_that_is_meant() -> None:
    assert "sluice audit keys show" in lines(PLAN)
    branch = replace(SETUP, log="refs/heads/audit-api", config="api/sluicegate.yaml")
    found = lines(replace(PLAN, setups=(branch,)))
    assert "sluice audit keys show --log git:refs/heads/audit-api" in found


def test_one_step_with_a_log_in_a_branch_has_it_protected() -> None:
    kept = replace(SETUP, log="refs/heads/sluicegate-audit", keeps_log=True)
    found = lines(replace(PLAN, mode=Mode.STEP, setups=(kept,)))
    assert any(
        line.startswith("gh api -X POST repos/acme/churn/rulesets") for line in found
    )


def test_without_a_remote_the_reader_fills_in_the_name() -> None:
    assert any("repos/OWNER/REPOSITORY/rulesets" in line for line in lines(PLAN, None))


def test_one_step_asks_for_no_environment_and_no_rules() -> None:
    found = lines(replace(PLAN, mode=Mode.STEP, has_files=False))
    assert "sluice audit keys create --secret | gh secret set SLUICE_LOG_KEY" in found
    assert not any("gh api" in line for line in found)
    assert "sluice init" in found


def test_secrets_of_stages_are_kept_and_their_providers_told() -> None:
    needs = SecretNeeds(("canary",), has_identity=True, given=("DB", "PROM"))
    asked = replace(PLAN, setups=(replace(SETUP, needs=needs),))
    found = lines(asked)
    assert "gh secret set DB --env sluicegate" in found
    assert "gh secret set PROM --env sluicegate" in found
    assert "sluice secrets check --policy --file sluicegate.yaml" in found
    assert "sluice secrets doctor --github --file sluicegate.yaml" in found
    assert "gh secret set DB" in lines(replace(asked, mode=Mode.STEP))
    assert not any("sluice secrets" in line for line in lines(PLAN))
