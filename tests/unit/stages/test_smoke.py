"""Unit tests of `sluicegate.stages.smoke`."""

import json
import re
from contextlib import suppress
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import smoke_service
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from smoke_asked import (
    BATCH,
    GOLDEN,
    IMAGE,
    ROWS,
    VARIANTS,
    Local,
    ask_all,
    asking,
    lines,
    manner,
    row,
)
from stage_harness import make_context
from tool_vectors import make_result

from sluicegate.errors import PermanentError
from sluicegate.model.digest import Digest
from sluicegate.model.evidence import round_value
from sluicegate.model.tool import Tool
from sluicegate.stages.serving.orders import read_orders
from sluicegate.stages.smoke import SmokeStage
from sluicegate.stages.stage import Report

TOOLS = {
    "smoke-runner": Tool("smoke-runner", ("/py", "-m", "smoke"), "1", None, "own"),
    "docker": Tool("docker", ("/bin/docker",), "20", None, "on PATH"),
}
CONTEXT = make_context(tools=TOOLS, images=[Digest.parse(IMAGE)])
SETTINGS: dict[str, Any] = {
    "uses": "smoke",
    "golden": "golden.jsonl",
    "port": 8000,
    "ignore": ["$.model"],
    "tolerances": [{"path": "$.score", "absolute": 1e-9}],
}
BATCHES: dict[str, Any] = {"batch": {"path": "/batch", "size": 4}}
VARIES: dict[str, Any] = {
    "variants": {
        "unknown_field": "ignored",
        "required": ["mass", "length"],
        "optional": ["sex"],
    }
}


def stage(**more: object) -> SmokeStage:
    return SmokeStage.model_validate({**SETTINGS, **more})


def judge(answers: bytes, golden: bytes = GOLDEN, **more: object) -> Report:
    files = {"smoke.json": answers, "golden.jsonl": golden}
    made = stage(**more)
    report = made.interpret(CONTEXT, [make_result("smoke-runner", files=files)])
    assert report.fields.keys() <= {spec.name for spec in made.fields()}
    return report


def played(fault: str, golden: bytes = GOLDEN, **more: object) -> Report:
    """What comes of a service with *fault*, with batches and variants."""
    with smoke_service.served(fault) as server:
        answers = ask_all(Local(server.server_port), golden, asking(BATCH, VARIANTS))
    return judge(answers, golden, **{**BATCHES, **VARIES, **more})


def played_raw(golden: bytes) -> bytes:
    """What is written of the answers to *golden*, one by one."""
    with smoke_service.served() as server:
        return ask_all(Local(server.server_port), golden)


def counts(report: Report) -> tuple[object, ...]:
    names = ("mismatches", "batch_mismatches", "variant_failures")
    return tuple(report.fields[name] for name in names)


def test_a_service_that_computes_what_the_pipeline_computes_passes() -> None:
    report = played("")

    ready_ms = report.fields["ready_ms"]
    assert report.fields == {
        "ready": True,
        "ready_ms": ready_ms,
        "running": True,
        "golden": 7,
        "values": 12,
        "mismatches": 0,
        "unanswered": 0,
        "largest_difference": 0.0,
        "batch_mismatches": 0,
        "variants": 9,
        "variant_failures": 0,
        "image_id": IMAGE,
        "golden_digest": str(Digest.of(GOLDEN)),
    }
    assert report.summary == (
        "7 golden requests, 0 mismatches; 0 answered otherwise in a batch; 9 variants,"
        " 0 failed"
    )
    assert report.findings == ()
    assert [each.name for each in report.files] == ["golden.jsonl", "smoke.json"]


@pytest.mark.parametrize(
    ("fault", "wrong", "said"),
    [
        ("skewed", (6, 0, 0), r"'bird 0': \$.score is 0.\d+, expected 0.2689"),
        ("null", (6, 0, 0), r"\$.label is null, expected false"),
        ("missing", (6, 0, 0), r"\$.label is missing, expected false"),
        ("more", (6, 0, 0), r"\$.debug is true, expected nothing"),
        ("nan", (6, 6, 3), "'bird 0': no JSON: NaN is no number of JSON"),
        ("redirects", (7, 6, 9), "status 307, expected 200"),
        ("crashes", (1, 0, 6), "'nothing': status 500, expected 400"),
        ("place", (0, 6, 0), "'bird 1': in a batch of 4: another answer: "),
        ("shuffled", (0, 4, 0), "its answer is at place 3, and not at 2"),
        ("short", (0, 6, 0), "in a batch of 4: 3 predictions for 4 instances"),
        ("strict", (0, 0, 1), "with an unknown field: status 400"),
        ("takes-nan", (0, 0, 2), "with NaN for mass: status 200, expected a refusal"),
        ("null-is-zero", (0, 0, 1), r"without sex: another answer: \$.score is"),
    ],
)
def test_each_fault_of_a_service_is_found_and_named(
    fault: str, wrong: tuple[int, int, int], said: str
) -> None:
    report = played(fault)

    assert counts(report) == wrong
    assert len(report.findings) == sum(wrong)
    assert any(re.search(said, each.message) for each in report.findings), [
        each.message for each in report.findings
    ]
    assert report.findings[0].message in report.summary


