"""What an answer that is no good means, and what to do about it. Pure."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sluicegate.adapters.github.answer import Answer, Question
from sluicegate.adapters.github.pausing import is_limited, is_transient, read_message
from sluicegate.adapters.github.permissions import explain_permission, name_permission
from sluicegate.errors import ExternalError, PermanentError, TransientError
from sluicegate.model.credential import hide
from sluicegate.ports.code_host import MissingPermissionError

_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _GONE = 401, 403, 404, 410
_MAX_WORDS = 300
_VERBS = {"GET": "read", "POST": "create", "PATCH": "change", "PUT": "set"}
# A 403 that no permission mends.
_NOT_A_PERMISSION = (
    *(
        "archived",
        "suspended",
        "disabled",
        "saml",
        "ip allow list",
        "advanced security",
    ),
    *("code security", "not enabled", "spammy", "billing", "blocked"),
)

Hide = Callable[[str], str]
"""Takes the token out of a text."""


class NotThereError(MissingPermissionError):
    """404: it is not there, or the token must not know that it is."""


def explain(
    question: Question, answer: Answer, now: datetime, pause: float | None, mask: Hide
) -> ExternalError:
    """Why *answer*, which is not good, is not; *pause* is how long it asks to wait."""
    what = f"{_VERBS.get(question.method, 'ask for')} {show(mask(question.path))}"
    status, said = answer.status, _quote(read_message(answer), mask)
    if is_transient(answer):
        return _not_now(what, answer, now, pause, said)
    if status == _UNAUTHORIZED:
        return PermanentError(
            f"GitHub does not accept the token (401){said}",
            hint="it has expired, was revoked or is for another host; the token of a"
            " workflow's job is good until the job ends, at most for a day",
        )
    if status in {_FORBIDDEN, _NOT_FOUND}:
        return _refused(question, what, answer, said)
    if status < 400:  # noqa: PLR2004 - HTTP's classes of answers
        where = show(mask(answer.headers.get("location", "")))
        return PermanentError(
            f"GitHub redirects to {where!r}, which is not followed: could not {what}",
            hint="a repository that was renamed or moved is asked for by its new name:"
            " `git remote set-url origin`, or GITHUB_REPOSITORY; see GITHUB_API_URL",
        )
    hint = "issues are switched off in this repository" if status == _GONE else None
    return PermanentError(
        f"GitHub refuses to {what} (status {status}){said}", hint=hint
    )


def show(text: str) -> str:
    """*text* in one short line, without anything that moves a cursor."""
    line = " ".join(text.split())
    plain = "".join(each if each.isprintable() else "?" for each in line)
    return plain if len(plain) <= _MAX_WORDS else f"{plain[:_MAX_WORDS]}..."


def _not_now(
    what: str, answer: Answer, now: datetime, pause: float | None, said: str
) -> TransientError:
    if not is_limited(answer):
        return TransientError(
            f"GitHub answered with status {answer.status}: could not {what}{said}",
            hint="https://www.githubstatus.com says whether it is down; run this again",
        )
    until = "later"
    if pause is not None and pause < timedelta(days=1).total_seconds():
        until = f"after {now + timedelta(seconds=pause):%H:%M:%S} UTC"
    return TransientError(
        f"GitHub wants to be asked again {until} (rate limit): could not {what}{said}",
        hint="a workflow's token has 1000 requests an hour for the repository; fewer"
        " jobs at once, or a token of a GitHub App, have more",
    )


def _refused(
    question: Question, what: str, answer: Answer, said: str
) -> PermanentError:
    message = read_message(answer).lower()
    status = answer.status
    if status == _FORBIDDEN and any(each in message for each in _NOT_A_PERMISSION):
        return PermanentError(f"GitHub refuses to {what} (403){said}")
    accepted = answer.headers.get("x-accepted-github-permissions")
    permission = name_permission(question, accepted)
    needs = f"`{permission}`" if permission else "what this takes"
    if status == _NOT_FOUND:
        return NotThereError(
            f"could not {what} (404): it is not there, or the token lacks {needs}"
            f"{said}",
            permission or "",
            hint=explain_permission(permission),
        )
    return MissingPermissionError(
        f"GitHub refuses to {what} (403): the token lacks {needs}{said}",
        permission or "",
        hint=explain_permission(permission),
    )


def _quote(message: str, mask: Hide) -> str:
    return f"; it says: {show(hide(mask(message)))}" if message else ""
