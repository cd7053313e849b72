"""Judge how a repository is set up on GitHub: workflows, rules and settings. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from sluicegate.config.github.approving import judge_approving
from sluicegate.config.github.checkout import Asked, Checkout
from sluicegate.config.github.default_branch import judge_default_branch
from sluicegate.config.github.environments import judge_environments
from sluicegate.config.github.log_branch import judge_log_branch
from sluicegate.config.github.log_key import judge_log_key
from sluicegate.config.github.owners import judge_owners
from sluicegate.config.github.permissions import judge_permissions
from sluicegate.config.github.pins import judge_pins
from sluicegate.config.github.repository import judge_kept, judge_repository
from sluicegate.config.github.triggers import judge_triggers
from sluicegate.model.host_check import HostCheck, Place, Standing
from sluicegate.model.host_settings import HostSettings

NEEDS_TOKEN = "SLUICE_GITHUB_TOKEN, for instance that of `gh auth token`"  # noqa: S105 - a name


def judge_setup(
    checkout: Checkout,
    asked: Asked,
    settings: HostSettings | None,
    *,
    files_only: bool = False,
) -> tuple[HostCheck, ...]:
    """All that is found, in the order in which a person would look at it.

    Without *settings*, files alone are judged, and one check says what was not; it is
    no more than a note where somebody wanted *files_only*.
    """
    found = _merge(_judge(checkout, asked, settings))
    if settings is not None:
        return found
    left = HostCheck(
        "settings",
        Standing.NOTE if files_only else Standing.UNKNOWN,
        "rules of branches, environments, secrets, the default token and retention were"
        " not looked at" + ("" if files_only else f"; needs {NEEDS_TOKEN}"),
    )
    return (*found, left)


def _merge(checks: Iterable[HostCheck]) -> tuple[HostCheck, ...]:
    """Those that say the same, as one with the places of all."""
    places: dict[HostCheck, dict[Place, None]] = {}
    for each in checks:
        same = places.setdefault(replace(each, places=()), {})
        same.update(dict.fromkeys(each.places))
    return tuple(replace(each, places=tuple(where)) for each, where in places.items())


def _judge(
    checkout: Checkout, asked: Asked, settings: HostSettings | None
) -> Iterator[HostCheck]:
    if settings is not None:
        yield from judge_repository(checkout, asked, settings)
        yield from _branches(asked, settings)
    yield from judge_owners(checkout, asked)
    if settings is not None:
        yield from judge_environments(checkout, asked, settings)
    yield from _files(checkout)
    if asked.log_folder and checkout.workflows:
        yield HostCheck(
            "log",
            Standing.WARNING,
            "the log is a folder of the work tree",
            "a runner that goes away takes it along: runs there are refused",
            'audit: {store: "git:refs/heads/sluicegate-audit"}  # in the pipeline file',
        )
    yield from judge_log_key(checkout, settings)
    yield from judge_approving(checkout, asked)
    yield from judge_triggers(checkout)
    yield from judge_permissions(checkout, settings)
    yield from judge_pins(checkout, settings)
    yield from judge_kept(checkout)


def _branches(asked: Asked, settings: HostSettings) -> Iterator[HostCheck]:
    """The log's branch, if it is one of this repository, and the default branch."""
    log, default = asked.log_branch, settings.facts.default_branch
    if log is not None:
        yield from judge_log_branch(log, settings.branches[log], settings.facts.name)
    yield from judge_default_branch(default, settings.branches[default])


def _files(checkout: Checkout) -> Iterator[HostCheck]:
    for flaw in checkout.flaws:
        yield HostCheck(
            "workflows",
            Standing.UNKNOWN,
            flaw,
            "what cannot be read cannot be judged",
        )
    if not checkout.workflows and not checkout.flaws:
        yield HostCheck(
            "workflows",
            Standing.NOTE,
            "there are none in .github/workflows",
            fix="sluice init --github",
        )