WRAPPED: dict[str, Any] = {"path": "/batch", "batch": {"size": 4}, **VARIES}


@pytest.mark.parametrize(
    ("fault", "wrong", "said"),
    [
        ("", (0, 0, 0), ""),
        ("skewed", (6, 0, 0), r"'bird 0': \$.score is 0.\d+, expected 0.2689"),
        ("place", (0, 6, 0), "'bird 1': in a batch of 4: another answer: "),
        ("short", (6, 6, 3), "'bird 0': 0 predictions for 1 instance"),
        ("strict", (0, 0, 1), "with an unknown field: status 400"),
        ("null-is-zero", (0, 0, 1), r"without sex: another answer: \$.score is"),
    ],
)
def test_a_service_that_knows_batches_only_is_asked_for_batches_of_one(
    fault: str, wrong: tuple[int, int, int], said: str
) -> None:
    asked = stage(**WRAPPED).asking()
    with smoke_service.served(fault) as server:
        answers = ask_all(Local(server.server_port), asked=asked)
    report = judge(answers, **WRAPPED)

    assert counts(report) == wrong
    assert report.fields["values"] == (0 if fault == "short" else 12)
    told = [each.message for each in report.findings]
    assert not said or any(re.search(said, each) for each in told), told


@pytest.mark.parametrize("body", ["{}", "[]", "null", '{"predictions": {}}', "1"])
def test_what_is_no_list_of_predictions_is_a_mismatch(body: str) -> None:
    asked = stage(**WRAPPED).asking()
    with smoke_service.served() as server:
        record = json.loads(ask_all(Local(server.server_port), asked=asked))
    for answer in record["answers"]:
        answer["body"] = body
    report = judge(json.dumps(record).encode(), **WRAPPED)

    assert counts(report)[:2] == (6, 6)
    assert "'bird 0': no list predictions" in report.summary


def test_a_service_that_refuses_unknown_fields_passes_where_it_should() -> None:
    report = played(
        "strict", variants={**VARIES["variants"], "unknown_field": "refused"}
    )

    assert counts(report) == (0, 0, 0)


def test_a_finding_names_the_line_of_the_golden_file() -> None:
    rows = [row(0), {**row(1), "expected": {}}, row(2)]
    golden = b"\n\n" + lines(*rows)

    report = played("", golden)

    (finding,) = report.findings
    assert (finding.path, finding.line) == ("golden.jsonl", 4)
    assert finding.rule == "mismatch"


def test_an_answer_within_the_tolerance_passes_and_its_difference_is_told() -> None:
    loose = [{"path": "$.score", "absolute": 0.02}]
    report = played("skewed", tolerances=loose)

    assert counts(report) == (0, 0, 0)
    assert report.fields["largest_difference"] == pytest.approx(0.01)


@pytest.mark.parametrize("answer", [9e9, 9.1e9, 1e308, 10**300])
def test_a_difference_that_the_log_cannot_hold_is_left_out(answer: float) -> None:
    golden = lines({"id": 1, "request": 1, "expected": 0})
    record = json.loads(played_raw(golden))
    record["answers"][0] |= {"status": 200, "body": json.dumps(answer)}
    fields = judge(json.dumps(record).encode(), golden).fields

    assert fields["mismatches"] == 1
    for value in fields.values():
        round_value(value)
    assert ("largest_difference" in fields) == (answer == 9e9)


def test_a_service_that_did_not_become_ready_has_no_figures() -> None:
    answers = ask_all(Local(None, ["", "ended with exit code 1"]))
    report = judge(answers)

    assert report.fields.keys() == {"ready", "golden", "image_id", "golden_digest"}
    assert report.fields["ready"] is False
    assert report.summary == (
        "not ready: the container ended with exit code 1; its last words: its last"
        " words"
    )


def test_a_container_that_ended_meanwhile_is_told_of() -> None:
    with smoke_service.served() as server:
        ended = Local(server.server_port, ["", "ended with exit code 3"])
        report = judge(ask_all(ended))

    assert report.summary == (
        "7 golden requests, 0 mismatches; the container ended with exit code 3"
    )
    assert report.fields["running"] is False
    assert "it.running == true" in stage().gate_always("it")


