"""Judge who and what may enter the environments of the code host. Pure."""

from collections.abc import Iterator

from sluicegate.config.github.checkout import Asked, Checkout, is_expression
from sluicegate.config.github.environment_refs import (
    ENVIRONMENTS_PAGE,
    Uses,
    judge_refs,
)
from sluicegate.config.github.log_key_holders import environment_of, holders
from sluicegate.model.host_check import HostCheck, Place, Standing
from sluicegate.model.host_settings import (
    HostEnvironment,
    HostSettings,
    Unknown,
)


def judge_environments(
    checkout: Checkout, asked: Asked, settings: HostSettings
) -> Iterator[HostCheck]:
    """The environments that jobs enter, and that releases go to."""
    environments = settings.environments
    if isinstance(environments, Unknown):
        what = f"which environments there are; needs {environments.needs}"
        yield HostCheck("environments", Standing.UNKNOWN, what)
        return
    entered: dict[str, Uses] = {}
    for workflow, job in checkout.jobs():
        text = environment_of(job)
        if text is not None and not is_expression(text.text):
            place = Place(workflow.path, text.line, f"job {job.name}")
            entered.setdefault(text.text.casefold(), []).append((workflow, place))
    keyed = {
        each.environment.text.casefold()
        for each in holders(checkout)
        if each.environment
    }
    meant = {name.casefold() for name in asked.environments}
    known = {each.name.casefold() for each in environments}
    for name, uses in entered.items():
        if name not in known:
            yield _missing(uses)
    for each in environments:
        name = each.name.casefold()
        uses = entered.get(name, [])
        # GitHub makes one for whatever is deployed to: if it is empty, so be it.
        holds = isinstance(each.secrets, Unknown) or each.secrets or each.reviewers
        if uses or name in keyed or (name in meant and holds):
            yield from _doors(each, uses, name in keyed, settings)
            yield from _reviews(each)
    reviewed = {each.name.casefold() for each in environments if each.reviewers}
    for wanted in sorted(asked.reviews_required):
        if wanted.casefold() not in reviewed:
            yield _no_reviewers(wanted)


def _missing(uses: Uses) -> HostCheck:
    return HostCheck(
        "environments",
        Standing.WARNING,
        "a job enters an environment that is not there yet",
        "the first run makes it, open to every branch and without secrets",
        f"{ENVIRONMENTS_PAGE} > New environment, then Deployment branches and tags:"
        " Selected branches and tags, the default branch alone",
        tuple(place for _, place in uses),
    )


def _doors(
    environment: HostEnvironment,
    uses: Uses,
    has_key: bool,  # noqa: FBT001 - what the loop above has found out
    settings: HostSettings,
) -> Iterator[HostCheck]:
    topic = f"environment {environment.name}"
    refs = environment.refs
    branch = settings.facts.default_branch
    if isinstance(refs, Unknown):
        what = f"which branches may enter it; needs {refs.needs}"
        yield HostCheck(topic, Standing.UNKNOWN, what)
    elif refs is None and environment.protected_only:
        yield from _protected_only(topic, branch, settings)
    elif refs is None:
        yield HostCheck(
            topic,
            Standing.PROBLEM if has_key else Standing.WARNING,
            "a job of every branch may enter it",
            "who may push a branch gets its secrets with a workflow of their own",
            f"{ENVIRONMENTS_PAGE} > {environment.name} > Deployment branches and tags:"
            f" Selected branches and tags, {branch} alone",
            tuple(place for _, place in uses),
        )
    else:
        yield from judge_refs(topic, refs, uses, branch)


def _protected_only(
    topic: str, branch: str, settings: HostSettings
) -> Iterator[HostCheck]:
    found = settings.branches[branch].protection
    if isinstance(found, Unknown):
        what = f"whether {branch} is protected in the older way; needs {found.needs}"
        yield HostCheck(topic, Standing.UNKNOWN, what)
    elif found is None:
        yield HostCheck(
            topic,
            Standing.PROBLEM,
            f"protected branches may enter it, and {branch} has no branch protection"
            " rule: rulesets do not count here",
            "while no branch has such a rule, every branch may enter",
            f"{ENVIRONMENTS_PAGE}: Selected branches and tags, {branch} alone",
        )
    else:
        yield HostCheck(topic, Standing.FINE, "protected branches alone may enter it")


def _reviews(environment: HostEnvironment) -> Iterator[HostCheck]:
    topic = f"reviewers of {environment.name}"
    if not environment.reviewers:
        return
    if environment.admins_bypass:
        yield HostCheck(
            topic,
            Standing.NOTE,
            "administrators can let a job in without them",
            fix=f"{ENVIRONMENTS_PAGE} > {environment.name}: untick Allow administrators"
            " to bypass configured protection rules",
        )
    if environment.refuses_self_review:
        what = f"{_count(environment)} asked, none about a run of their own"
        yield HostCheck(topic, Standing.FINE, f"{what}: a lock besides the policy")
    else:
        yield HostCheck(
            topic,
            Standing.WARNING,
            f"{_count(environment)} asked, about runs of their own, too",
            "one person can start a release and let it in; the policy still asks for"
            " its own approvals",
            f"{ENVIRONMENTS_PAGE} > {environment.name}: tick Prevent self-review",
        )


def _no_reviewers(name: str) -> HostCheck:
    return HostCheck(
        f"reviewers of {name}",
        Standing.PROBLEM,
        "the policy wants reviews by its required reviewers, and it has none",
        "every release into it would wait for ever",
        f"{ENVIRONMENTS_PAGE} > {name}: Required reviewers (private repositories:"
        " GitHub Enterprise), or `environment_reviews: recorded` in the policy",
    )


def _count(environment: HostEnvironment) -> str:
    if environment.reviewers == 1:
        return "one person or team is"
    return f"{environment.reviewers} people or teams are"
