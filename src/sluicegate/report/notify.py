"""Notifications as messages: for Slack, for Teams, and for whoever reads JSON. Pure.

What a run says may hold whatever a commit, a test or a tool's output holds. Nothing of
it may be obeyed where it is shown: not by a terminal, not as a mention of a whole
channel, not as a link. Every message is ASCII and has a bounded size.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Literal, assert_never

from sluicegate.model.notification import Notification, Occasion
from sluicegate.report.escape import escape

SCHEMA = "https://sluicegate.dev/notification/v1"
Template = Literal["slack", "teams", "generic"]

_MAX_REASON = 600  # characters, of which Slack's entities may make five each
_MAX_WORD = 120
_MAX_COMMAND = 300
_SLACK_HEADER = 150
_SLACK_TEXT = 3000
_COLOR: Mapping[Occasion, str] = {
    Occasion.PENDING: "Warning",
    Occasion.ABORT: "Attention",
    Occasion.BROKEN: "Warning",
    Occasion.CLOSED: "Attention",
    Occasion.PROMOTED: "Good",
    Occasion.OVERRIDE: "Attention",
}


def render(notification: Notification, template: Template) -> bytes:
    """The message in the form that *template* names, as JSON."""
    match template:
        case "slack":
            message = _slack(notification)
        case "teams":
            message = _teams(notification)
        case "generic":
            message = _generic(notification)
        case _:
            assert_never(template)
    return json.dumps(message).encode("ascii")


def text(notification: Notification) -> str:
    """The message as one line, escaped for a terminal."""
    reason = _line(notification.reason, _MAX_REASON)
    command = _line(notification.next_command, _MAX_COMMAND)
    return f"{_title(notification)}: {reason} · {command}"


def _line(value: str, limit: int) -> str:
    """*value* as one harmless line of at most *limit* characters."""
    shown = escape(" ".join(value.split()))
    return shown if len(shown) <= limit else f"{shown[: limit - 1]}…"


def _title(notification: Notification) -> str:
    release = _line(notification.release, 60)
    where = notification.environment or notification.stage
    place = f" {_line(where, 50)}" if where else ""
    match notification.occasion:
        case Occasion.PENDING:
            return f"{release} is waiting" + (f" at{place}" if place else "")
        case Occasion.ABORT:
            return f"{release} was rolled back" + (f" in{place}" if place else "")
        case Occasion.BROKEN:
            return f"{release} is stuck" + (f" at{place}" if place else "")
        case Occasion.CLOSED:
            return f"{release} was refused" + (f" at{place}" if place else "")
        case Occasion.PROMOTED:
            return f"{release} is live" + (f" in{place}" if place else "")
        case Occasion.OVERRIDE:
            return f"OVERRIDE: {release} was let" + (
                f" into{place}" if place else " in"
            )


def _facts(notification: Notification) -> list[tuple[str, str]]:
    """Names and values to show beside each other; no more than Slack's 10."""
    facts = [
        ("Pipeline", notification.pipeline),
        ("Release", notification.release),
        ("Commit", notification.commit[:12]),
        ("Stage", notification.stage),
        ("Environment", notification.environment),
        ("Verdict", notification.verdict.replace("_", " ")),
    ]
    return [(name, _line(value, _MAX_WORD)) for name, value in facts if value]


def _slack(notification: Notification) -> dict[str, object]:
    """Blocks, and a text for where blocks cannot be shown.

    Source:
        https://docs.slack.dev/reference/block-kit/blocks (header: 150 characters;
        section: 3000, 10 fields of 2000) and .../messaging/formatting-message-text
        (``&``, ``<`` and ``>`` are written as entities). What comes from outside is
        ``plain_text``, in which no mark-up counts; the command is mark-up of ours.
    """
    command = _line(notification.next_command, _MAX_COMMAND)
    fields = [_plain(f"{name}: {value}") for name, value in _facts(notification)]
    blocks: list[object] = [
        {"type": "header", "text": _plain(_title(notification), _SLACK_HEADER)},
        {"type": "section", "fields": fields},
    ]
    reason = _line(notification.reason, _MAX_REASON)
    if reason:
        blocks.append({"type": "section", "text": _plain(reason)})
    if command:
        code = _plain(command)
        if "`" not in command:
            shown = f"`{_entities(command)}`"
            code = {"type": "mrkdwn", "text": shown, "verbatim": True}
        blocks.append({"type": "section", "text": code})
    return {"text": _entities(text(notification)), "mrkdwn": False, "blocks": blocks}


def _plain(value: str, limit: int = _SLACK_TEXT) -> dict[str, object]:
    while len(_entities(value)) > limit:  # cut before an entity is made, never in one
        value = f"{value[:-2]}…"
    return {"type": "plain_text", "text": _entities(value), "emoji": False}


def _entities(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _teams(notification: Notification) -> dict[str, object]:
    """An Adaptive Card in the message that a Teams workflow's webhook takes.

    Source:
        https://learn.microsoft.com/en-us/connectors/teams/#microsoft-teams-webhook:
        ``contentUrl`` must be there, and null. Version 1.4 is what phones show too.
        https://learn.microsoft.com/en-us/adaptive-cards/create/textfeatures: a
        RichTextBlock knows no Markdown, so that nothing in it has to be escaped.
    """
    color = _COLOR[notification.occasion]
    body = [_run(_title(notification), size="Large", weight="Bolder", color=color)]
    body += [
        _block(_run_of(f"{name}: ", weight="Bolder"), _run_of(value))
        for name, value in _facts(notification)
    ]
    body.append(_run(_line(notification.reason, _MAX_REASON)))
    body.append(
        _run(_line(notification.next_command, _MAX_COMMAND), fontType="Monospace")
    )
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [attachment]}


def _run(value: str, **style: str) -> dict[str, object]:
    return _block(_run_of(value, **style))


def _block(*inlines: dict[str, str]) -> dict[str, object]:
    return {"type": "RichTextBlock", "inlines": list(inlines)}


def _run_of(value: str, **style: str) -> dict[str, str]:
    return {"type": "TextRun", "text": value, **style}


def _generic(notification: Notification) -> dict[str, object]:
    """Our own document; what is not known is null."""
    return {
        "schema": SCHEMA,
        "event": notification.occasion.value,
        "pipeline": notification.pipeline,
        "run_id": notification.run_id,
        "release": _line(notification.release, _MAX_WORD),
        "commit": notification.commit,
        "stage": notification.stage,
        "environment": notification.environment,
        "verdict": notification.verdict,
        "reason": _line(notification.reason, _MAX_REASON),
        "next": _line(notification.next_command, _MAX_COMMAND),
        "at": _stamp(notification.at),
        "text": text(notification),
    }


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
