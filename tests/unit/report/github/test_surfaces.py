"""What each surface of GitHub says of a run."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from github_page import read_page
from hypothesis import given
from hypothesis import strategies as st
from rollouts import measured_world, world
from shown_runs import (
    COMMIT,
    HEAD,
    LINKS,
    VIEW,
    closed,
    ended,
    pending,
    planned,
    rolled_out,
    rolling_out,
    run_of,
    unrecorded,
)

from sluicegate.canary.plot.trace import Span
from sluicegate.model.code_host import (
    CheckConclusion,
    CommitStatus,
    DeploymentState,
    StatusState,
)
from sluicegate.model.decision import Outcome
from sluicegate.model.event import CountedApproval, EnvironmentEntered
from sluicegate.model.evidence import Value
from sluicegate.model.finding import Finding, Severity
from sluicegate.model.release_request import Answer
from sluicegate.model.run import Phase, StageState
from sluicegate.report.github.annotations import annotations
from sluicegate.report.github.checks import check_runs
from sluicegate.report.github.comment import marker_of, sticky_comment
from sluicegate.report.github.deployments import standings
from sluicegate.report.github.next_step import next_step
from sluicegate.report.github.plot import plot
from sluicegate.report.github.recording import TURN_ON
from sluicegate.report.github.sarif import sarif_document
from sluicegate.report.github.shown import Shown
from sluicegate.report.github.status import (
    Anchored,
    log_status,
    name_digest,
    read_status,
)
from sluicegate.report.github.summary import job_summary
from sluicegate.report.github.text import words
from sluicegate.report.request import Given, Standing
from sluicegate.stages.sarif import parse_report
from sluicegate.tlog.checkpoint import Checkpoint

AT = datetime(2026, 11, 22, 15, tzinfo=UTC)


def text_of(markdown: str) -> str:
    return read_page(markdown).text.replace("\N{NO-BREAK SPACE}", " ")


# --- the summary -------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "first"),
    [
        (pending(), "⏳ Pending: waits for approval, to go to production"),
        (closed(), "❌ Closed at test: test.failed == 0 does not hold: 2 tests failed"),
        (rolled_out(), "✅ Open: the gate is open"),
    ],
    ids=["pending", "closed", "open"],
)
def test_the_verdict_is_the_first_line(shown: Shown, first: str) -> None:
    assert text_of(job_summary(shown)).split("\n")[0] == first


def test_a_request_that_nobody_has_to_answer_does_not_wait_for_approval() -> None:
    shown = pending()
    answered = [
        replace(each, view=replace(each.view, missing=())) for each in shown.asked
    ]
    first = text_of(job_summary(replace(shown, asked=tuple(answered)))).split("\n")[0]
    assert first.startswith("⏳ Pending at ")
    assert "to go to production" not in first


def test_what_was_not_recorded_says_so_before_anything_else() -> None:
    summary = job_summary(unrecorded())

    text = text_of(summary)
    assert text.index("NOT RECORDED") < text.index(TURN_ON) < text.index("Open: all 4")
    assert summary.startswith("> [!WARNING]")
    assert 'audit: {store: "git:refs/heads/sluicegate-audit"}' in text


@pytest.mark.parametrize(
    ("folder", "said"),
    [("services/api", "in the folder services/api:"), ("a`b\n", "in a clone:")],
)
def test_recording_is_turned_on_where_the_project_is(folder: str, said: str) -> None:
    text = text_of(job_summary(replace(unrecorded(), folder=folder)))

    assert said in text


def test_a_pull_request_is_not_warned_of_what_never_happens() -> None:
    text = text_of(job_summary(closed()))

    assert "NOT RECORDED" not in text
    assert "Judged and not recorded, as a pull request never is." in text


def test_every_stage_is_a_row_with_its_gate_and_why() -> None:
    text = text_of(job_summary(closed()))

    assert "lint✅ open0 findings, 0 unformatted filesfindings 0" in text
    assert "test❌ closedtest.failed == 0 does not hold: 2 tests failed" in text
    assert "build\N{HEAVY MINUS SIGN} not runtest is closed" in text


def test_a_request_is_answered_with_its_whole_id_on_the_page_of_the_workflow() -> None:
    summary = job_summary(pending())
    page = read_page(summary)

    assert f"{LINKS.server}/acme/churn/actions/workflows/approve.yml" in page.links
    assert f"-f request={VIEW.id.hex}\n" in page.text
    assert f"sluice approve {VIEW.id.short}" in page.text
    assert (
        "missing: 1 more (ann, dave may; bob may not: wrote 3 of the commits)"
        in page.text
    )
    assert "It brings 7 commits since v2.2.4." in page.text


def test_a_run_that_nobody_recorded_is_not_said_to_be_remembered() -> None:
    shown = unrecorded()
    scan = ended("scan", Outcome.BROKEN, reason="no network")
    broken = replace(shown, run=run_of(scan, outcome=Outcome.BROKEN))
    assert next_step(broken).endswith("run this job again")
    kept = replace(broken, head=HEAD, unrecorded=None)
    assert next_step(kept).endswith("what is open is not run again")
    cut = replace(shown, run=replace(shown.run, finished=None))
    assert next_step(cut).endswith("it begins anew")


def test_to_wait_is_no_advice_where_there_were_too_few_examples() -> None:
    found: dict[str, Value] = {"inconclusive": "about 2594 examples would tell"}
    unsure = ended("compare", Outcome.PENDING, fields=found)
    shown = replace(pending(), run=run_of(unsure, outcome=Outcome.PENDING), asked=())

    assert next_step(shown).startswith("run this job with more examples")


def test_a_service_among_several_is_named_in_what_is_typed() -> None:
    shown = pending()
    (asked,) = shown.asked
    asked = replace(asked, view=replace(asked.view, service="api"))
    text = read_page(job_summary(replace(shown, asked=(asked,)))).text

    assert f"-f request={VIEW.id.hex} \\\n  -f service=api\n" in text


@pytest.mark.parametrize(
    ("by", "has", "lacks"),
    [
        (("signature",), "sluice approve", "gh workflow run"),
        (("dispatch",), "gh workflow run", "sluice approve 1"),
        (("comment",), "/sluice approve", "gh workflow run"),
        ((), "sluice approve", "gh workflow run"),
    ],
)
def test_only_ways_that_count_are_named(
    by: tuple[str, ...], has: str, lacks: str
) -> None:
    shown = pending()
    shown = replace(shown, asked=(replace(shown.asked[0], by=by),))

    text = text_of(job_summary(shown))

    assert has in text
    assert lacks not in text.replace("/sluice approve", "")


def test_where_a_reason_is_asked_for_every_command_has_room_for_it() -> None:
    shown = pending()
    ways = ("signature", "dispatch", "comment")
    asked = replace(shown.asked[0], by=ways, needs_reason=True)

    text = text_of(job_summary(replace(shown, asked=(asked,))))

    assert f"-f request={VIEW.id.hex} \\\n  -f reason='...'\n" in text
    assert "/sluice approve" not in text, "a comment says no reason"
    assert f"sluice approve {VIEW.id.short} --reason '...'\n" in text


def test_without_the_workflow_nobody_is_sent_to_it() -> None:
    shown = pending()
    for approve in (None, "../../evil.yml", "a`b.yml"):
        links = replace(shown.links, approve=approve)
        assert "gh workflow run" not in job_summary(replace(shown, links=links))


def test_what_was_said_to_a_request_is_shown_with_what_is_wrong_with_it() -> None:
    given_answers = (
        Given("dave", Answer.APPROVE, "", AT),
        Given("bob", Answer.APPROVE, "works", AT, flaw="wrote one of the commits"),
        Given("ann", Answer.REJECT, "not on a Friday", AT, waits=True),
    )
    shown = pending()
    view = replace(shown.asked[0].view, answers=given_answers)
    shown = replace(shown, asked=(replace(shown.asked[0], view=view),))

    text = text_of(job_summary(shown))

    assert "dave said yes\n" in text
    assert "bob said yes: works (does not count: wrote one of the commits)" in text
    assert "ann said no: not on a Friday (not taken in yet)" in text


def test_a_request_that_takes_no_answer_gets_no_command() -> None:
    shown = pending()
    view = replace(shown.asked[0].view, standing=Standing.EXPIRED, because="on Monday")
    shown = replace(shown, asked=(replace(shown.asked[0], view=view),))

    text = text_of(job_summary(shown))

    assert "This request is expired: on Monday" in text
    assert "gh workflow run" not in text


def test_what_could_not_be_shown_elsewhere_is_said_at_the_end() -> None:
    text = text_of(
        job_summary(closed(), ["the token lacks checks: write (check runs)"])
    )

    assert text.rstrip().endswith("the token lacks checks: write (check runs)")


def test_an_environment_is_a_link_only_to_a_page() -> None:
    shown = rolled_out()
    page = read_page(job_summary(shown))
    assert "https://churn.acme.example" in page.links

    for site in ("javascript:alert(1)", "https://a b", "", "//x"):
        sites = {"production": site}
        assert site not in read_page(job_summary(replace(shown, sites=sites))).links


@pytest.mark.parametrize("outcome", [*Outcome, None])
def test_a_gate_that_was_overridden_is_in_the_first_line(
    outcome: Outcome | None,
) -> None:
    entered = EnvironmentEntered(
        stage="canary",
        environment="production",
        policy=VIEW.id,
        branch="refs/heads/main",
        commit=COMMIT,
        conditions=(),
        approvals=(CountedApproval(VIEW.id, "eve", "SHA256:x"),),
        override=True,
        size=3,
    )
    stage = replace(ended("canary", outcome or Outcome.OPEN), entered=entered)
    shown = replace(rolled_out(), run=run_of(stage, outcome=outcome))

    summary = text_of(job_summary(shown))

    assert "OVERRIDDEN: production, by eve" in summary.split("\n")[0]


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("2 tests failed", "2 tests failed"),
        ("`os` imported, (unused)", "<code>os</code> imported, (unused)"),
        ("compare (`1 == 2`), too", "compare (<code>1 == 2</code>), too"),
        ("call f(x); or `g", "call <code>f(x)</code>; or <code>`g</code>"),
        ("ann@b.c, and x < 3", "<code>ann@b.c</code>, and x &lt; 3"),
        ("in a/b c/d.py: no", "in <code>a/b c/d.py</code>: no"),
        ("at deadbeef", "at <code>deadbeef</code>"),
        ("  two   blanks ", "two blanks"),
    ],
)
def test_words_are_words_and_all_else_is_code(text: str, html: str) -> None:
    assert words(text) == html


# --- the plot ----------------------------------------------------------------


def test_the_plot_shows_weights_and_evidence_over_time() -> None:
    trace = rolled_out().traces["canary"]

    lines = plot(trace)

    assert lines[0].startswith("traffic")
    assert lines[0].endswith("5 → 25 → 50 → 100 %")
    assert lines[1] == "errors"
    assert lines[2].endswith("0 % of what it takes to abort")
    assert lines[3].endswith("█  enough to promote")
    assert lines[-1] == "and 2 more metrics"
    assert len({len(line.split("  ")[0]) for line in lines[:1]}) == 1
    assert max(map(len, lines)) < 110


def test_the_plot_of_an_abort_reaches_the_bound_that_was_reached() -> None:
    from fakes_target import Behaviour  # noqa: PLC0415 - of this test alone

    bad = world(canary=Behaviour(fails=0.5))

    lines = plot(rolled_out(bad).traces["canary"])

    assert any(line.endswith("enough to abort") for line in lines)
    assert "enough to promote" not in "\n".join(lines)


def test_a_time_without_data_is_no_evidence_of_anything() -> None:
    trace = rolled_out().traces["canary"]
    half = Span(trace.end / 4, trace.end / 2)

    lines = plot(replace(trace, gaps=(half,)))

    assert lines[0].count("·") == 0, "the traffic went on"
    assert all(line.count("·") == 11 for line in lines if line.startswith("  worse"))


def test_a_metric_with_a_long_name_keeps_its_columns() -> None:
    trace = rolled_out(measured_world()).traces["canary"]
    long = replace(trace.lines[0], metric="x" * 90)

    lines = plot(replace(trace, lines=(long,)))

    bars = [line for line in lines if "▁" in line]
    assert len({line.index("▁") for line in bars}) == 1


# --- annotations, checks, comment --------------------------------------------


def test_annotations_come_worst_first_and_name_their_line() -> None:
    shown = replace(
        closed(),
        findings={
            "lint": (
                Finding("F401", Severity.WARNING, "unused", "a.py", 3),
                Finding("E999", Severity.ERROR, "unparsable", "b.py", 0),
            ),
            "test": (Finding("test-failed", Severity.ERROR, "no", "c.py", 9),),
        },
    )

    first, *others = annotations(shown)

    assert first.name == "error"
    assert first.value.startswith("Closed at test")
    assert [(one.name, dict(one.properties)) for one in others] == [
        ("error", {"file": "c.py", "line": 9, "title": "test: test-failed"}),
        ("error", {"file": "b.py", "title": "lint: E999"}),
        ("warning", {"file": "a.py", "line": 3, "title": "lint: F401"}),
    ]


def test_findings_of_a_service_are_found_in_its_folder() -> None:
    shown = replace(closed(), folder="services/api")

    files = [one.properties.get("file") for one in annotations(shown)]

    assert files[1:] == ["services/api/tests/test_features.py"] * 2


def test_checks_annotate_what_the_step_does_not() -> None:
    found = tuple(
        Finding("F401", Severity.WARNING, "unused", "a.py", line)
        for line in range(1, 31)
    )
    shown = replace(closed(), findings={"lint": found})

    by_step = [one.properties["line"] for one in annotations(shown)[1:]]
    (lint, *_) = check_runs(shown, COMMIT)

    assert by_step == list(range(1, 11))
    assert [one.start_line for one in lint.annotations] == list(range(11, 31))
    assert lint.summary.count("/blob/") == 30


@pytest.mark.parametrize(
    ("outcome", "conclusion"),
    [
        (Outcome.OPEN, CheckConclusion.SUCCESS),
        (Outcome.CLOSED, CheckConclusion.FAILURE),
        (Outcome.BROKEN, CheckConclusion.FAILURE),
        (Outcome.PENDING, CheckConclusion.ACTION_REQUIRED),
    ],
)
def test_only_an_open_gate_is_a_success(
    outcome: Outcome, conclusion: CheckConclusion
) -> None:
    shown = replace(closed(), run=run_of(ended("test", outcome, "so"), outcome=outcome))

    (check,) = check_runs(shown, COMMIT)

    assert check.conclusion is conclusion
    assert check.title == f"{outcome.value}: so"


def test_a_stage_is_skipped_only_if_its_own_condition_left_it_out() -> None:
    """GitHub takes a skipped check for a success."""
    lint = StageState(planned("lint"), Phase.SKIPPED, skipped="git.branch is main")
    after = StageState(planned("docs", "lint"), Phase.SKIPPED, skipped="lint left out")
    shut = ended("test", Outcome.CLOSED, "no")
    build = StageState(
        planned("build", "test"), Phase.SKIPPED, skipped="test is closed"
    )
    scan = StageState(planned("scan", "build"), Phase.SKIPPED, skipped="build not run")
    waiting = StageState(planned("publish", "scan"))
    stages = (lint, after, shut, build, scan, waiting)
    shown = replace(closed(), run=run_of(*stages, outcome=Outcome.CLOSED))

    found = {check.name: check.conclusion for check in check_runs(shown, COMMIT)}

    assert found == {
        "sluice / lint": CheckConclusion.SKIPPED,
        "sluice / docs": CheckConclusion.SKIPPED,
        "sluice / test": CheckConclusion.FAILURE,
        "sluice / build": CheckConclusion.CANCELLED,
        "sluice / scan": CheckConclusion.CANCELLED,
        "sluice / publish": CheckConclusion.CANCELLED,
    }


def test_checks_of_two_services_have_two_names() -> None:
    names = {
        check.name
        for folder in ("", "services/api")
        for check in check_runs(replace(closed(), folder=folder), COMMIT)
    }

    assert {"sluice / test", "sluice / services/api / test"} <= names
    assert len(names) == 6


def test_a_service_keeps_its_comment_when_its_pipeline_gets_a_new_version() -> None:
    shown = closed()
    newer = replace(
        shown,
        run=replace(
            shown.run,
            started=replace(shown.run.started, pipeline="churn_release_v2.0"),
        ),
    )
    elsewhere = replace(shown, folder="services/api")

    assert marker_of(shown) == marker_of(newer) != marker_of(elsewhere)
    assert sticky_comment(shown).startswith(marker_of(shown) + "\n")


def test_a_comment_shows_the_worst_and_leads_to_all() -> None:
    found = tuple(
        Finding("F401", Severity.WARNING, "unused", "a.py", line) for line in range(99)
    )
    comment = sticky_comment(replace(closed(), findings={"lint": found}))

    page = read_page(comment)
    assert comment.count("/blob/") == 20
    assert "and 79 more rows" in page.text
    assert LINKS.run in page.links


# --- SARIF -------------------------------------------------------------------


def test_sarif_says_what_was_found_and_our_own_reader_reads_it() -> None:
    shown = replace(closed(), folder="services/api")
    document = sarif_document(shown)
    assert document is not None

    report = parse_report(document, "/nowhere")

    assert [(one.rule, one.line, one.path) for one in report.findings] == [
        ("test-failed", 21, "services/api/tests/test_features.py"),
        ("test-failed", 57, "services/api/tests/test_features.py"),
    ]


def test_each_stage_is_a_category_and_a_clean_scanner_clears_its_own() -> None:
    document = json.loads(sarif_document(closed()) or b"")

    assert {
        run["automationDetails"]["id"]: len(run["results"]) for run in document["runs"]
    } == {"sluicegate/lint/": 0, "sluicegate/test/": 2}


def test_a_stage_that_was_broken_clears_nothing() -> None:
    broken = ended("lint", Outcome.BROKEN, "ruff crashed")
    run = run_of(broken, outcome=Outcome.BROKEN)

    assert sarif_document(replace(closed(), run=run, findings={"lint": ()})) is None


def test_what_was_not_looked_at_this_time_clears_nothing() -> None:
    assert sarif_document(replace(closed(), findings={})) is None


def test_a_finding_that_moves_stays_the_same_and_two_are_two() -> None:
    def fingerprints(*lines: int) -> list[str]:
        found = tuple(
            Finding("F401", Severity.WARNING, "unused", "a.py", line) for line in lines
        )
        document = sarif_document(replace(closed(), findings={"lint": found}))
        assert document is not None
        return [
            result["partialFingerprints"]["primaryLocationLineHash"]
            for result in json.loads(document)["runs"][0]["results"]
        ]

    assert fingerprints(3, 9) == fingerprints(5, 11)
    assert len(set(fingerprints(3, 9))) == 2


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("src/a b%.py", "src/a%20b%25.py"),
        ("ü.py", "%C3%BC.py"),
        ("../x", "sluicegate.yaml"),
        (".", "sluicegate.yaml"),
        ("image:", "sluicegate.yaml"),
    ],
)
def test_every_result_is_somewhere_in_the_repository(path: str, uri: str) -> None:
    found = (Finding("R", Severity.ERROR, "x", path, 0),)
    document = sarif_document(replace(closed(), findings={"lint": found}))
    assert document is not None

    (result,) = json.loads(document)["runs"][0]["results"]

    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == uri
    assert place["region"]["startLine"] == 1


# --- the status of the log ---------------------------------------------------


@given(
    size=st.integers(1, 2**63 - 1),
    root=st.binary(min_size=32, max_size=32),
    origin=st.from_regex(r"[a-z.]{1,40}/[a-z]{1,200}", fullmatch=True),
)
def test_a_status_says_all_of_a_checkpoint_and_is_read_again(
    size: int, root: bytes, origin: str
) -> None:
    status = log_status(Checkpoint(origin, size, root))

    assert len(status.description) <= 140
    assert status.description.isascii()
    assert read_status(status) == Anchored(name_digest(origin), size, root)


SOUND = log_status(HEAD).description


@pytest.mark.parametrize(
    "description",
    [
        "",
        f" {SOUND}",
        f"{SOUND}\n",
        f"{SOUND} ",
        SOUND.replace("1284", "01284"),
        SOUND.replace("1284", "-1"),
        SOUND.replace("1284", "9" * 19),
        SOUND.replace("1284", "٣"),
        SOUND.replace("=, log", "A, log"),
        SOUND.replace("log ", "log A"),
        SOUND[:-1],
        "all is well",
    ],
)
def test_a_status_of_another_form_says_nothing(description: str) -> None:
    assert (
        read_status(CommitStatus("sluicegate/log", StatusState.SUCCESS, description))
        is None
    )


def test_a_status_of_another_name_says_nothing() -> None:
    assert read_status(CommitStatus("ci/log", StatusState.SUCCESS, SOUND)) is None


# --- deployments -------------------------------------------------------------


def test_a_request_that_waits_is_a_deployment_that_does() -> None:
    (found,) = standings(pending())

    assert found.state is DeploymentState.PENDING
    assert found.description.startswith("waits: 1 more (ann, dave may")
    assert (found.environment, found.commit) == ("production", COMMIT)
    assert found.replaces is None


def test_a_rollout_says_how_far_it_is() -> None:
    (found,) = standings(rolling_out())

    assert found.state is DeploymentState.IN_PROGRESS
    assert found.description == "canary at 5 % beside old"


def test_a_release_that_was_taken_back_has_failed() -> None:
    from fakes_target import Behaviour  # noqa: PLC0415 - of this test alone

    (found,) = standings(rolled_out(world(canary=Behaviour(fails=0.5))))

    assert found.state is DeploymentState.FAILURE
    assert found.description.startswith("rolled back: ")
    assert found.replaces is None


def test_a_release_that_is_live_has_its_site_and_replaces_the_one_before() -> None:
    (found,) = standings(rolled_out())

    assert found.state is DeploymentState.SUCCESS
    assert found.site == "https://churn.acme.example"
    assert found.replaces == "0" * 40


def test_a_run_that_goes_nowhere_is_no_deployment() -> None:
    assert standings(closed()) == []
    assert standings(unrecorded()) == []
