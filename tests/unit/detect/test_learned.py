import json

import pytest
from trees import make_tree

from sluicegate.detect.learned import Learned, read_learned

ROWS = "".join(json.dumps({"id": f"a{n}", "y": 1, "yhat": 0}) + "\n" for n in range(3))


def read(files: dict[str, str], folder: str = ".") -> Learned:
    return read_learned(make_tree(files), folder)


def test_predictions_are_told_from_those_of_the_champion() -> None:
    found = read({"out/Predictions-v2.jsonl": ROWS, "models/champion.csv": "id,y\na,b"})

    assert found.candidate is not None
    assert found.champion is not None
    assert (found.candidate.path, found.candidate.rows) == (
        "out/Predictions-v2.jsonl",
        3,
    )
    assert (found.champion.path, found.champion.rows) == ("models/champion.csv", 1)


def test_of_several_candidates_none_is_guessed() -> None:
    found = read({"a/preds.jsonl": ROWS, "b/preds.jsonl": ROWS})
    assert found.candidate is None


@pytest.mark.parametrize(
    ("text", "has"),
    [
        (ROWS, True),
        ('{"id": "a", "y": "cat", "yhat": "dog"}', True),
        ('{"id": "a", "y": 0.5, "yhat": 0.4}', False),
        ('{"id": "a", "y": 1}', False),
        ('{"y": 1, "yhat": 1}', False),
        ("[1]", False),
        ("[" * 10_000, False),
        ("no JSON", False),
        ("", False),
    ],
)
def test_only_labels_beside_ids_are_labels(text: str, *, has: bool) -> None:
    candidate = read({"candidate.jsonl": text}).candidate
    assert candidate is not None
    assert candidate.has_labels == has


@pytest.mark.parametrize(
    ("text", "has"),
    [
        ("id,y,yhat\na,cat,dog\n", True),
        ("id,y,yhat\na,1,0\n", True),
        ("id,y,yhat\na,1.5,0.5\n", False),
        ("id,y\na,1\n", False),
        ("id,y,yhat\n", False),
    ],
)
def test_a_table_is_read_as_well(text: str, *, has: bool) -> None:
    candidate = read({"candidate.csv": text}).candidate
    assert candidate is not None
    assert candidate.has_labels == has


def test_cards_golden_requests_and_programs_are_found_in_the_services_folder() -> None:
    names = ("MODEL_CARD.md", "tests/golden.jsonl", "evaluate.py", "jobs/train.py")
    golden = '{"id": "a", "request": {}, "expected": 1}'
    found = read({f"a/{name}": golden for name in names} | {"train.py": ""}, "a")

    assert found.card == "MODEL_CARD.md"
    assert found.golden == "tests/golden.jsonl"
    assert found.evaluation == "evaluate.py"
    assert found.training == "jobs/train.py"


@pytest.mark.parametrize(
    ("expected", "paths"),
    [
        ('{"label": 1, "p": 0.25}', ("$.p",)),
        (
            '{"p": {"a": 0.5, "b": 0.5}, "q": [0.1], "r": [1], "s": {}}',
            ("$.p.*", "$.q.*"),
        ),
        ('{"an odd: name": 0.5, "p": NaN}', ("$.p",)),
        ("0.5", ()),
        ("[0.5]", ()),
    ],
)
def test_numbers_with_a_fraction_may_differ_in_their_last_digits(
    expected: str, paths: tuple[str, ...]
) -> None:
    text = f'{{"id": "a", "request": {{}}, "expected": {expected}}}\n'
    assert read({"a/golden.jsonl": text}, "a").inexact == paths


@pytest.mark.parametrize(
    "text", ["", "no JSON", "[]", '{"id": "a"}', '{"request": {}}', '{"id": "a",\n}']
)
def test_a_golden_file_of_another_form_is_none(text: str) -> None:
    assert read({"golden.jsonl": text}).golden is None


@pytest.mark.parametrize(
    ("sources", "route"),
    [
        (['@app.post("/predict")'], "/predict"),
        (["'/v1/predict'", "'/v1/predict'"], "/v1/predict"),
        (["'/predict'", "'/score'"], None),
        (["'/healthz'"], None),
    ],
)
def test_a_route_is_known_if_the_sources_name_but_one(
    sources: list[str], route: str | None
) -> None:
    files = {f"m{number}.py": text for number, text in enumerate(sources)}
    assert read(files | {"tests/m.py": "'/infer'"}).route == route


def test_what_lies_aside_trains_nothing() -> None:
    found = read({"examples/train.py": "", "tests/evaluate.py": "", "docs/a.csv": ""})
    assert found == Learned()
