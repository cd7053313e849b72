"""A service to the text of its pipeline file, commented for people. Pure.

The text must always parse: names come from files, whose names may hold anything. Its
settings depend on committed files and the remote alone, never on what lies beside
them, so that a run of it can be resumed.
"""

import re
from collections.abc import Iterator

from sluicegate.detect.choice import Choice, choose, notes
from sluicegate.detect.service import Image, Service
from sluicegate.detect.words import printable

SCHEMA_COMMENT = "# yaml-language-server: $schema=.sluicegate/schema.json"
"""The first line of the file: editors with YAML support read it."""

_WIDTH = 88
_PLAIN = re.compile(r"(?:\.\./)*(?:\.\.|/|/?[A-Za-z][A-Za-z0-9_./-]*)")
_WORDS_OF_YAML = frozenset({"true", "false", "null"})


def render(service: Service) -> str:
    """The pipeline file of *service*, ending with a newline."""
    lines = [
        SCHEMA_COMMENT,
        *_comment(
            f"What a release of {service.project} has to pass. A stage starts when the"
            " gate of the one above it is open; without `gate`, each kind has a"
            " sensible one. `sluice run` takes the current commit through it."
        ),
        "schema: sluicegate/v1",
        f"name: {service.name}  # <project>_<purpose>_v<major>.<minor>",
        "",
        *_paths(service),
        "stages:",
    ]
    for choice in choose(service):
        lines += [*_stage(service, choice), ""]
    if service.models:
        lines += [*_models(service), ""]
    lines += _release(service)
    said = notes(service)
    if said:
        lines += ["", "# Worth knowing:"]
        for note in said:
            lines += _comment(f"- {note}", hanging="  ")
    return "\n".join(_without_double_gaps(lines)).rstrip("\n") + "\n"


def _paths(service: Service) -> Iterator[str]:
    """Left out, a change in what is shared would not be noticed."""
    if service.paths:
        yield from _comment(
            "Code beside the service: a change in it runs the stages again, and belongs"
            " to the releases. Take out what this service does not use."
        )
        yield f"paths: [{', '.join(map(_quoted, service.paths))}]"
        yield ""


def _stage(service: Service, choice: Choice) -> Iterator[str]:
    reason = choice.reason
    if not choice.is_chosen:
        yield from _comment(f"No stage {choice.stage}: {reason}.", indent="  ")
        return
    yield from _comment(f"{reason}.", indent="  ")
    if choice.stage == "test":
        yield from _comment(
            'Where pytest-cov is installed: gate: ["test.failed == 0",'
            ' "test.coverage >= 0.80"]',
            indent="  ",
        )
    yield f"  {choice.stage}: {_settings(service, choice.stage)}"


def _settings(service: Service, stage: str) -> str:
    if stage == "lint":
        return "{uses: ruff}"
    if stage == "test":
        return "{uses: pytest}"
    if stage == "scan":
        return "{uses: trivy}" if service.image else "{uses: trivy, image: false}"
    assert service.image is not None
    return _build(service.image)


def _build(image: Image) -> str:
    settings = ["uses: docker-build", f"image: {_quoted(image.name)}"]
    if image.context != ".":
        settings.append(f"context: {_quoted(image.context)}")
    if (image.context, image.dockerfile) != (".", "Dockerfile"):
        settings.append(f"dockerfile: {_quoted(image.dockerfile)}")
    return f"{{{', '.join(settings)}}}"


def _models(service: Service) -> Iterator[str]:
    names = ", ".join(printable(model.path) for model in service.models[:3])
    more = len(service.models) - 3
    yield from _comment(
        f"Models here: {names}{f' and {more} more' if more > 0 else ''}. A gate can ask"
        " how good they are: a command writes what it measured as JSON. Above scan,"
        " uncomment and adapt:",
        indent="  ",
    )
    yield "  # evaluate:"
    yield "  #   uses: command"
    yield "  #   run: [python3, evaluate.py]"
    yield "  #   evidence: {file: evaluation.json, fields: {accuracy: number}}"
    yield '  #   gate: ["evaluate.exit_code == 0", "evaluate.accuracy >= 0.90"]'


def _release(service: Service) -> Iterator[str]:
    """Publishing and the canary, ready to be uncommented, where it is known how."""
    image = service.image
    if image is not None and image.has_registry:
        yield from _comment(
            f"To push what was scanned to {image.name}, uncomment this:", indent="  "
        )
        yield '  # publish: {uses: publish, tags: ["{version}", "{commit}"]}'
        yield ""
    if image is None or image.port is None:
        return
    yield from _comment(
        "To roll a release out beside the one that serves, judged by its error rate,"
        " uncomment this and the environment below:",
        indent="  ",
    )
    yield "  # canary: {uses: canary, environment: production, steps: [5, 25, 50]}"
    yield ""
    yield from _comment(f"The port is {image.port_reason}.")
    if image.health is None:
        yield from _comment(
            "No route for health checks was found: name one that answers 2xx once the"
            " service is ready."
        )
    else:
        yield from _comment(f"The health route is {printable(image.health_reason)}.")
    health = _quoted(image.health or "/")
    yield "# environments:"
    yield "#   production:"
    yield (
        f"#     target: {{uses: docker, port: {image.port}, publish: 8080,"
        f" health: {health}}}"
    )


def _quoted(text: str) -> str:
    """*text* as a YAML scalar inside of braces."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS_OF_YAML:
        return text
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(sign: str) -> str:
    """One character inside of double quotes.

    Source:
        YAML 1.2.2, section 5.7.
    """
    if sign in {'"', "\\"}:
        return f"\\{sign}"
    return sign if sign.isprintable() else f"\\U{ord(sign):08x}"


def _comment(text: str, indent: str = "", hanging: str = "") -> Iterator[str]:
    """*text* as comment lines of at most 88 characters, where its words allow it.

    All lines but the first are moved in by *hanging*.
    """
    start = line = f"{indent}#"
    for word in text.split(" "):
        if len(line) + 1 + len(word) > _WIDTH and line != start:
            yield line
            start = line = f"{indent}#{hanging}"
        line += f" {word}"
    yield line


def _without_double_gaps(lines: list[str]) -> Iterator[str]:
    above = "x"
    for line in lines:
        if line or above:
            yield line
        above = line
