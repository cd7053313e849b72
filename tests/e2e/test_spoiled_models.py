"""A model of scikit-learn through the gates that ask about it, and spoiled ones.

Each of the spoiled ones is held up by the gate that should, after all before have let
it pass. The whole pipeline, containers and all, is in test_pipeline.py. Some of them
are drawn with a printed seed; SLUICE_FULL=1 tries all.
"""

import json
import os
import pickle
import re
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from draws import begin_draw
from sample_model import (
    ASKED,
    EXPORTED,
    copy_sample,
    judge_model,
    read_birds,
    write_numbers,
)
from typing_extensions import override

Spoil = Callable[[Path], None]
CHAMPION = Path("evaluation/champion.jsonl")


@dataclass(frozen=True)
class Trained:
    """The sample with a model that scikit-learn has trained, exported as JSON.

    ``losses`` is what scikit-learn itself loses on each held-out bird, in nats.
    """

    folder: Path
    losses: dict[str, float]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    linear_model = import_module("sklearn.linear_model")  # without types of its own
    preprocessing = import_module("sklearn.preprocessing")
    folder = copy_sample(tmp_path_factory.mktemp("trained") / "penguins")
    birds = read_birds(folder)
    learnt = [bird for bird in birds if not bird.is_held_out]
    scaler = preprocessing.StandardScaler().fit([bird.vector for bird in learnt])
    model = linear_model.LogisticRegression(C=1.0, max_iter=1000)
    model.fit(
        scaler.transform([bird.vector for bird in learnt]),
        [bird.species for bird in learnt],
    )
    rows = zip(model.coef_.tolist(), model.intercept_.tolist(), strict=True)
    exported = {
        "version": "",
        "metrics": {},
        "classes": [str(name) for name in model.classes_],
        "mean": scaler.mean_.tolist(),
        "scale": scaler.scale_.tolist(),
        "weights": [[*weights, intercept] for weights, intercept in rows],
    }
    (folder / EXPORTED).parent.mkdir()
    (folder / EXPORTED).write_text(json.dumps(exported, indent=1))
    write_numbers(folder)
    tested = [bird for bird in birds if bird.is_held_out]
    chances = model.predict_log_proba(
        scaler.transform([bird.vector for bird in tested])
    )
    classes = model.classes_.tolist()
    losses = {
        f"row-{bird.row}": -float(row[classes.index(bird.species)])
        for bird, row in zip(tested, chances, strict=True)
    }
    return Trained(folder, losses)


@pytest.fixture
def sample(trained: Trained, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained.folder, tmp_path / "penguins"))


def change_model(folder: Path, **parts: object) -> None:
    """As if it had been trained so; its author has written down its numbers."""
    path = folder / EXPORTED
    path.write_text(json.dumps({**json.loads(path.read_text()), **parts}))
    write_numbers(folder)


def replace(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new))


# --- spoiled models and evaluations -------------------------------------------------


def hardly_trained(folder: Path) -> None:
    model = json.loads((folder / EXPORTED).read_text())
    weights = [[0.0 for _ in row] for row in model["weights"]]
    change_model(folder, weights=weights)


def labels_in_another_order(folder: Path) -> None:
    classes = json.loads((folder / EXPORTED).read_text())["classes"]
    change_model(folder, classes=classes[::-1])


def hardly_sure(folder: Path) -> None:
    """As many right as before, and no probability to go by."""
    model = json.loads((folder / EXPORTED).read_text())
    weights = [[weight / 50 for weight in row] for row in model["weights"]]
    change_model(folder, weights=weights)


def champion_is_nowhere(folder: Path) -> None:
    (folder / CHAMPION).unlink()


def few_examples(folder: Path) -> None:
    replace(folder, "evaluate.py", "train.read_birds(train.DATA))[1]",
            "train.read_birds(train.DATA))[1][:60]")  # fmt: skip
    lines = (folder / CHAMPION).read_text().splitlines()
    (folder / CHAMPION).write_text("\n".join(lines[:60]) + "\n")
    write_numbers(folder)


