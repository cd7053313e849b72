"""Whatever a run has found, GitHub takes what is shown of it."""

import gzip
import json
import random
from dataclasses import replace
from typing import Any

import pytest
from github_page import read_page
from hypothesis import given, settings
from hypothesis import strategies as st
from shown_runs import ended, pending, planned, run_of, written_by

from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event import ConditionResult
from sluicegate.model.finding import Finding, Severity
from sluicegate.model.run import Phase, StageState
from sluicegate.report.github import limits
from sluicegate.report.github.annotations import annotations
from sluicegate.report.github.checks import check_runs
from sluicegate.report.github.comment import sticky_comment
from sluicegate.report.github.page import Block, Table, TooLargeError, build_page
from sluicegate.report.github.sarif import sarif_document
from sluicegate.report.github.shown import Shown
from sluicegate.report.github.summary import job_summary
from sluicegate.report.github.text import code, cut_bytes, words

WIDE = "\U0001f600<&>\"'@" * 200
"""Text of which each character takes as much room as one can."""


def test_the_limits_are_those_that_github_documents() -> None:
    assert limits.SUMMARY_BYTES == 1024 * 1024
    assert limits.COMMENT_BYTES == 65_536
    assert limits.CHECK_BYTES == 65_535
    assert limits.ANNOTATION_BYTES == 64 * 1024
    assert limits.ANNOTATION_TITLE == 255
    assert limits.COMMANDS == 10
    assert limits.DESCRIPTION_BYTES == 140
    assert limits.SARIF_BYTES <= 10_000_000
    assert (limits.SARIF_RUNS, limits.SARIF_RESULTS) == (20, 25_000)
    assert limits.SARIF_RULES == 25_000


def with_findings(number: int, text: str = "imported but unused") -> Shown:
    found = tuple(
        Finding(
            f"F{place % 50:03}", Severity(1 + place % 3), text, f"src/{place}.py", 1
        )
        for place in range(number)
    )
    return replace(pending(), findings={"lint": found})


def of_many(stages: int, text: str) -> Shown:
    """A run of many stages that all say *text* and are judged by many conditions."""
    rules = tuple(ConditionResult(text, Verdict.CLOSED, text) for _ in range(20))
    run = run_of(
        *(
            ended(f"stage_{place}", Outcome.CLOSED, text, conditions=rules)
            for place in range(stages)
        ),
        outcome=Outcome.CLOSED,
        reason=text,
        branch=text,
        selection=text,
    )
    return replace(written_by(text), run=run, asked=pending().asked * 9)


@pytest.mark.parametrize("number", [0, 1, 8000])
def test_a_summary_is_taken_whatever_was_found(number: int) -> None:
    markdown = job_summary(with_findings(number))

    assert len(markdown.encode()) <= limits.SUMMARY_BYTES
    assert markdown.count("/blob/") >= min(number, 1500)


@pytest.mark.parametrize("limit", range(9_000, 9_500, 77))
def test_a_summary_is_cut_between_two_rows_and_says_where_the_others_are(
    limit: int,
) -> None:
    report = "https://github.com/acme/churn/actions/runs/1/artifacts/2"
    shown = with_findings(7000)
    shown = replace(shown, links=replace(shown.links, report=report))

    markdown = job_summary(shown, limit=limit)

    assert limit - 400 < len(markdown.encode()) <= limit
    page = read_page(markdown)
    left = f"{7000 - markdown.count('/blob/'):,}".replace(",", " ")
    assert f"and {left} more rows, in the full report" in page.text
    assert report in page.links
    assert set(page.cells) == {1, 4}
    assert "All 7 conditions" in page.text  # what is told after it is there


def test_of_more_findings_than_there_is_room_for_the_worst_are_shown() -> None:
    found = [Finding("F401", Severity.NOTE, "x" * 200, "a.py", 1)] * 2000
    found.append(Finding("E999", Severity.ERROR, "cannot be parsed", "b.py", 3))

    shown = replace(pending(), findings={"lint": tuple(found)})
    text = read_page(job_summary(shown, limit=20_000)).text

    assert "cannot be parsed" in text
    assert "1 error, 2 000 notes" in text
    assert "more rows" in text


@pytest.mark.parametrize("text", ["x" * 5000, "@ " * 2000, WIDE, "\x00" * 5000])
@pytest.mark.parametrize("stages", [1, 30])
def test_pages_fit_however_long_every_text_is(stages: int, text: str) -> None:
    shown = of_many(stages, text)

    assert len(job_summary(shown).encode()) <= limits.SUMMARY_BYTES
    assert len(sticky_comment(shown).encode()) <= limits.COMMENT_BYTES
    for check in check_runs(shown, "c" * 40)[:3]:
        assert len(check.summary.encode()) <= limits.CHECK_BYTES
        assert len(check.annotations) <= limits.CHECK_ANNOTATIONS
        for each in check.annotations:
            assert len(each.message.encode()) <= limits.ANNOTATION_BYTES
            assert len(each.title) <= limits.ANNOTATION_TITLE
            assert each.start_line >= 1
            assert each.message


