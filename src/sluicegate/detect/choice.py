"""What a pipeline for a service does, what it leaves out, and why. Pure.

Everything that is left out is said: silence is never consent.
"""

from collections.abc import Iterator, Sequence

from sluicegate.detect.chosen import Choice
from sluicegate.detect.model_choice import (
    choose_about_model,
    choose_about_serving,
    choose_training,
)
from sluicegate.detect.service import Image, Service, count_kinds
from sluicegate.detect.words import count, printable

_MANY = 3  # more names than these are counted


def choose(service: Service) -> tuple[Choice, ...]:
    """The stages of *service*, in order, those that are left out included."""
    return (
        _lint(service),
        *choose_training(service),
        _test(service),
        *choose_about_model(service),
        _build(service),
        *choose_about_serving(service),
        _scan(service),
    )


def notes(service: Service) -> tuple[str, ...]:
    """What else a person should know of *service* before its first run."""
    return tuple(_notes(service))


def explain(service: Service) -> tuple[str, ...]:
    """*service* in lines for people: each stage and why, then what else there is."""
    choices = choose(service)
    width = max(len(choice.stage) for choice in choices)
    lines = [
        f"{choice.stage:<{width}}  "
        f"{choice.reason if choice.is_chosen else f'left out: {choice.reason}'}"
        for choice in choices
    ]
    return (*lines, *(f"note: {note}" for note in notes(service)))


def not_done(service: Service) -> tuple[str, ...]:
    """What a run of the detected pipeline has not done, for its end."""
    return tuple(
        choice.afterwards
        for choice in choose(service)
        if not choice.is_chosen and choice.afterwards
    )


def _lint(service: Service) -> Choice:
    python = service.python
    if python is None:
        return Choice(
            "lint",
            "no Python: nothing is linted",
            is_chosen=False,
            afterwards="no Python: nothing was linted",
        )
    return Choice("lint", f"ruff, for {count(python.files, 'Python file')}")


def _test(service: Service) -> Choice:
    python = service.python
    if python is not None and python.tests:
        return Choice(
            "test",
            f"pytest, for {count(len(python.tests), 'test file')}, in the project's"
            f" .venv or an environment made {printable(python.kind)}",
        )
    why = f" ({printable(python.missing_tests)})" if python else ""
    return Choice(
        "test",
        f"no tests: nothing is tested{why}",
        is_chosen=False,
        afterwards="no tests: nothing was tested",
    )


def _build(service: Service) -> Choice:
    image = service.image
    if image is None:
        return Choice(
            "build",
            "no Dockerfile: nothing is built",
            is_chosen=False,
            afterwards="no Dockerfile: nothing was built",
        )
    where = f" (context {image.context}: {image.reason})" if image.reason else ""
    return Choice(
        "build",
        f"docker-build, for {printable(image.dockerfile)}{printable(where)},"
        f" as the image {image.name}",
    )


def _scan(service: Service) -> Choice:
    what = "the source and the image" if service.image else "the source"
    return Choice(
        "scan", f"trivy, for {what}: vulnerabilities, secrets, misconfigurations"
    )


def _notes(service: Service) -> Iterator[str]:
    python, image = service.python, service.image
    if python is not None and python.wants_pytest:
        yield (
            "pytest is not among the project's needs: add it there, or the tests"
            " cannot be run"
        )
    if image is not None:
        yield from _image_notes(image)
    missing = [model.path for model in service.models if model.size is None]
    if missing:
        yield (
            f"{_listed(missing)}: kept by Git LFS and not fetched: `git lfs pull`, or"
            " an image gets the pointer instead of the model"
        )
    pickles = [model for model in service.models if model.runs_code]
    if pickles:
        yield (
            f"{count(len(pickles), 'model file')} ({count_kinds(pickles)}) of a kind"
            " that can run code when it is loaded: know who made it, or use"
            " safetensors, ONNX or skops"
        )


def _image_notes(image: Image) -> Iterator[str]:
    if image.others:
        yield (
            f"other Dockerfiles are not built: {_listed(image.others)}; `dockerfile:`"
            " under build chooses one"
        )
    if image.port is None:
        yield (
            "no port was found in the Dockerfile, so no canary is prepared: EXPOSE the"
            " port and run `sluice init` again"
        )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(printable(name) for name in names[:_MANY])
    hidden = len(names) - _MANY
    return f"{shown} and {hidden} more" if hidden > 0 else shown
