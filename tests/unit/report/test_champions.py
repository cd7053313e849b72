"""Unit tests of `sluicegate.report.champions`: which model it was held against."""

from dataclasses import replace
from html import unescape

import pytest
from run_events import end
from shown_runs import LINKS, NOW, VIEW

from sluicegate.model.digest import Digest
from sluicegate.model.event import StageFinished
from sluicegate.model.evidence import Evidence, Value
from sluicegate.report.champions import champion_line
from sluicegate.report.github.asking import approval_blocks
from sluicegate.report.github.shown import Asked
from sluicegate.report.request import request_text
from sluicegate.report.request_document import request_markdown

FOUND: dict[str, Value] = {
    "compared": True,
    "champion_digest": str(Digest.of(b"old")),
    "champion_version": "v1.2.0 in production",
    "accuracy_candidate": 0.913,
    "accuracy_champion": 0.915,
    "accuracy_difference": -0.002,
}
LINE = (
    f"against v1.2.0 in production, predictions sha256:{Digest.of(b'old').short}:"
    " accuracy 0.913, was 0.915 (-0.002)"
)


def compared(**changes: Value) -> StageFinished:
    return end("compare", evidence=Evidence({**FOUND, **changes}))


def test_it_names_the_model_and_the_metrics_of_both() -> None:
    assert champion_line(compared()) == LINE


def test_a_champion_in_a_file_is_named_by_its_digest() -> None:
    found = {**FOUND}
    del found["champion_version"]

    line = champion_line(end("compare", evidence=Evidence(found)))

    assert line is not None
    assert line.startswith(
        f"against a file, predictions sha256:{Digest.of(b'old').hex[:12]}"
    )


def test_many_metrics_are_counted() -> None:
    more: dict[str, Value] = {
        f"m{at}_{of}": 0.5
        for at in range(6)
        for of in ("candidate", "champion", "difference")
    }

    line = champion_line(compared(**more))

    assert line is not None
    assert line.endswith("m3 0.5, was 0.5 (+0.5); and 2 more")


@pytest.mark.parametrize(
    "changes",
    [
        {"compared": False},
        {"compared": "true"},
        {"champion_digest": 7},
    ],
)
def test_what_compared_nothing_names_no_model(changes: dict[str, Value]) -> None:
    assert champion_line(compared(**changes)) is None
    assert champion_line(end("compare")) is None


def test_what_is_no_figure_of_both_is_left_out() -> None:
    line = champion_line(compared(cost_champion=1.0, is_champion=True, a_champion="b"))

    assert line == LINE


def test_whoever_decides_sees_it_wherever_they_look() -> None:
    view = replace(VIEW, stages=(compared(),))

    assert LINE in request_text(view, NOW)
    assert LINE in unescape(request_markdown(view))
    blocks = approval_blocks(Asked("canary", view), LINKS)
    assert "accuracy 0.913, was 0.915" in str(blocks[0])
