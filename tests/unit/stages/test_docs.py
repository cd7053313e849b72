"""Unit tests of `sluicegate.stages.docs`, and its gate on what it reports."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from stage_harness import make_context
from tool_vectors import make_result

from sluicegate.errors import PermanentError
from sluicegate.gates.condition import compile_condition
from sluicegate.gates.gate import Gate
from sluicegate.model.decision import Decision, Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.evidence import Value, round_value
from sluicegate.model.tool import Tool
from sluicegate.stages.docs import DocsStage
from sluicegate.stages.stage import Report

SHA = "ab" * 32
CARD = """\
---
license: apache-2.0
datasets: [churn-2026-10]
model-index:
- name: churn
  results:
  - dataset: {name: held out}
    metrics:
    - {type: accuracy, value: 0.871}
---
# Churn

## Owner
ann@example.com

## Intended use
Ranks customers in the EU by how likely they leave.

## Limitations
Knows nothing of customers younger than three months.

## Training data
All customers of October, without those who objected.

## Evaluation
Accuracy on customers that training never saw: see above.
"""
LOW, HIGH = "docs.stated_accuracy_low", "docs.stated_accuracy_high"
ACCURACY = {"accuracy": "evaluate.accuracy"}
MEASURED: Mapping[str, Mapping[str, Value]] = {
    "evaluate": {"accuracy": 0.871235, "low": 0.8601, "high": 0.8822},
    "modelscan": {"content": "unknown yet"},
}
FILE = {
    "path": "model/model.json",
    "size": 12,
    "sha256": SHA,
    "format": "json",
    "rule": "",
    "message": "",
    "imports": [],
}
TOOLS = {
    "model-reader": Tool("model-reader", ("/py", "-m", "reader"), "1", None, "own"),
}


def stage(**more: object) -> DocsStage:
    return DocsStage.model_validate({"uses": "docs", "metrics": ACCURACY, **more})


def interpret(
    judged: DocsStage,
    card: str | bytes | None = CARD,
    upstream: Mapping[str, Mapping[str, Value]] = MEASURED,
    **copies: bytes | None,
) -> Report:
    data = card.encode() if isinstance(card, str) else card
    results = [
        make_result(name, stdout=b"absent\n")
        if content is None
        else make_result(name, files={name: content})
        for name, content in {"card": data, **copies}.items()
    ]
    if judged.model is not None:
        listed = json.dumps({"files": [FILE]}).encode()
        results.append(make_result("model-reader", files={"model-files.json": listed}))
    report = judged.interpret(make_context(upstream=upstream), results)
    assert report.fields.keys() <= {spec.name for spec in judged.fields()}
    return report


def judge(
    judged: DocsStage,
    report: Report,
    upstream: Mapping[str, Mapping[str, Value]] = MEASURED,
) -> Decision:
    types = {f"docs.{spec.name}": spec.type for spec in judged.fields()}
    types |= {f"evaluate.{name}": "number" for name in ("accuracy", "low", "high")}
    types["modelscan.content"] = "text"
    gate = Gate(
        tuple(
            compile_condition(text, types, types)
            for text in judged.default_gate("docs")
        )
    )
    found = {f"docs.{name}": round_value(v) for name, v in report.fields.items()}
    for before, fields in upstream.items():
        found |= {f"{before}.{name}": value for name, value in fields.items()}
    return gate.judge(found)[1]


def verdict(judged: DocsStage, report: Report) -> Verdict:
    return judge(judged, report).verdict


def test_a_card_that_says_everything_opens() -> None:
    report = interpret(stage())

    assert judge(stage(), report).verdict is Verdict.OPEN
    assert report.findings == ()
    assert report.summary.startswith(
        "6 required parts, nothing missing; accuracy 0.871; ML-BOM "
    )


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("value: 0.871", "value: 0.917", "number-differs"),
        ("value: 0.871", "value: 0.87", "number-differs"),
        ("value: 0.871", "value: high", "number-missing"),
        ("see above.", "the accuracy is 0.93.", "number-contradicts"),
        ("license: apache-2.0", "license:", "missing-part"),
        ("ann@example.com", "", "missing-part"),
        ("ann@example.com", "TBD", "placeholder"),
        ("Ranks customers", "[Describe the use] for customers", "placeholder"),
        ("## Limitations", "## Anything else", "missing-part"),
        ("All customers of October", "Lorem ipsum dolor sit amet", "placeholder"),
        (
            "All customers of October, without those who objected.",
            "[More Information Needed]",
            "missing-part",
        ),
        ("Knows nothing of customers younger than three months.", "None.", "missing"),
        ("Ranks customers in the EU by how likely they leave.", "", "missing-part"),
    ],
)
def test_what_is_wrong_closes_and_is_shown_with_its_line(
    old: str, new: str, finding: str
) -> None:
    assert old in CARD
    report = interpret(stage(), CARD.replace(old, new))

    assert verdict(stage(), report) is Verdict.CLOSED
    assert any(each.rule.startswith(finding) for each in report.findings)
    assert all(each.path == "MODEL_CARD.md" for each in report.findings[:1])


def test_a_number_that_is_another_one_is_named_with_both_places() -> None:
    report = interpret(stage(), CARD.replace("0.871", "0.917"))

    assert (
        "accuracy is 0.917 at MODEL_CARD.md:9, and evaluate.accuracy is 0.871235"
        in report.summary
    )


def test_too_few_digits_are_asked_for() -> None:
    card = CARD.replace("0.871", "0.87")

    assert "give at least 3 digits" in interpret(stage(), card).summary
    metric = {"accuracy": {"evidence": "evaluate.accuracy", "digits": 2}}
    assert verdict(stage(), interpret(stage(metrics=metric), card)) is Verdict.OPEN


def test_evidence_that_is_not_there_closes() -> None:
    report = interpret(stage(), upstream={})

    assert judge(stage(), report, {}).verdict is Verdict.CLOSED


@pytest.mark.parametrize("card", [None, b"", b"\n\n", b"---\n---\n", b"<!-- todo -->"])
def test_no_card_or_an_empty_one_closes(card: bytes | None) -> None:
    judged = stage(require=["owner"], metrics={})

    report = interpret(judged, card)

    assert report.fields["card"] is False
    assert verdict(judged, report) is Verdict.CLOSED


@pytest.mark.parametrize(
    ("card", "where"),
    [
        (b"---\nlicense: mit\n", "MODEL_CARD.md:1: the front matter does not end"),
        (b"---\na: 1\na: 2\n---\n", "MODEL_CARD.md:3: 'a' is given twice"),
        (b"---\na: &x 1\nb: *x\n---\n", "MODEL_CARD.md:2: write it out"),
        (b"---\n- a\n---\n", "MODEL_CARD.md:2: the front matter must hold keys"),
        (b"---\na: [\n---\n", "MODEL_CARD.md:"),
        (b"# A\n\xff\n", "MODEL_CARD.md:2: not UTF-8"),
        (b"# A\n" + b"x" * 10_001, "MODEL_CARD.md:2: longer than"),
        (b"x" * (1 << 20), "MODEL_CARD.md is larger than 512 KiB"),
        (b"x\n" * 20_000, "MODEL_CARD.md has more than 10000 lines"),
        (CARD.replace("0.871", ".nan").encode(), "MODEL_CARD.md:9: .nan is no number"),
        (CARD.replace("0.871", "-Inf").encode(), "MODEL_CARD.md:9: -Inf is no number"),
        (CARD.replace("0.871", "1e12").encode(), "MODEL_CARD.md:9: 1e12 is too large"),
        (CARD.replace("0.871", "1e-9").encode(), "MODEL_CARD.md:9: 1e-9 is too small"),
    ],
)
def test_what_cannot_be_read_in_one_way_only_is_broken(card: bytes, where: str) -> None:
    with pytest.raises(PermanentError) as caught:
        interpret(stage(), card)

    assert str(caught.value).startswith(where)


# --- the bill of materials ----------------------------------------------------


def bill_of(report: Report) -> bytes:
    (data,) = (file.data for file in report.files if file.name == "mlbom.cdx.json")
    return data


def check_schema(data: bytes) -> None:
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(data.decode())
    assert error is None, error


def with_files(**more: object) -> DocsStage:
    model = {"paths": ["model"], "content": "modelscan.content"}
    return stage(model=model, **more)


def test_the_bill_has_the_gates_numbers_and_the_files_digests() -> None:
    metric = {
        "evidence": "evaluate.accuracy",
        "interval": ["evaluate.low", "evaluate.high"],
    }
    judged = with_files(metrics={"accuracy": metric})

    report = interpret(judged)

    data = bill_of(report)
    check_schema(data)
    model = json.loads(data)["metadata"]["component"]
    (line,) = model["modelCard"]["quantitativeAnalysis"]["performanceMetrics"]
    assert line == {
        "type": "accuracy",
        "value": "0.871235",
        "confidenceInterval": {"lowerBound": "0.8601", "upperBound": "0.8822"},
    }
    assert model["name"] == "churn"
    assert model["licenses"] == [{"license": {"id": "Apache-2.0"}}]
    (file,) = json.loads(data)["components"]
    assert file["hashes"] == [{"alg": "SHA-256", "content": SHA}]
    assert report.fields["mlbom"] == str(Digest.of(data))


def test_the_files_must_be_those_that_were_scanned() -> None:
    judged = with_files()
    report = interpret(judged)
    content = report.fields["content"]

    same = {**MEASURED, "modelscan": {"content": content}}
    assert judge(judged, report, same).verdict is Verdict.OPEN
    assert judge(judged, report).verdict is Verdict.CLOSED


def test_the_same_inputs_make_the_same_bill() -> None:
    first, second = (bill_of(interpret(stage())) for _ in range(2))

    assert first == second
    assert bill_of(interpret(stage(), CARD.replace("EU", "US"))) != first


def test_what_the_bill_must_say_and_does_not_closes() -> None:
    sliced = {"accuracy": {"evidence": "evaluate.accuracy", "slice": "region=EU"}}
    for metrics, wanted, missing in (
        (ACCURACY, ["intervals"], "intervals"),
        (ACCURACY, ["slices"], "slices"),
        (sliced, ["slices"], None),
        (ACCURACY, ["datasets", "use_cases", "limitations", "authors"], None),
    ):
        judged = stage(metrics=metrics, mlbom={"require": wanted})
        report = interpret(judged)

        assert report.fields["mlbom_gaps"] == (0 if missing is None else 1)
        assert verdict(judged, report) is (
            Verdict.OPEN if missing is None else Verdict.CLOSED
        )


EU = {"type": "accuracy", "value": "0.85", "slice": "region=EU"}


def users_bill(**model: object) -> bytes:
    metric = {"type": "accuracy", "value": "0.871"}
    component = {
        "type": "machine-learning-model",
        "name": "churn",
        "licenses": [{"license": {"id": "Apache-2.0"}}],
        "hashes": [{"alg": "SHA-256", "content": SHA}],
        "modelCard": {"quantitativeAnalysis": {"performanceMetrics": [metric]}},
        **model,
    }
    document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1}
    return json.dumps({**document, "components": [component]}).encode()


def test_a_bill_of_the_users_own_is_held_against_the_same_evidence() -> None:
    judged = with_files(mlbom={"file": "dist/bom.json"})
    good = users_bill()
    check_schema(good)
    other_file = users_bill(hashes=[{"alg": "SHA-256", "content": "cd" * 32}])
    numbers = {"performanceMetrics": [{"type": "Accuracy", "value": "0.93"}]}
    other_number = users_bill(modelCard={"quantitativeAnalysis": numbers})
    right = {"type": "accuracy", "value": "0.8712"}
    of_a_slice = {"performanceMetrics": [right, EU]}
    with_slice = users_bill(modelCard={"quantitativeAnalysis": of_a_slice})
    todo = users_bill(licenses=[{"license": {"name": "TODO"}}])

    content = interpret(judged, mlbom=good).fields["content"]
    same = {**MEASURED, "modelscan": {"content": content}}
    for bill, expected in (
        (good, Verdict.OPEN),
        (with_slice, Verdict.OPEN),
        (other_file, Verdict.CLOSED),
        (other_number, Verdict.CLOSED),
        (todo, Verdict.CLOSED),
        (None, Verdict.CLOSED),
    ):
        report = interpret(judged, mlbom=bill)
        assert judge(judged, report, same).verdict is expected


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{",
        b'{"bomFormat": "CycloneDX", "bomFormat": "CycloneDX", "specVersion": "1.6"}',
        b'{"bomFormat": "SPDX", "specVersion": "1.6"}',
        b'{"bomFormat": "CycloneDX", "specVersion": "2.0"}',
        b'{"bomFormat": "CycloneDX", "specVersion": "1.6"}',
        users_bill().replace(b'"0.871"', b"0.871"),
        users_bill().replace(b'"0.871"', b'"NaN"'),
        users_bill().replace(b'"0.871"', b"NaN"),
        b"[" * 100_000,
    ],
)
def test_a_bill_that_is_none_is_broken(data: bytes) -> None:
    with pytest.raises(PermanentError):
        interpret(stage(mlbom={"file": "bom.json"}), mlbom=data)


# --- garbage ------------------------------------------------------------------

_YAML = st.sampled_from(
    ["a: 1", "license: mit", "- x", "model-index:", "  - name: y", "value: 0.871", "{"]
)
_PIECES = st.one_of(
    st.sampled_from(
        [
            *("---", "# Owner", "## Limitations", "```", "<!--", "-->", "| a | b |"),
            *("|---|---|", "accuracy: 0.871", "| accuracy | 0.9 | 1 |", "<div>"),
            *("- accuracy 87.1 %", "> # Uses", "TODO", "    code", "===", "`x`"),
        ]
    ),
    _YAML,
    st.text(max_size=30),
)


@settings(deadline=None, max_examples=30)
@given(pieces=st.lists(_PIECES, max_size=25), front=st.booleans())
def test_no_card_raises_anything_but_the_named_error_or_opens(
    pieces: list[str], *, front: bool
) -> None:
    card = "\n".join((*(["---"] if front else []), *pieces))
    with suppress(PermanentError):
        report = interpret(stage(), card.encode("utf-8", "replace"))
        assert verdict(stage(), report) is Verdict.CLOSED
        check_schema(bill_of(report))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "name", "modelCard", "components", "hashes", "value"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=10,
)


@settings(deadline=None, max_examples=25)
@given(content=_JSON, data=st.binary(max_size=40))
def test_no_bill_raises_anything_but_the_named_error_or_opens(
    content: object, data: bytes
) -> None:
    document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": content}
    judged = stage(mlbom={"file": "bom.json"})
    for bill in (json.dumps(document).encode(), data):
        with suppress(PermanentError):
            assert verdict(judged, interpret(judged, mlbom=bill)) is Verdict.CLOSED


# --- settings -----------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"card": "/etc/passwd"},
        {"require": []},
        {"require": ["everything"]},
        {"headings": ["--"]},
        {"profile": "iso"},
        {"min_words": 0},
        {"metrics": {"accuracy": "accuracy"}},
        {"metrics": {"Accuracy": "a.b"}},
        {"metrics": {"accuracy": {"evidence": "a.b", "digits": 0}}},
        {"metrics": {"accuracy": {"evidence": "a.b", "interval": ["a.b"]}}},
        {"metrics": {"accuracy": {"evidence": "a.b", "names": ["--"]}}},
        {"model": {"paths": ["../model"]}},
        {"model": {"paths": []}},
        {"mlbom": {"require": ["everything"]}},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        stage(**wrong)


def test_profiles_and_headings_ask_for_more() -> None:
    plain = interpret(stage()).fields["missing"]
    more = interpret(stage(headings=["Ethics"])).fields["missing"]
    annex = stage(profile="eu-ai-act-annex-iv")

    assert (plain, more) == (0, 1)
    assert interpret(annex).fields["missing"] == 12
    assert verdict(annex, interpret(annex)) is Verdict.CLOSED


def test_lines_of_the_template_are_not_the_models() -> None:
    judged = stage(template="TEMPLATE.md")
    line = b"# X\n\nRanks customers in the EU by how likely they leave.\n"

    assert verdict(judged, interpret(judged, template=b"# X\n")) is Verdict.OPEN
    assert verdict(judged, interpret(judged, template=line)) is Verdict.CLOSED
    with pytest.raises(PermanentError, match=r"there is no TEMPLATE\.md"):
        interpret(judged, template=None)


def test_a_gate_of_the_users_own_keeps_the_numbers() -> None:
    always = stage().gate_always("docs")

    assert always == (
        "docs.card == true",
        f"{LOW} <= evaluate.accuracy && evaluate.accuracy <= {HIGH}",
    )
    assert set(stage().gate_unless_named("docs")) == {
        *("docs.missing == 0", "docs.placeholders == 0", "docs.mlbom_gaps == 0"),
        "docs.contradictions == 0",
    }


def test_a_card_that_is_not_the_commits_is_broken() -> None:
    judged = stage()
    copied = make_result("card", files={"card.md": CARD.encode()})
    context = make_context(upstream=MEASURED)
    same = replace(context, files={"MODEL_CARD.md": CARD.encode()})
    other = replace(context, files={"MODEL_CARD.md": CARD.replace("EU", "US").encode()})

    assert judged.reads() == ("MODEL_CARD.md",)
    assert judged.interpret(same, [copied]).fields["card"] is True
    for results in ([copied], [make_result("card", stdout=b"absent\n")]):
        with pytest.raises(PermanentError, match=r"MODEL_CARD\.md is another file"):
            judged.interpret(other, results)


def test_every_file_is_copied_and_probed() -> None:
    judged = with_files(template="T.md", mlbom={"file": "bom.json"})
    context = make_context(tools=TOOLS)

    steps = judged.plan(context)

    assert [step.name for step in steps] == [
        "card",
        "template",
        "mlbom",
        "model-reader",
    ]
    assert len(judged.probes(context)) == len(steps)
    assert judged.tools() == ("model-reader",)
    assert stage().tools() == ()