@settings(max_examples=50)
@given(
    sizes=st.lists(st.integers(0, 40), max_size=4),
    text=st.text(max_size=30),
    limit=st.integers(0, 9000),
)
def test_a_page_is_never_larger_than_its_limit(
    sizes: list[int], text: str, limit: int
) -> None:
    parts = [Table(("a", "b"), ((words(text), code(text)),) * size) for size in sizes]
    try:
        page = build_page([Block("<p>first</p>"), *parts], limit)
    except TooLargeError:
        assert limit < 300 * (1 + len(sizes))
        return

    assert len(page.encode()) <= limit
    assert page.startswith("<p>first</p>")


@given(text=st.text(), most=st.integers(4, 200))
def test_cut_text_is_never_longer_than_asked_for(text: str, most: int) -> None:
    cut = cut_bytes(text, most)

    assert len(cut.encode()) <= most
    assert cut.isprintable()


@pytest.mark.parametrize("severity", Severity)
def test_ten_annotations_of_a_kind_are_made(severity: Severity) -> None:
    found = tuple(
        Finding("F401", severity, "unused", "a.py", line) for line in range(1, 50)
    )

    made = annotations(replace(pending(), findings={"lint": found}), ["no comment"])

    kinds = [each.name for each in made]
    assert all(kinds.count(kind) <= limits.COMMANDS for kind in set(kinds))
    assert len(kinds) in {10, 12}  # with the verdict and the notice


def sarif_of(shown: Shown, limit: int = limits.SARIF_BYTES) -> Any:  # noqa: ANN401 - JSON
    document = sarif_document(shown, limit)
    assert document is not None
    assert len(document) <= limit
    assert len(gzip.compress(document)) <= 10_000_000
    return json.loads(document)


def test_sarif_has_as_many_results_of_a_run_as_are_taken() -> None:
    (run,) = sarif_of(with_findings(30_000))["runs"]

    assert len(run["results"]) == limits.SARIF_RESULTS
    assert len(run["tool"]["driver"]["rules"]) <= limits.SARIF_RULES
    levels = [result["level"] for result in run["results"]]
    assert levels == sorted(levels, key=["error", "warning", "note"].index)
    assert "note" in levels


def test_sarif_fits_where_nothing_can_be_compressed() -> None:
    rng = random.Random(7)
    found = tuple(
        Finding(
            rng.randbytes(100).hex(),
            Severity.ERROR,
            rng.randbytes(500).hex(),
            f"src/{rng.randbytes(200).hex()}.py",
            1,
        )
        for _ in range(9000)
    )

    document = sarif_of(replace(pending(), findings={"lint": found}))

    (run,) = document["runs"]
    assert 1000 < len(run["results"]) < 9000


@settings(max_examples=30)
@given(
    texts=st.lists(st.text(max_size=60), min_size=1, max_size=20),
    limit=st.integers(6_000, 20_000),
)
def test_sarif_is_never_larger_than_its_limit(texts: list[str], limit: int) -> None:
    found = tuple(
        Finding(text, Severity.ERROR, text * 20, text, place)
        for place, text in enumerate(texts)
    )
    sarif_of(replace(pending(), findings={"lint": found}), limit)


def test_of_more_than_twenty_stages_the_worst_twenty_are_in_sarif() -> None:
    names = [f"lint_{number}" for number in range(30)]
    run = run_of(*map(ended, names), outcome=Outcome.OPEN)
    found = {
        name: (Finding("F1", Severity(1 + place // 10), name, "a.py", 1),)
        for place, name in enumerate(names)
    }

    document = sarif_of(replace(pending(), run=run, asked=(), findings=found))

    shown = [run["results"][0]["message"]["text"] for run in document["runs"]]
    assert shown == names[10:]


def test_a_description_is_of_140_bytes_at_most_however_it_is_counted() -> None:
    assert len(cut_bytes(WIDE, limits.DESCRIPTION_BYTES).encode()) <= 140
    assert cut_bytes("fine", limits.DESCRIPTION_BYTES) == "fine"


def test_a_stage_without_an_end_is_shown_as_well() -> None:
    stages = [
        StageState(planned("test"), Phase.RUNNING, 1, 1),
        StageState(planned("build", "test")),
    ]
    shown = replace(pending(), run=run_of(*stages, outcome=None), asked=(), findings={})

    text = read_page(job_summary(shown)).text

    assert "Interrupted" in text
    assert "cut off" in text.replace("\N{NO-BREAK SPACE}", " ")
    assert Digest.of(b"request").hex not in text
