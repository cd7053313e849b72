"""Unit tests of `sluicegate.report.overrides`."""

import json
from datetime import timedelta

from fakes import START

from sluicegate.model.state_item import Override
from sluicegate.report.overrides import override_lines, overrides_document

FOUND = Override(
    override="01JDA2Z9M3Q4T5V6W7X8Y9Z0AA",
    environment="production",
    run_id="01JDA2Z9M3Q4T5V6W7X8Y9Z0BB",
    by=("eve\u202e",),
    at=START,
    index=9,
)
WHY = {FOUND.override: ["INC-17: revenue\nis down"]}


def test_an_override_is_loud_and_names_the_command_that_closes_it() -> None:
    text = "\n".join(one.text for one in override_lines([FOUND], WHY, START))

    assert text.startswith("OVERRIDDEN: production, by eve\\u202e, just now")
    assert "\n    INC-17: revenue is down\n" in text
    assert f"`sluice overrides close {FOUND.override} --reason TEXT`" in text


def test_that_there_is_none_is_said() -> None:
    (line,) = override_lines([], {}, START + timedelta(days=1))

    assert line.text == "no override waits to be looked into"


def test_the_document_has_whole_ids() -> None:
    (found,) = json.loads(overrides_document([FOUND], WHY))["overrides"]

    assert found["override"] == FOUND.override
    assert found["entry"] == 9
    assert found["reasons"] == ["INC-17: revenue\nis down"]
    assert found["at"] == "2026-11-22T00:00:00.000Z"