def mistakes_left_out(folder: Path) -> None:
    replace(folder, "evaluate.py", "    return rows\n",
            "    return [r for r in rows if r['y'] == r['yhat']]\n")  # fmt: skip


def a_bird_twice(folder: Path) -> None:
    replace(folder, "evaluate.py", "    return rows\n", "    return [rows[0], *rows]\n")


def another_truth(folder: Path) -> None:
    replace(folder, "evaluate.py", '"y": species', '"y": max(chances, key=chances.get)')


def loss_is_no_number(folder: Path) -> None:
    replace(folder, "evaluate.py", '"loss": round(', '"loss": math.nan * round(')


def evaluation_fails(folder: Path) -> None:
    replace(folder, "evaluate.py", "    metrics = summarize(rows)\n",
            "    raise SystemExit(1)\n")  # fmt: skip


class Payload:
    @override
    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("a model that runs code when it is loaded",)


def pickle_beside_it(folder: Path) -> None:
    (folder / "exported" / "scaler.pkl").write_bytes(pickle.dumps(Payload()))


def pickle_that_says_json(folder: Path) -> None:
    (folder / "exported" / "scaler.json").write_bytes(
        pickle.dumps(Payload(), protocol=0)
    )


def archive_that_says_safetensors(folder: Path) -> None:
    with zipfile.ZipFile(folder / "exported" / "extra.safetensors", "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Payload()))


def program_beside_it(folder: Path) -> None:
    (folder / "exported" / "load.py").write_text("import os\n")


def name_twice(folder: Path) -> None:
    """Most readers take the last one; which one the service takes, nobody can tell."""
    replace(folder, str(EXPORTED), '"metrics": {}', '"metrics": {}, "metrics": {}')


def layer_with_code(folder: Path) -> None:
    change_model(folder, layers=[{"class_name": "Lambda", "config": {"function": []}}])


def link_out_of_it(folder: Path) -> None:
    (folder / "exported" / "more.json").symlink_to("/etc/hostname")


def training_fails(folder: Path) -> None:
    shutil.rmtree(folder / "exported")


def numbers_of_another_model(folder: Path) -> None:
    card = (folder / "MODEL_CARD.md").read_text()
    better = re.sub(r"(type: accuracy\n\s+value: )[\d.]+", r"\g<1>0.999", card)
    (folder / "MODEL_CARD.md").write_text(better)


def numbers_left_out(folder: Path) -> None:
    replace(folder, "MODEL_CARD.md", "type: loss", "type: f1")


def nothing_said_of_limitations(folder: Path) -> None:
    before, after = (folder / "MODEL_CARD.md").read_text().split("## Limitations")
    (folder / "MODEL_CARD.md").write_text(before + after[after.index("## ") :])


def still_to_be_filled_in(folder: Path) -> None:
    replace(folder, "MODEL_CARD.md", "The maintainers of this repository", "TODO")


def no_card(folder: Path) -> None:
    (folder / "MODEL_CARD.md").unlink()


def features_in_another_order(folder: Path) -> None:
    """In the service alone: what is called training-serving skew."""
    replace(folder, "service.py", "from features import BadInputError, vector",
            "from features import BadInputError\nfrom features import vector as right\n"
            "\n\ndef vector(bird):\n    return right(bird)[::-1]\n")  # fmt: skip


def another_model_served(folder: Path) -> None:
    replace(folder, "service.py", "model = classifier.load(",
            "model = load_other(")  # fmt: skip
    replace(folder, "service.py", "def main()",
            "def load_other(path):\n    model = classifier.load(path)\n"
            "    return classifier.Model(model.classes, model.mean, model.scale,\n"
            "        tuple(tuple(w * 0.99 for w in row) for row in model.weights))\n"
            "\n\ndef main()")  # fmt: skip


def batch_in_another_order(folder: Path) -> None:
    replace(folder, "service.py", '{"predictions": answers}',
            '{"predictions": answers[::-1]}')  # fmt: skip


def gaps_filled_in(folder: Path) -> None:
    """A measurement that is missing is guessed, where the pipeline refuses it."""
    replace(folder, "service.py", "vector(_read_object(body))",
            "vector({'bill_depth_mm': 17.0, **_read_object(body)})")  # fmt: skip


def falls_over(folder: Path) -> None:
    replace(folder, "service.py", "        body = self._read_body()\n",
            "        body = self._read_body()\n        if self.path != '/healthz':\n"
            "            os._exit(1)\n")  # fmt: skip


ALWAYS: list[tuple[Spoil, str, str, str]] = [
    (training_fails, "train", "broken", "exported"),
    (evaluation_fails, "evaluate", "closed", "exit_code"),
    (hardly_trained, "compare", "closed", "accuracy_noninferior"),
    (champion_is_nowhere, "compare", "closed", "a first model"),
    (few_examples, "compare", "pending", "60 examples do not tell"),
    (mistakes_left_out, "compare", "broken", "row-"),
    (pickle_that_says_json, "modelscan", "closed", "scaler.json"),
    (name_twice, "modelscan", "closed", "model.json"),
    (numbers_of_another_model, "docs", "closed", "0.999"),
    (still_to_be_filled_in, "docs", "closed", "TODO"),
    (features_in_another_order, "smoke", "closed", "mismatches == 0"),
    (batch_in_another_order, "smoke", "closed", "batch_mismatches == 0"),
    (gaps_filled_in, "smoke", "closed", "variant_failures == 0"),
]
OTHERS: list[tuple[Spoil, str, str, str]] = [
    (link_out_of_it, "train", "broken", "more.json"),
    (labels_in_another_order, "compare", "closed", "accuracy_noninferior"),
    (hardly_sure, "compare", "closed", "loss_noninferior"),
    (a_bird_twice, "compare", "broken", "row-0"),
    (another_truth, "compare", "broken", "y is another one"),
    (loss_is_no_number, "compare", "broken", "NaN"),
    (pickle_beside_it, "modelscan", "closed", "scaler.pkl"),
    (archive_that_says_safetensors, "modelscan", "closed", "extra.safetensors"),
    (program_beside_it, "modelscan", "closed", "load.py"),
    (layer_with_code, "modelscan", "closed", "Lambda"),
    (numbers_left_out, "docs", "closed", "loss"),
    (nothing_said_of_limitations, "docs", "closed", "limitations"),
    (no_card, "docs", "closed", "MODEL_CARD.md"),
    (another_model_served, "smoke", "closed", "mismatches == 0"),
    (falls_over, "smoke", "closed", "no answer"),
]
# Drawn when it runs, not when it is collected: every worker has to find the same tests.
SPOILED = [*ALWAYS, *(OTHERS if os.environ.get("SLUICE_FULL") else [None])]


def test_a_model_of_scikit_learn_passes_every_gate(
    trained: Trained, sample: Path, tmp_path: Path
) -> None:
    found = judge_model(sample, tmp_path / "out")

    assert {name: each.verdict for name, each in found.items()} == dict.fromkeys(
        ASKED, "open"
    ), found
    assert found["modelscan"].fields["formats"] == "json"
    accuracy = found["compare"].fields["accuracy_candidate"]
    assert isinstance(accuracy, float)
    assert accuracy > 0.95
    lines = (sample / "out/predictions.jsonl").read_text().splitlines()
    losses = {row["id"]: row["loss"] for row in map(json.loads, lines)}
    assert losses == pytest.approx(trained.losses, abs=1e-6)  # six digits are written


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "spoiled", SPOILED, ids=lambda each: each[0].__name__ if each else "drawn"
)
def test_a_spoiled_one_is_held_up_by_the_gate_that_should(
    spoiled: tuple[Spoil, str, str, str] | None, sample: Path, tmp_path: Path
) -> None:
    if spoiled is None:
        spoiled = begin_draw().choice(OTHERS)
        print(spoiled[0].__name__)
    spoil, gate, verdict, words = spoiled
    spoil(sample)

    found = judge_model(sample, tmp_path / "out")

    assert {name: each.verdict for name, each in found.items()} == {
        name: "open" if at < ASKED.index(gate) else "skipped"
        for at, name in enumerate(ASKED)
    } | {gate: verdict}, found
    assert words in found[gate].reason
