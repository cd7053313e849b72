"""The stages that ask about a model, as lines of a pipeline file. Pure.

One that was left out stands there as a comment, ready to be filled in.
"""

import re
from collections.abc import Iterator

from sluicegate.detect.chosen import Choice
from sluicegate.detect.layout import comment, quoted
from sluicegate.detect.learned import Predictions
from sluicegate.detect.service import Service

_PREDICTIONS, _CHAMPION = "out/predictions.jsonl", "models/champion.jsonl"
_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,40}")
_NO_SLICES = frozenset({"id", "y", "yhat"})


def write_stage(service: Service, choice: Choice) -> Iterator[str]:
    """The lines of the stage of *choice*, commented."""
    write = {
        "train": _train,
        "compare": _compare,
        "modelscan": _modelscan,
        "docs": _docs,
        "smoke": _smoke,
    }[choice.stage]
    yield from write(service, choice)


def _train(service: Service, choice: Choice) -> Iterator[str]:
    program = quoted(service.learned.training or "train.py")
    said = (
        f"No stage train: {choice.reason}. Name all that it reads, data included, and"
        " what it writes, which .gitignore has to name, too; then uncomment and adapt:"
    )
    yield from comment(said, indent="  ")
    yield "  # train:"
    yield "  #   uses: train"
    yield f"  #   run: [python3, {program}]"
    yield "  #   python: project  # its needs, as for the tests"
    yield f"  #   inputs: [{program}]"
    yield f"  #   model: [{', '.join(map(quoted, _paths(service)))}]"


def _compare(service: Service, choice: Choice) -> Iterator[str]:
    learned = service.learned
    champion = learned.champion.path if learned.champion else _CHAMPION
    if choice.is_chosen:
        assert learned.candidate is not None
        said = (
            f"{choice.reason}. A margin of 0.01 is a point of accuracy: choose yours."
        )
        yield from comment(said, indent="  ")
        yield from _comparing("  ", learned.candidate.path, champion)
        yield from _slices(learned.candidate.path, learned.candidate)
        return
    candidate = learned.candidate.path if learned.candidate else _PREDICTIONS
    said = (
        f"No stage compare: {choice.reason}. Let a program write what each of them says"
        ' of the same examples, one a line, like {"id": "a17", "y": 1, "yhat": 0}; then'
        " uncomment and adapt:"
    )
    yield from comment(said, indent="  ")
    if learned.candidate is None:
        program = quoted(learned.evaluation or "evaluate.py")
        yield "  # evaluate:"
        yield "  #   uses: command"
        yield f"  #   run: [python3, {program}]"
        yield f"  #   outputs: [{quoted(candidate)}]"
    yield from _comparing("  # ", candidate, champion)
    yield from _slices(candidate, learned.candidate)


def _slices(path: str, candidate: Predictions | None) -> Iterator[str]:
    """A question about every slice, which takes a column and a bound to be chosen."""
    columns = () if candidate is None else candidate.columns.items()
    texts = [
        name
        for name, value in columns
        if isinstance(value, str) and _COLUMN.fullmatch(name)
    ]
    by = next((name for name in texts if name not in _NO_SLICES), "region")
    said = "To ask for a least accuracy in every slice, uncomment and adapt:"
    yield ""
    yield from comment(said, indent="  ")
    yield "  # slices:"
    yield "  #   uses: slices"
    yield f"  #   predictions: {quoted(path)}"
    yield f"  #   by: [{quoted(by)}]"
    yield "  #   rules: [{metric: accuracy, min: 0.8}]"


def _comparing(indent: str, candidate: str, champion: str) -> Iterator[str]:
    yield f"{indent}compare:"
    yield f"{indent}  uses: compare"
    yield f"{indent}  candidate: {quoted(candidate)}"
    yield f"{indent}  champion: {quoted(champion)}"
    yield f"{indent}  metrics: {{accuracy: {{margin: 0.01}}}}"


def _modelscan(service: Service, choice: Choice) -> Iterator[str]:
    reading = service.reading
    settings = f"uses: modelscan, paths: [{', '.join(map(quoted, _paths(service)))}]"
    if reading is not None and reading.unchecked:
        settings += f", unchecked: [{', '.join(map(quoted, reading.unchecked))}]"
    line = f"modelscan: {{{settings}}}"
    if choice.is_chosen:
        said = (
            f"{choice.reason}: formats that hold no code. No other files belong there."
        )
        yield from comment(said, indent="  ")
        yield f"  {line}"
        return
    said = (
        f"No stage modelscan: {choice.reason}. It lets safetensors, ONNX, GGUF and JSON"
        " pass, and pickles whose imports you list under pickle.allow. Convert what is"
        " of another format, then uncomment and adapt:"
    )
    yield from comment(said, indent="  ")
    yield f"  # {line}"


def _paths(service: Service) -> tuple[str, ...]:
    return ("model",) if service.reading is None else service.reading.paths


def _docs(service: Service, choice: Choice) -> Iterator[str]:
    card = service.learned.card
    line = f"docs: {{uses: docs, card: {quoted(card or 'MODEL_CARD.md')}}}"
    has = "license, owner, intended use, limitations, training data and metrics"
    if choice.is_chosen:
        said = (
            f"{choice.reason}: it must say {has}. A gate can hold its numbers to those"
            " that were measured (docs/model-docs.md)."
        )
        yield from comment(said, indent="  ")
        yield f"  {line}"
        return
    said = (
        f"No stage docs: {choice.reason}. Write one with {has}"
        " (docs/model-docs.md), then uncomment:"
    )
    yield from comment(said, indent="  ")
    yield f"  # {line}"


def _smoke(service: Service, choice: Choice) -> Iterator[str]:
    learned, image = service.learned, service.image
    assert image is not None
    settings = (
        "smoke:",
        "  uses: smoke",
        f"  golden: {quoted(learned.golden or 'tests/golden.jsonl')}",
        f"  port: {image.port or 8000}",
        f"  path: {quoted(learned.route or '/predict')}",
        f"  health: {quoted(image.health or '/healthz')}",
    )
    if choice.is_chosen:
        said = f"{choice.reason}: the image must answer them as the golden file says."
        if learned.inexact:
            said += " By how much a number may differ, `tolerances` say."
        yield from comment(said, indent="  ")
        yield from (f"  {line}" for line in settings)
        if learned.inexact:
            yield "    tolerances:"
            for path in learned.inexact:
                yield f"      - {{path: {path}, relative: 0.000001}}"
        return
    said = (
        f"No stage smoke: {choice.reason}. Let the program that evaluates the model"
        " write requests and what is right to answer (docs/smoke.md), then uncomment"
        " and adapt:"
    )
    yield from comment(said, indent="  ")
    yield from (f"  # {line}" for line in settings)
