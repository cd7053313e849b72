"""What the commands do that decide about a rollout: say it, in the log or signed."""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

import click

from sluicegate.audit.statements.predicates import Directing
from sluicegate.cli.asked import open_requests
from sluicegate.cli.audit.witnessing import anchor_after
from sluicegate.cli.environment_names import require_environment
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import write_result
from sluicegate.cli.stated import Ways, leave_statement, read_reason, warn_of_refusal
from sluicegate.errors import ExternalError, UsageError
from sluicegate.model.log_event import RolloutAnswered
from sluicegate.model.rollout import Direction
from sluicegate.model.state_item import RolloutTerm
from sluicegate.model.ulid import FORM
from sluicegate.report.escape import escape
from sluicegate.wiring.absorbing import open_recorder
from sluicegate.wiring.policy import PolicySource
from sluicegate.wiring.project import Project
from sluicegate.wiring.requests import Requests

_WAITS = "1d"  # what is said about a rollout is old tomorrow
_NEXT = "acts on it at the next look, or at the next `sluice rollout tick`"


@dataclass(frozen=True)
class Wish:
    """What to decide about the rollout in which environment, as the options have it."""

    environment: str
    direction: Direction
    reason: str
    file: Path | None
    log: str | None
    rollout: str | None
    inbox: str | None
    key: Path | None
    as_json: bool

    @cached_property
    def requests(self) -> Requests:
        """The log."""
        return open_requests(self.file, self.log)

    @property
    def now(self) -> datetime:
        """By the clock of this machine."""
        return self.requests.place.machine.clock.now()


def decide(wish: Wish) -> ExitCode:
    """Say it about the rollout under way, or that there is none."""
    why = read_reason(wish.reason)
    found = _find(wish)
    if found is None:
        return _tell_none(wish)
    ways = Ways(wish.inbox, wish.key, _WAITS)
    place = wish.requests.place
    if wish.key is None and ways.record_here(place) and not _asks_people(wish):
        said = RolloutAnswered(found, wish.environment, wish.direction, why)
        open_recorder(place).record(said)
        _tell(wish, found, f"recorded; whoever conducts it {_NEXT}", None)
        anchor_after(place, wish.log)
        return ExitCode.OPEN
    inboxes = wish.requests.inboxes
    left, text = leave_statement(
        inboxes, Directing(found, wish.environment, wish.direction, why), ways
    )
    waits = f"signed by {left.signature.fingerprint}; waits in {left.where}"
    _tell(wish, found, waits if wish.as_json else text, str(left.digest))
    warn_of_refusal(inboxes, left)
    return ExitCode.OPEN


def _find(wish: Wish) -> str | None:
    """The id of the rollout that is meant, None if none is under way.

    Raises:
        UsageError: it cannot be told, or another one is under way.
    """
    meant = None if wish.rollout is None else wish.rollout.upper()
    if meant is not None and not FORM.fullmatch(meant):
        raise UsageError(
            f"not the whole id of a rollout: {wish.rollout!r}",
            hint="`sluice rollout status --json` shows it",
        )
    if wish.requests.log is None:
        if meant is None:
            raise UsageError(
                f"the log is not here, to look up the rollout in {wish.environment}",
                hint="name it with --rollout ID: whoever has the log sees it in `sluice"
                " rollout status`; or name the log with --log PLACE",
            )
        return meant
    term: RolloutTerm | None = wish.requests.state.terms.get(wish.environment)
    if term is None:
        require_environment(wish.environment, wish.requests)
        return None
    if meant not in {None, term.rollout}:
        raise UsageError(
            f"rollout {meant} is over; {term.rollout} is under way in"
            f" {escape(wish.environment)}",
            hint="leave --rollout out to mean that one",
        )
    return term.rollout


def _asks_people(wish: Wish) -> bool:
    """Whether the environment's rules ask for people; if nobody can tell, they do."""
    inboxes = wish.requests.inboxes
    if inboxes.repository is None:
        return True
    project = Project(wish.requests.place.machine, inboxes.file)
    try:
        return PolicySource(project).policy(wish.environment).needs_people
    except (UsageError, ExternalError):
        return True


def _tell_none(wish: Wish) -> ExitCode:
    open_in = sorted(wish.requests.state.terms)
    where = escape(wish.environment)
    if wish.as_json:
        write_result(json.dumps({"environment": wish.environment, "rollout": None}))
    else:
        others = f"; one is in {', '.join(map(escape, open_in))}" if open_in else ""
        write_result(f"no rollout is under way in {where}{others}")
    return ExitCode.CLOSED


def _tell(wish: Wish, rollout: str, text: str, statement: str | None) -> None:
    if wish.as_json:
        document = {
            "environment": wish.environment,
            "rollout": rollout,
            "direction": wish.direction.value,
            "statement": statement,
        }
        write_result(json.dumps(document, indent=2))
        return
    head = f"{wish.direction.value} the rollout in {escape(wish.environment)}"
    click.secho(head, bold=True)
    write_result(text)
