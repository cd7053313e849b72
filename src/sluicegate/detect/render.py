"""A service to the text of its pipeline file, commented for people. Pure.

The text must always parse: names come from files, whose names may hold anything. Its
settings depend on committed files and the remote alone, never on what lies beside
them, so that a run of it can be resumed.
"""

from collections.abc import Iterator

from sluicegate.detect import model_lines
from sluicegate.detect.choice import choose, notes
from sluicegate.detect.chosen import Choice
from sluicegate.detect.layout import comment, quoted
from sluicegate.detect.model_choice import ABOUT_MODEL
from sluicegate.detect.service import Image, Service
from sluicegate.detect.words import printable

SCHEMA_COMMENT = "# yaml-language-server: $schema=.sluicegate/schema.json"
"""The first line of the file: editors with YAML support read it."""

_MAY_NEED_SECRETS = ("train", "test", "build", "scan")  # one is always there


def render(service: Service) -> str:
    """The pipeline file of *service*, ending with a newline."""
    lines = [
        SCHEMA_COMMENT,
        *comment(
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
    lines += [*_release(service), "", *_secrets(service)]
    said = notes(service)
    if said:
        lines += ["", "# Worth knowing:"]
        for note in said:
            lines += comment(f"- {note}", hanging="  ")
    return "\n".join(_without_double_gaps(lines)).rstrip("\n") + "\n"


def _paths(service: Service) -> Iterator[str]:
    """Left out, a change in what is shared would not be noticed."""
    if service.paths:
        yield from comment(
            "Code beside the service: a change in it runs the stages again, and belongs"
            " to the releases. Take out what this service does not use."
        )
        yield f"paths: [{', '.join(map(quoted, service.paths))}]"
        yield ""


def _stage(service: Service, choice: Choice) -> Iterator[str]:
    reason = choice.reason
    if choice.stage in ABOUT_MODEL:
        yield from model_lines.write_stage(service, choice)
        return
    if not choice.is_chosen:
        yield from comment(f"No stage {choice.stage}: {reason}.", indent="  ")
        return
    yield from comment(f"{reason}.", indent="  ")
    if choice.stage == "test":
        yield from comment(
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
    settings = ["uses: docker-build", f"image: {quoted(image.name)}"]
    if image.context != ".":
        settings.append(f"context: {quoted(image.context)}")
    if (image.context, image.dockerfile) != (".", "Dockerfile"):
        settings.append(f"dockerfile: {quoted(image.dockerfile)}")
    return f"{{{', '.join(settings)}}}"


def _release(service: Service) -> Iterator[str]:
    """Publishing and the canary, ready to be uncommented, where it is known how."""
    image = service.image
    if image is not None and image.has_registry:
        yield from comment(
            f"To push what was scanned to {image.name}, uncomment this:", indent="  "
        )
        yield '  # publish: {uses: publish, tags: ["{version}", "{commit}"]}'
        yield ""
    if image is None or image.port is None:
        return
    yield from comment(
        "To roll a release out beside the one that serves, judged by its error rate,"
        " uncomment this and the environment below:",
        indent="  ",
    )
    yield "  # canary: {uses: canary, environment: production, steps: [5, 25, 50]}"
    yield ""
    yield from comment(f"The port is {image.port_reason}.")
    if image.health is None:
        yield from comment(
            "No route for health checks was found: name one that answers 2xx once the"
            " service is ready."
        )
    else:
        yield from comment(f"The health route is {printable(image.health_reason)}.")
    yield from comment(
        "A cluster is a target, too: kubernetes (behind a Gateway), argo-rollouts or"
        " kserve, with a stage that publishes; docs/kubernetes.md has manifests."
    )
    health = quoted(image.health or "/")
    yield "# environments:"
    yield "#   production:"
    yield (
        f"#     target: {{uses: docker, port: {image.port}, publish: 8080,"
        f" health: {health}}}"
    )


def _secrets(service: Service) -> Iterator[str]:
    """How a stage is given a secret: by the name of who keeps it."""
    chosen = {each.stage for each in choose(service) if each.is_chosen}
    stage = next(each for each in _MAY_NEED_SECRETS if each in chosen)
    yield from comment(
        "A secret never stands here. This says who keeps it (environment, github,"
        " vault, openbao or aws-secrets-manager) and which stages get it in that"
        " variable; no other sees it. docs/secrets.md has all of it."
    )
    yield "# secrets:"
    yield "#   providers: {here: {uses: environment}}"
    yield "#   use:"
    yield f"#     HF_TOKEN: {{from: here, path: HF_TOKEN, stages: [{stage}]}}"


def _without_double_gaps(lines: list[str]) -> Iterator[str]:
    above = "x"
    for line in lines:
        if line or above:
            yield line
        above = line
