"""Unit tests of `sluicegate.report.notify`: messages as Slack and Teams take them.

The schemas are the published shapes, as far as these messages use them: Slack's Block
Kit reference (header, section, text object), and the body that a Teams workflow's
webhook takes with the Adaptive Card inside it.
"""

import html
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from notifications import ABORTED, notification

from sluicegate.model.notification import Notification, Occasion
from sluicegate.report.notify import Template, render, text

SLACK_TEXT = {
    "type": "object",
    "required": ["type", "text"],
    "properties": {
        "type": {"enum": ["plain_text", "mrkdwn"]},
        "text": {"type": "string", "minLength": 1, "maxLength": 3000},
        "emoji": {"type": "boolean"},
        "verbatim": {"type": "boolean"},
    },
    "additionalProperties": False,
    # emoji is of plain_text alone, verbatim of mrkdwn alone
    "if": {"properties": {"type": {"const": "plain_text"}}},
    "then": {"not": {"required": ["verbatim"]}},
    "else": {"not": {"required": ["emoji"]}},
}
SLACK = {
    "type": "object",
    "required": ["text", "blocks"],
    "properties": {
        "text": {"type": "string", "minLength": 1, "maxLength": 40_000},
        "mrkdwn": {"type": "boolean"},
        "blocks": {
            "type": "array",
            "minItems": 1,
            "maxItems": 50,
            "items": {
                "oneOf": [
                    {
                        "type": "object",
                        "required": ["type", "text"],
                        "properties": {
                            "type": {"const": "header"},
                            "text": {
                                **SLACK_TEXT,
                                "properties": {
                                    "type": {"const": "plain_text"},
                                    "text": {
                                        "type": "string",
                                        "minLength": 1,
                                        "maxLength": 150,
                                    },
                                    "emoji": {"type": "boolean"},
                                },
                            },
                        },
                        "additionalProperties": False,
                    },
                    {
                        "type": "object",
                        "required": ["type"],
                        "anyOf": [{"required": ["text"]}, {"required": ["fields"]}],
                        "properties": {
                            "type": {"const": "section"},
                            "text": SLACK_TEXT,
                            "fields": {
                                "type": "array",
                                "minItems": 1,
                                "maxItems": 10,
                                "items": {
                                    "allOf": [
                                        SLACK_TEXT,
                                        {"properties": {"text": {"maxLength": 2000}}},
                                    ]
                                },
                            },
                        },
                        "additionalProperties": False,
                    },
                ]
            },
        },
    },
    "additionalProperties": False,
}
TEXT_RUN = {
    "type": "object",
    "required": ["type", "text"],
    "properties": {
        "type": {"const": "TextRun"},
        "text": {"type": "string"},
        "size": {"enum": ["Default", "Small", "Medium", "Large", "ExtraLarge"]},
        "weight": {"enum": ["Default", "Lighter", "Bolder"]},
        "fontType": {"enum": ["Default", "Monospace"]},
        "color": {"enum": ["Default", "Accent", "Good", "Warning", "Attention"]},
    },
    "additionalProperties": False,
}
TEAMS = {
    "type": "object",
    "required": ["type", "attachments"],
    "properties": {
        "type": {"const": "message"},
        "attachments": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                # A workflow refuses an attachment without contentUrl.
                "required": ["contentType", "contentUrl", "content"],
                "properties": {
                    "contentType": {"const": "application/vnd.microsoft.card.adaptive"},
                    "contentUrl": {"type": "null"},
                    "content": {
                        "type": "object",
                        "required": ["type", "version", "body"],
                        "properties": {
                            "$schema": {"type": "string"},
                            "type": {"const": "AdaptiveCard"},
                            "version": {"enum": ["1.2", "1.3", "1.4", "1.5"]},
                            "body": {
                                "type": "array",
                                "minItems": 1,
                                "items": {
                                    "type": "object",
                                    "required": ["type", "inlines"],
                                    "properties": {
                                        "type": {"const": "RichTextBlock"},
                                        "inlines": {
                                            "type": "array",
                                            "minItems": 1,
                                            "items": TEXT_RUN,
                                        },
                                    },
                                    "additionalProperties": False,
                                },
                            },
                        },
                        "additionalProperties": False,
                    },
                },
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}
_MAX_TEAMS_BYTES = 28 * 1024

anything = st.text(
    st.characters(codec="utf-8") | st.sampled_from("<>&@!*_`~[]()|\n\r\t\x1b\u202e\"'"),
    max_size=2000,
)
notifications = st.builds(
    Notification,
    occasion=st.sampled_from(Occasion),
    pipeline=st.just("churn-model_release_v1.0"),
    run_id=st.just("01JDA2Z9M3Q4T5V6W7X8Y9Z0AA"),
    release=anything.filter(bool),
    commit=st.just("a" * 40),
    stage=st.none() | st.from_regex(r"[a-z][a-z0-9_]{0,39}", fullmatch=True),
    environment=st.none() | st.just("production"),
    verdict=st.sampled_from(["closed", "rolled_back"]),
    reason=anything,
    next_command=anything,
    at=st.just(ABORTED.at),
)


def read(template: Template, message: Notification) -> Any:  # noqa: ANN401 - JSON
    return json.loads(render(message, template))


def strings(value: Any) -> list[str]:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return [text for item in value.values() for text in strings(item)]
    if isinstance(value, list):
        return [text for item in value for text in strings(item)]
    return [value] if isinstance(value, str) else []


def test_slack_gets_blocks_and_a_text() -> None:
    message = read("slack", ABORTED)

    Draft202012Validator(SLACK).validate(message)
    header, facts, reason, command = message["blocks"]
    assert header["text"]["text"] == "v1.2.0 was rolled back in production"
    assert [field["text"] for field in facts["fields"]] == [
        "Pipeline: churn-model_release_v1.0",
        "Release: v1.2.0",
        "Commit: aaaaaaaaaaaa",
        "Stage: canary",
        "Environment: production",
        "Verdict: rolled back",
    ]
    assert reason["text"]["text"] == ABORTED.reason
    assert command["text"]["text"] == f"`{ABORTED.next_command}`"
    assert message["text"].startswith("v1.2.0 was rolled back in production: the")


def test_teams_gets_a_card_in_a_message() -> None:
    message = read("teams", ABORTED)

    Draft202012Validator(TEAMS).validate(message)
    (attachment,) = message["attachments"]
    body = attachment["content"]["body"]
    lines = ["".join(run["text"] for run in block["inlines"]) for block in body]
    assert lines == [
        "v1.2.0 was rolled back in production",
        "Pipeline: churn-model_release_v1.0",
        "Release: v1.2.0",
        "Commit: aaaaaaaaaaaa",
        "Stage: canary",
        "Environment: production",
        "Verdict: rolled back",
        ABORTED.reason,
        ABORTED.next_command,
    ]


def test_others_get_a_document_with_everything() -> None:
    assert read("generic", ABORTED) == {
        "schema": "https://sluicegate.dev/notification/v1",
        "event": "abort",
        "pipeline": "churn-model_release_v1.0",
        "run_id": "01JDA2Z9M3Q4T5V6W7X8Y9Z0AA",
        "release": "v1.2.0",
        "commit": "a" * 40,
        "stage": "canary",
        "environment": "production",
        "verdict": "rolled_back",
        "reason": ABORTED.reason,
        "next": ABORTED.next_command,
        "at": "2026-11-22T11:05:07.250Z",
        "text": text(ABORTED),
    }


@pytest.mark.parametrize(
    ("occasion", "where", "said"),
    [
        (Occasion.PENDING, "production", "v1.2.0 is waiting at production"),
        (Occasion.PENDING, None, "v1.2.0 is waiting at canary"),
        (Occasion.BROKEN, None, "v1.2.0 is stuck at canary"),
        (Occasion.CLOSED, None, "v1.2.0 was refused at canary"),
        (Occasion.PROMOTED, "production", "v1.2.0 is live in production"),
        (Occasion.OVERRIDE, "production", "OVERRIDE: v1.2.0 was let into production"),
    ],
)
def test_the_title_says_what_happened_where(
    occasion: Occasion, where: str | None, said: str
) -> None:
    message = notification(occasion=occasion, environment=where)

    assert text(message).startswith(f"{said}: ")


def test_a_run_that_is_about_no_stage_has_a_title_too() -> None:
    message = notification(occasion=Occasion.CLOSED, stage=None, environment=None)

    assert text(message).startswith("v1.2.0 was refused: ")


def test_slack_is_told_of_no_channel_and_sees_no_link() -> None:
    reason = "<!channel> <https://evil.example|click> & <@U1>"
    message = read("slack", notification(reason=reason, release="<!here>"))

    assert not any("<" in said or ">" in said for said in strings(message))
    shown = message["blocks"][2]["text"]
    assert (shown["type"], html.unescape(shown["text"])) == ("plain_text", reason)


def test_a_command_with_backticks_is_not_put_between_backticks() -> None:
    message = read("slack", notification(next_command="sluice `x`"))

    assert message["blocks"][3]["text"] == {
        "type": "plain_text",
        "text": "sluice `x`",
        "emoji": False,
    }


@given(notifications)
def test_any_message_fits_slack_and_obeys_nobody(message: Notification) -> None:
    said = read("slack", message)

    Draft202012Validator(SLACK).validate(said)
    for string in strings(said):
        assert not set(string) & set("<>")
        assert "&" not in string.replace("&amp;", "").replace("&lt;", "").replace(
            "&gt;", ""
        )
        assert html.unescape(string).isprintable()
    marked = [
        block["text"]["text"]
        for block in said["blocks"]
        if block.get("text", {}).get("type") == "mrkdwn"
    ]
    assert all(len(command.split("`")) == 3 for command in marked)


@given(notifications)
def test_any_message_fits_teams(message: Notification) -> None:
    body = render(message, "teams")

    Draft202012Validator(TEAMS).validate(json.loads(body))
    assert len(body) < _MAX_TEAMS_BYTES
    assert all(said.isprintable() for said in strings(json.loads(body)))


@given(notifications)
def test_any_message_is_one_harmless_line(message: Notification) -> None:
    line = text(message)

    assert line.isprintable()
    assert len(line) < 1200
    assert render(message, "generic").isascii()
