"""The stages that ask about a model, chosen or left out, and why. Pure.

A stage is chosen where all it needs is there; else it stands in the file as a comment
that says how to fill it. Of a folder without a model nothing is said.
"""

from collections.abc import Iterator

from sluicegate.detect.chosen import Choice
from sluicegate.detect.learned import Predictions
from sluicegate.detect.service import Service
from sluicegate.detect.words import count, printable

ABOUT_MODEL = frozenset({"train", "compare", "modelscan", "docs", "smoke"})
"""The stages that are chosen here, by name."""

LEAST_EXAMPLES = 100
"""Fewer conclude nothing, by the default of `uses: compare`."""


def choose_training(service: Service) -> Iterator[Choice]:
    """Before all else: a training, which is never begun unasked."""
    training = service.learned.training
    if training is not None and service.models:
        yield Choice(
            "train",
            f"{printable(training)} may train the model, which is done if you ask for"
            " it",
            is_chosen=False,
        )


def choose_about_model(service: Service) -> Iterator[Choice]:
    """Before the image is built: what can be asked of the model itself."""
    if service.models or service.learned.candidate:
        yield _compare(service)
    if service.models:
        yield _modelscan(service)
        yield _docs(service)


def choose_about_serving(service: Service) -> Iterator[Choice]:
    """Once the image is built: whether it answers as the model does."""
    if service.models and service.image is not None:
        yield _smoke(service)


def _compare(service: Service) -> Choice:
    learned = service.learned
    candidate, champion = learned.candidate, learned.champion
    if candidate and champion and not (why := _cannot_compare(candidate, champion)):
        return Choice(
            "compare",
            f"compare, for {printable(candidate.path)} against"
            f" {printable(champion.path)}, of {candidate.rows} examples",
        )
    if candidate is None or champion is None:
        why = "no predictions of the model and of the one to beat"
    return Choice(
        "compare",
        f"{why}: it is compared with none",
        is_chosen=False,
        afterwards="the model was compared with none",
    )


def _cannot_compare(candidate: Predictions, champion: Predictions) -> str:
    """Why the stage would not open, or ""."""
    for each in (candidate, champion):
        name = printable(each.path)
        if not each.rows:
            return f"{name} is too large to be looked at here, or empty"
        if not each.has_labels:
            return f"{name} has not id, y and yhat, a label each"
        if each.rows < LEAST_EXAMPLES:
            return f"{name} has only {count(each.rows, 'example')}"
    if candidate.rows != champion.rows:
        return "candidate and champion have not the same number of examples"
    return ""


def _modelscan(service: Service) -> Choice:
    models = count(len(service.models), "model file")
    reading = service.reading
    if reading is not None and not reading.refused:
        where = ", ".join(map(printable, reading.paths))
        return Choice("modelscan", f"modelscan, for {models} in {where}")
    why = "where the models lie cannot be told in few words"
    if reading is not None:
        first = printable(reading.refused[0])
        more = len(reading.refused) - 1
        why = f"{first}{f' and {more} more' if more else ''} would be refused"
    return Choice(
        "modelscan",
        f"{why}: the files of the model are not read",
        is_chosen=False,
        afterwards="the files of the model were not read",
    )


def _docs(service: Service) -> Choice:
    card = service.learned.card
    if card is not None:
        return Choice("docs", f"docs, for {printable(card)}")
    return Choice(
        "docs",
        "no model card: nobody is told what the model is for",
        is_chosen=False,
        afterwards="no model card was looked at",
    )


def _smoke(service: Service) -> Choice:
    learned, image = service.learned, service.image
    assert image is not None
    wanted = {
        "golden requests": learned.golden,
        "port": image.port,
        "route of predictions": learned.route,
        "health route": image.health,
    }
    missing = [name for name, found in wanted.items() if found is None]
    if not missing:
        return Choice(
            "smoke",
            f"smoke, for {printable(learned.golden or '')}, asked at"
            f" {printable(learned.route or '')}",
        )
    return Choice(
        "smoke",
        f"no {' and no '.join(missing)}: the image is not asked what the model says",
        is_chosen=False,
        afterwards="the image was not asked what the model says",
    )
