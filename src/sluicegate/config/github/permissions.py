"""Judge what the tokens of jobs may do. Pure."""

from collections.abc import Iterator

from sluicegate.config.github.checkout import Checkout
from sluicegate.config.github.workflow import ALL_SCOPES, Workflow
from sluicegate.model.host_check import HostCheck, Place, Standing
from sluicegate.model.host_settings import HostSettings, Unknown

_SAY = "permissions: {contents: read}  # at the top; a job that needs more says so"
_DEFAULT_PAGE = "Settings > Actions > General > Workflow permissions"


def judge_permissions(
    checkout: Checkout, settings: HostSettings | None
) -> Iterator[HostCheck]:
    """What workflows say of their tokens, and what is so where they say nothing."""
    silent = [place for each in checkout.workflows for place in _silent(each)]
    if silent:
        yield _unsaid(silent, settings)
    wide = [place for each in checkout.workflows for place in _all(each)]
    if wide:
        yield HostCheck(
            "token permissions",
            Standing.PROBLEM,
            "a token may write everything",
            "whatever runs in the job can change code, releases and workflows",
            _SAY,
            tuple(wide),
        )
    shared = [place for each in checkout.workflows for place in _shared(each)]
    if shared:
        yield HostCheck(
            "token permissions",
            Standing.WARNING,
            "what one job writes, every job of the workflow may write",
            "tests and scanners run with a token that they do not need",
            "permissions: {}  # at the top, and what a job needs under that job",
            tuple(shared),
        )
    if checkout.workflows and not (silent or wide or shared):
        what = "every workflow says what its tokens may do, none may write everything"
        yield HostCheck("token permissions", Standing.FINE, what)
    if settings is not None:
        yield from _defaults(settings)


def _unsaid(silent: list[Place], settings: HostSettings | None) -> HostCheck:
    token = settings.token if settings else Unknown("")
    if isinstance(token, Unknown):
        standing, default = Standing.WARNING, "whatever the repository's default is"
    elif token.may_write:
        standing, default = Standing.PROBLEM, "the repository's default: write"
    else:
        standing, default = Standing.WARNING, "the repository's default: read"
    return HostCheck(
        "token permissions",
        standing,
        f"jobs whose workflow says nothing of permissions get {default}",
        "a setting that no commit shows decides what tests and scanners may write",
        _SAY,
        tuple(silent),
    )


def _defaults(settings: HostSettings) -> Iterator[HostCheck]:
    token, topic = settings.token, "default token"
    if isinstance(token, Unknown):
        what = f"what a token may do by default; needs {token.needs}"
        yield HostCheck(topic, Standing.UNKNOWN, what)
        return
    name = settings.facts.name
    if token.may_write:
        yield HostCheck(
            topic,
            Standing.PROBLEM,
            "a token may write by default",
            "a workflow that forgets its permissions can push to any branch that"
            " nothing protects, and publish releases",
            f"gh api -X PUT repos/{name}/actions/permissions/workflow"
            " -f default_workflow_permissions=read",
        )
    else:
        what = "a token may only read unless a workflow says more"
        yield HostCheck(topic, Standing.FINE, what)
    if token.may_approve:
        yield HostCheck(
            topic,
            Standing.WARNING,
            "workflows may approve pull requests",
            "a review that the rules of a branch ask for could be a program's",
            f"{_DEFAULT_PAGE}: untick Allow GitHub Actions to create and approve pull"
            " requests",
        )


def _silent(workflow: Workflow) -> Iterator[Place]:
    if workflow.permissions is None:
        for job in workflow.jobs:
            if job.permissions is None:
                yield Place(workflow.path, job.line, f"job {job.name}")


def _all(workflow: Workflow) -> Iterator[Place]:
    for each in (workflow.permissions, *(job.permissions for job in workflow.jobs)):
        if each is not None and ALL_SCOPES in each.writes:
            yield Place(workflow.path, each.line, "write-all")


def _shared(workflow: Workflow) -> Iterator[Place]:
    said = workflow.permissions
    heirs = [job for job in workflow.jobs if job.permissions is None]
    if said is None or len(heirs) < 2 or ALL_SCOPES in said.writes:  # noqa: PLR2004 - one job shares with nobody
        return
    for name in said.writes:
        yield Place(workflow.path, said.scopes[name].line, f"{name}: write")