def test_a_request_without_an_answer_is_told_of_and_counted() -> None:
    record = json.loads(played_raw(GOLDEN))
    record["answers"][6] |= {"status": None, "body": "", "fault": "no answer: gone"}
    report = judge(json.dumps(record).encode())

    (finding,) = report.findings
    assert (finding.rule, finding.message) == (
        "no-answer",
        "'nothing': no answer: gone",
    )
    assert (report.fields["mismatches"], report.fields["unanswered"]) == (1, 1)


def test_where_nobody_listens_the_port_is_asked_for() -> None:
    with smoke_service.served() as server:
        port = server.server_port
    report = judge(ask_all(Local(port), how=manner(ready=0.1)))

    assert "does it listen on `port`, and on all addresses?" in report.summary


def test_only_the_end_of_what_a_container_wrote_is_told() -> None:
    ended = Local(None, ["ended with exit code 1"])
    ended.said = "\n".join(["first", *("x" * 300 for _ in range(3)), " ", "last"])
    summary = judge(ask_all(ended)).summary

    assert summary.endswith("x | last")
    assert "first" not in summary
    assert len(summary) < 300


def test_without_an_image_or_with_two_there_is_nothing_to_start() -> None:
    other = Digest("cd" * 32)
    for images in ((), (Digest.parse(IMAGE), other)):
        context = replace(CONTEXT, images=images)
        with pytest.raises(PermanentError, match="image"):
            stage().plan(context)


def test_the_program_is_told_all_of_it() -> None:
    (step,) = stage(**BATCHES, **VARIES, service_env={"A": "b"}).plan(CONTEXT)

    orders = read_orders(step.command.argv[-1])
    assert step.command.argv[:-1] == ("/py", "-m", "smoke")
    assert step.outputs == ("smoke.json", "golden.jsonl")
    assert (orders.image, orders.port, orders.golden) == (IMAGE, 8000, "golden.jsonl")
    assert (orders.env, orders.memory) == ({"A": "b"}, 4 << 30)
    assert orders.until - orders.now == 30 * 60 + 120
    assert orders.asking == asking(BATCH, VARIANTS)


def test_the_golden_file_decides_whether_a_result_still_stands() -> None:
    (probe,) = stage().probes(CONTEXT)

    assert probe.argv[-1] == "/project/golden.jsonl"


def test_answers_of_another_image_are_broken() -> None:
    answers = played_raw(GOLDEN)
    files = {"smoke.json": answers, "golden.jsonl": GOLDEN}
    results = [make_result("smoke-runner", files=files)]
    other = replace(CONTEXT, images=(Digest("cd" * 32),))

    with pytest.raises(PermanentError, match="it has started sha256:abab"):
        stage().interpret(other, results)
    config = {"build": {"config_digest": IMAGE}}
    stage().interpret(replace(other, upstream=config), results)


@pytest.mark.parametrize("golden", [b"", b"\n \n", lines(*ROWS[1:])])
def test_answers_to_another_golden_file_are_broken(golden: bytes) -> None:
    answers = played_raw(GOLDEN)

    with pytest.raises(PermanentError, match="golden"):
        judge(answers, golden)


def test_a_golden_file_that_is_not_the_commits_is_broken() -> None:
    files = {"smoke.json": played_raw(GOLDEN), "golden.jsonl": GOLDEN}
    results = [make_result("smoke-runner", files=files)]
    same = replace(CONTEXT, files={"golden.jsonl": GOLDEN})
    other = replace(CONTEXT, files={"golden.jsonl": GOLDEN + b"\n"})

    assert stage().reads() == ("golden.jsonl",)
    assert stage().interpret(same, results).fields["ready"] is True
    with pytest.raises(PermanentError, match=r"golden\.jsonl is another file"):
        stage().interpret(other, results)


def test_answers_to_fewer_questions_than_are_asked_now_are_broken() -> None:
    answers = played_raw(GOLDEN)

    for more in (BATCHES, VARIES, {"path": "/other"}, {"method": "PUT"}):
        with pytest.raises(PermanentError, match="not those"):
            judge(answers, **more)


@pytest.mark.parametrize("golden", [lines(ROWS[-1]), lines(row(0, expected={}))])
def test_a_golden_file_with_nothing_to_compare_opens_no_gate(golden: bytes) -> None:
    answers = played_raw(golden)
    report = judge(answers, golden, extra_fields="allowed")

    assert report.fields["mismatches"] == report.fields["values"] == 0
    assert "it.values > 0" in stage().gate_always("it")


