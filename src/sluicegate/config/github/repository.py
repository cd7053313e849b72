"""Judge the facts of a repository: who sees it, what runs where, what is kept. Pure."""

import math
from collections.abc import Iterator
from datetime import timedelta
from shlex import quote

from sluicegate.config.github.checkout import Asked, Checkout
from sluicegate.config.github.workflow import Text
from sluicegate.model.host_check import HostCheck, Place, Standing
from sluicegate.model.host_settings import HostSettings, Unknown

_DAY = timedelta(days=1)
_KEEPS = "retention-days"
_OWN_MACHINE = "self-hosted"
_FROM_FORKS = frozenset({"pull_request", "pull_request_target"})


def judge_repository(
    checkout: Checkout, asked: Asked, settings: HostSettings
) -> Iterator[HostCheck]:
    """Visibility, forks, releases, states of workflows, how long things are kept."""
    yield from _facts(asked, settings)
    yield from _runners(checkout, settings)
    yield from _immutable(settings)
    yield from _asleep(settings)
    yield from _retention(asked, settings)


def _facts(asked: Asked, settings: HostSettings) -> Iterator[HostCheck]:
    facts = settings.facts
    if facts.is_archived:
        yield HostCheck(
            "repository",
            Standing.PROBLEM,
            "it is archived: nothing can be pushed, no workflow runs",
            fix=f"gh repo unarchive {facts.name}",
        )
    if facts.is_fork:
        yield HostCheck(
            "repository",
            Standing.NOTE,
            "it is a fork: it has secrets, environments and rules of its own",
        )
    if not facts.is_private:
        seen = ", and its log" if asked.log_branch else ""
        yield HostCheck(
            "repository",
            Standing.NOTE,
            f"it is public: everybody reads its workflows{seen}, and can open a pull"
            " request, which is judged without secrets",
        )
    elif facts.may_be_forked:
        yield HostCheck(
            "repository",
            Standing.NOTE,
            "it is private and may be forked: a fork keeps what it has copied, the log"
            " included"
            if asked.log_branch
            else "it is private and may be forked",
        )
    else:
        yield HostCheck("repository", Standing.FINE, "it is private and is not forked")


def _runners(checkout: Checkout, settings: HostSettings) -> Iterator[HostCheck]:
    if settings.facts.is_private:
        return
    places = tuple(
        Place(workflow.path, label.line, f"job {job.name}")
        for workflow, job in checkout.jobs()
        if workflow.events & _FROM_FORKS
        for label in job.runners
        if label.text == _OWN_MACHINE
    )
    if places:
        yield HostCheck(
            "runners",
            Standing.PROBLEM,
            "pull requests run on machines of your own, and everybody can open one",
            "a stranger's code stays on the machine for the next job, the log key's"
            " included",
            "runs-on: ubuntu-24.04  # for what pull requests start",
            places,
        )


def _immutable(settings: HostSettings) -> Iterator[HostCheck]:
    found, topic = settings.immutable_releases, "releases"
    if isinstance(found, Unknown):
        what = f"whether releases are immutable; needs {found.needs}"
        yield HostCheck(topic, Standing.UNKNOWN, what)
    elif found:
        yield HostCheck(topic, Standing.FINE, "releases are immutable")
    else:
        yield HostCheck(
            topic,
            Standing.NOTE,
            "tags and files of releases can be exchanged later",
            "matters where others use what this repository releases by its tag",
            f"gh api -X PUT repos/{settings.facts.name}/immutable-releases",
        )


def _asleep(settings: HostSettings) -> Iterator[HostCheck]:
    states = settings.workflows
    if isinstance(states, Unknown):
        what = f"whether every workflow is switched on; needs {states.needs}"
        yield HostCheck("workflows", Standing.UNKNOWN, what)
        return
    for path, state in sorted(states.items()):
        if state.startswith("disabled"):
            yield HostCheck(
                "workflows",
                Standing.WARNING,
                f"{path} is switched off ({state})",
                "GitHub stops schedules after 60 days without a commit: nothing ticks"
                " and nothing is verified then",
                f"gh workflow enable {quote(path.rpartition('/')[2])}",
                (Place(path, 0),),
            )


def judge_kept(checkout: Checkout) -> Iterator[HostCheck]:
    """How long jobs keep what they hand over to the one that records."""
    places = tuple(
        Place(workflow.path, kept.line, f"job {job.name}: {kept.text} days")
        for workflow, job in checkout.jobs()
        for kept in _kept(step.given.get(_KEEPS) for step in job.steps)
    )
    if places:
        yield HostCheck(
            "retention",
            Standing.NOTE,
            "artifacts go away by themselves",
            "a job that takes them, like the one that records, can be run again for"
            " that long",
            places=places,
        )


def _kept(texts: Iterator[Text | None]) -> Iterator[Text]:
    for text in texts:
        if text is not None and text.text.isdigit() and int(text.text):
            yield text


def _retention(asked: Asked, settings: HostSettings) -> Iterator[HostCheck]:
    found, topic, days = settings.retention_days, "retention", _needed(asked)
    if isinstance(found, Unknown):
        what = f"how long artifacts and logs of jobs are kept; needs {found.needs}"
        yield HostCheck(topic, Standing.UNKNOWN, what)
    elif found < days:
        yield HostCheck(
            topic,
            Standing.WARNING,
            f"artifacts and logs of jobs are kept for {found} days, and a release"
            f" request may wait for {days - 1}",
            "who is asked to approve can look at no job any more",
            f"gh api -X PUT repos/{settings.facts.name}/actions/permissions/"
            f"artifact-and-log-retention -F days={max(days, 90)}",
        )
    else:
        yield HostCheck(
            topic,
            Standing.FINE,
            f"artifacts and logs of jobs are kept for {found} days, longer than a"
            f" request waits ({days - 1}); what auditors need is in the log's evidence,"
            " whatever is kept here",
        )


def _needed(asked: Asked) -> int:
    """Days, with one to spare."""
    return math.ceil(asked.longest / _DAY) + 1
