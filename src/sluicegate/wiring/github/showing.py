"""Showing a run on GitHub: on each surface by itself, as far as the token allows.

What is shown decides nothing: no surface that fails changes the verdict, the exit code
or another surface. What could not be shown is said in the summary: it needs no token.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from sluicegate.errors import Interrupted, SluicegateError
from sluicegate.ports.code_host import Feedback, MissingPermissionError
from sluicegate.report.github.annotations import (
    Command,
    annotate_said,
    annotations,
)
from sluicegate.report.github.checks import check_runs
from sluicegate.report.github.comment import marker_of, sticky_comment
from sluicegate.report.github.limits import SUMMARY_BYTES
from sluicegate.report.github.said import said_summary
from sluicegate.report.github.sarif import sarif_document
from sluicegate.report.github.shown import Said, Shown
from sluicegate.report.github.status import log_status, read_status
from sluicegate.report.github.summary import job_summary
from sluicegate.tlog.checkpoint import Checkpoint
from sluicegate.wiring.github.deploying import show_deployments
from sluicegate.wiring.github.occasion import Occasion

_FORK = (
    "this pull request comes from a fork, whose token may only read: all there is to"
    " see is in the summary of the job"
)
_UNSEEN = "no token was given: all there is to see is in the summary of the job"
_STOPPED = (
    "this step was asked to stop: all there is to see is in the summary of the job"
)
_SPARE = 1024  # bytes of a summary for whoever writes it
_NO_SUMMARY = "## Sluicegate could not write its summary\n"


@dataclass(frozen=True, slots=True)
class Published:
    """What is left to be shown by whoever runs the step, who has no need of a token.

    Attributes:
        summary: Markdown for the file that ``GITHUB_STEP_SUMMARY`` names.
        commands: for the runner, the worst first.
        warnings: what could not be shown, a line each; not escaped.
    """

    summary: str
    commands: tuple[Command, ...] = ()
    warnings: tuple[str, ...] = ()


def show(
    host: Feedback | None,
    shown: Shown,
    occasion: Occasion,
    *,
    comment: bool = False,
    of: int = 1,
    stopped: bool = False,
) -> Published:
    """Show a run wherever the host can.

    Args:
        host: None without a token, or when there is no time left.
        shown: the run.
        occasion: why it runs.
        comment: whether a pull request gets a comment.
        of: how many runs the step shows, in the one summary that it has.
        stopped: whether the step was asked to stop, which is why nothing is shown.

    Raises:
        Interrupted: asked to stop.
    """
    attempts = _Attempts()
    if occasion.is_fork:
        attempts.said.append(_FORK)
    elif host is None:
        attempts.said.append(_STOPPED if stopped else _UNSEEN)
    else:
        for surface, publish in _surfaces(host, shown, occasion, comment=comment):
            attempts.make(surface, publish)
    loud, all_of_it = attempts.notices()
    warnings = list(all_of_it)
    try:
        summary = job_summary(shown, all_of_it, (SUMMARY_BYTES - _SPARE) // max(1, of))
        commands = tuple(annotations(shown, loud))
    except Exception as error:  # noqa: BLE001 - showing a run must not change it
        warnings.append(f"the summary could not be written: {error!r}")
        return Published(_NO_SUMMARY, (), tuple(warnings))
    return Published(summary, commands, tuple(warnings))


def show_said(
    host: Feedback | None, said: Said, occasion: Occasion | None
) -> Published:
    """Show what a step says that is not about a run, and anchor the log it has read.

    Raises:
        Interrupted: asked to stop.
    """
    attempts = _Attempts()
    if host is not None and said.head is not None and occasion is not None:
        head, commit, url = said.head, occasion.commit, occasion.run_url
        if commit is not None and not occasion.is_pull_request:
            attempts.make("status of the log", lambda: anchor(host, commit, head, url))
    _, warnings = attempts.notices()
    return Published(said_summary(said), tuple(annotate_said(said)), tuple(warnings))


def anchor(
    host: Feedback, commit: str, head: Checkpoint, url: str | None = None
) -> None:
    """Put the checkpoint of a log into a status of *commit*, unless it is there.

    GitHub takes 1000 statuses of one name for a commit, so none is set in vain.

    Raises:
        as `Feedback`.
    """
    status = log_status(head, url)
    mine = read_status(status)
    for there in host.statuses(commit):
        said = read_status(there)
        if said is not None and mine is not None and said.log == mine.log:
            if said == mine:
                return
            break
    host.set_status(commit, status)


def _surfaces(
    host: Feedback, shown: Shown, occasion: Occasion, *, comment: bool
) -> Iterator[tuple[str, Callable[[], object]]]:
    """What there is to be shown, by name; what nobody can undo comes first."""
    run, head = shown.run, shown.head
    if head is not None:
        url = shown.links.run
        yield "status of the log", lambda: anchor(host, run.started.commit, head, url)
        yield "deployments", lambda: show_deployments(host, shown)
    of_pull_request = occasion.is_pull_request and occasion.head_commit is not None
    commit = occasion.head_commit if of_pull_request else run.started.commit
    assert commit is not None
    yield "check runs", lambda: [host.put_check(c) for c in check_runs(shown, commit)]
    number = occasion.pull_request
    if comment and number is not None:
        yield (
            "comment",
            lambda: host.put_comment(number, marker_of(shown), sticky_comment(shown)),
        )
    ref = occasion.ref
    if ref is not None and occasion.commit == run.started.commit:
        yield "code scanning", lambda: _upload(host, shown, ref)


def _upload(host: Feedback, shown: Shown, ref: str) -> None:
    document = sarif_document(shown)
    if document is not None:
        host.upload_sarif(shown.run.started.commit, ref, document)


@dataclass(slots=True)
class _Attempts:
    """Tries one surface after the other, and remembers what did not go well."""

    said: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    lacking: dict[str, list[str]] = field(default_factory=dict)

    def make(self, surface: str, publish: Callable[[], object]) -> None:
        try:
            publish()
        except Interrupted:
            raise
        except MissingPermissionError as error:
            self.lacking.setdefault(error.permission, []).append(surface)
        except SluicegateError as error:
            self.refused.append(f"{surface}: {error}")
        except Exception as error:  # noqa: BLE001 - showing a run must not change it
            self.refused.append(f"{surface}: {error!r}")

    def notices(self) -> tuple[Sequence[str], Sequence[str]]:
        """What is worth an annotation, and all there is for the summary."""
        loud = list(self.said)
        if self.lacking:
            missing = "; ".join(
                f"{permission} ({', '.join(surfaces)})"
                for permission, surfaces in self.lacking.items()
            )
            loud.append(
                f"the token lacks {missing}: give the job what you want to see under"
                " permissions"
            )
        return loud, [*loud, *self.refused]