def test_what_is_ignored_is_no_value_that_was_compared() -> None:
    answers = played_raw(GOLDEN)

    assert judge(answers, ignore=["$"]).fields["values"] == 0


def test_the_gate_asks_for_all_that_was_asked() -> None:
    assert stage().default_gate("it") == (
        "it.ready == true",
        "it.running == true",
        "it.values > 0",
        "it.mismatches == 0",
    )
    both = stage(**BATCHES, **VARIES)
    assert both.gate_unless_named("it") == (
        "it.mismatches == 0",
        "it.batch_mismatches == 0",
        "it.variant_failures == 0",
    )


ESCAPED = ask_all(Local(None, ["ended"])).replace(b"its last", b"\\u001b[2J")


@pytest.mark.parametrize(
    ("code", "files", "said"),
    [
        (2, {}, "there is no file"),
        (0, {}, "smoke test failed"),
        (0, {"smoke.json": b"{}"}, "smoke test failed"),
        (0, {"smoke.json": b"{}", "golden.jsonl": GOLDEN}, "cannot be read"),
        (0, {"smoke.json": ESCAPED, "golden.jsonl": GOLDEN}, "cannot be read"),
        (0, {"smoke.json": b"[" * 10**5, "golden.jsonl": GOLDEN}, "cannot be read"),
        (1, {"smoke.json": b"{}", "golden.jsonl": GOLDEN}, "smoke test failed"),
    ],
)
def test_a_program_that_failed_is_broken(
    code: int, files: dict[str, bytes], said: str
) -> None:
    result = make_result("smoke-runner", code, stderr=b"there is no file", files=files)

    with pytest.raises(PermanentError, match=said):
        stage().interpret(CONTEXT, [result])


@pytest.mark.parametrize(
    "settings",
    [
        {"golden": "/etc/passwd"},
        {"port": 0},
        {"path": "predict"},
        {"path": "/a b"},
        {"path": "/a\r\nHost: b"},
        {"method": "GET"},
        {"headers": {"Host": "other"}},
        {"headers": {"content-length": "0"}},
        {"headers": {"X-A": "b\r\nX-C: d"}},
        {"headers": {"X A": "b"}},
        {"service_env": {"A=B": "c"}},
        {"memory": "a lot"},
        {"network": "host"},
        {"tolerances": [{"path": "$.a"}]},
        {"tolerances": [{"path": "a", "absolute": 1}]},
        {"tolerances": [{"path": "$.a", "absolute": -1}]},
        {"tolerances": [{"path": "$.a", "absolute": float("nan")}]},
        {"tolerances": [{"path": "$.a", "relative": 1}]},
        {"ignore": ["$.."]},
        {"batch": {"size": 1}},
        {"batch": {"instances": "instances"}},
        {"batch": {"instances": "$.a.b"}},
        {"variants": {}},
        {"variants": {"required": ["a", "$.a"]}},
        {"variants": {"required": ["$.a[0]"]}},
        {"variants": {"optional": [""]}},
        {"variants": {"unknown_field": "perhaps"}},
    ],
    ids=str,
)
def test_settings_that_cannot_be_meant_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        stage(**settings)


@given(st.binary(max_size=300))
def test_a_broken_report_is_an_error_and_never_a_pass(document: bytes) -> None:
    with pytest.raises(PermanentError):
        judge(document)


@given(st.binary(max_size=300))
def test_a_broken_golden_file_is_an_error_and_never_a_pass(document: bytes) -> None:
    with pytest.raises(PermanentError):
        judge(b"{}", document)


@cache
def answered() -> bytes:
    with smoke_service.served() as server:
        asked = asking(None, VARIANTS)
        return ask_all(Local(server.server_port), lines(row(0)), asked)


BODIES = st.one_of(
    st.text(max_size=80),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["score", "label", "a"]), inner, max_size=3
            )
        ),
        max_leaves=8,
    ).map(json.dumps),
)


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(BODIES, st.none() | st.integers(100, 999)), min_size=1, max_size=3
    )
)
def test_whatever_a_service_answers_there_is_a_report(
    said: list[tuple[str, int | None]],
) -> None:
    """No traceback; and a pass only for the answer that is expected."""
    record = json.loads(answered())
    for at, answer in enumerate(record["answers"]):
        answer["body"], answer["status"] = said[at % len(said)]
    with suppress(PermanentError):  # a lone surrogate is no JSON of the program's
        report = judge(json.dumps(record).encode(), lines(row(0)), **VARIES)
        assert report.fields["mismatches"] == 1
        for value in report.fields.values():
            round_value(value)
