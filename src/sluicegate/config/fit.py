"""Whether a stage fits what surrounds it: the stages before, the environments, time."""

from collections.abc import Iterable, Mapping, Sequence

from sluicegate.config.check import Checker
from sluicegate.config.tree import Path, Table, child
from sluicegate.config.wording import suggest
from sluicegate.model.image import registry_of
from sluicegate.stages.canary import MAX_PERCENT, CanaryStage
from sluicegate.stages.docker_build import DockerBuildStage
from sluicegate.stages.publish import (
    PLACEHOLDERS,
    PublishStage,
    is_tag,
    placeholders,
)
from sluicegate.stages.stage import Stage, write_duration
from sluicegate.stages.trivy import TrivyStage

Upstream = Mapping[str, Stage | None]
"""The stages that one needs, directly or not, by name; None: it could not be read."""


def check_canary(
    checker: Checker, name: str, stage: CanaryStage, upstream: Upstream
) -> None:
    """Report a canary without an environment, an image of its own, or enough time."""
    path: Path = ("stages", name)
    environments = child(checker.root, "environments")
    known = environments.entries if isinstance(environments, Table) else {}
    if stage.environment not in known:
        what = f"unknown environment {stage.environment!r}"
        advice = suggest(stage.environment, known) or ": add it under environments"
        checker.report((*path, "environment"), what + advice)
    _check_steps(checker, (*path, "steps"), stage.steps)
    _check_deadline(checker, (*path, "deadline"), stage)
    _check_image(checker, path, upstream)


def check_scan(
    checker: Checker,
    name: str,
    stage: TrivyStage,
    upstream: Upstream,
    stages: Iterable[Stage],
) -> None:
    """Report a scan of an image where it is not clear which one.

    Without a word on it, a scan takes the image if any of the pipeline's *stages*
    builds one: none is left out because nobody thought of `needs`.
    """
    builds_any = any(isinstance(other, DockerBuildStage) for other in stages)
    if stage.image or (stage.image is None and (builds_any or not stage.source)):
        _check_image(checker, ("stages", name), upstream, " or set image: false")


def check_smoke(checker: Checker, name: str, upstream: Upstream) -> None:
    """Report a smoke test where it is not clear which image is to be started."""
    _check_image(checker, ("stages", name), upstream)


def check_publish(
    checker: Checker, name: str, stage: PublishStage, upstream: Upstream
) -> None:
    """Report an image that is not clear, not scanned, or without a place to go."""
    path: Path = ("stages", name)
    _check_image(checker, path, upstream)
    scans = {
        other: scan for other, scan in upstream.items() if isinstance(scan, TrivyStage)
    }
    if (
        not any(scan.may_scan_image for scan in scans.values())
        and None not in upstream.values()
    ):
        message = "needs a stage that scans the image first (uses: trivy)"
        if scans:
            message += f": {' and '.join(scans)} with image: false does not"
        checker.report(path, message)
    builds = [
        build for build in upstream.values() if isinstance(build, DockerBuildStage)
    ]
    repository = stage.image or (builds[0].image if builds else None)
    if repository is not None and registry_of(repository) is None:
        message = (
            f"{repository!r} names no registry: set image: with one, like"
            f" ghcr.io/{repository}, or docker.io/{repository} for Docker Hub"
        )
        checker.report((*path, "image") if stage.image else path, message)
    _check_tags(checker, (*path, "tags"), stage.tags)


def _check_tags(checker: Checker, path: Path, tags: Sequence[str]) -> None:
    for index, tag in enumerate(tags):
        unknown = [each for each in placeholders(tag) if each not in PLACEHOLDERS]
        if unknown:
            known = [f"{{{each}}}" for each in PLACEHOLDERS]
            written = f"{{{unknown[0]}}}"
            message = f"unknown placeholder {written!r}{suggest(written, known)}"
        elif not is_tag(tag):
            message = (
                f"{tag!r} cannot be a tag: letters, digits, '.', '_' and '-', 128 at"
                " most"
            )
        elif tag in tags[:index]:
            message = f"{tag!r} is already given"
        else:
            continue
        checker.report((*path, index), message)


def _check_image(
    checker: Checker, path: Path, upstream: Upstream, otherwise: str = ""
) -> None:
    """Report it if not exactly one stage before builds an image."""
    builders = [
        name for name, stage in upstream.items() if isinstance(stage, DockerBuildStage)
    ]
    if len(builders) > 1:
        message = f"which image? {' and '.join(builders)} both build one"
        if otherwise:
            message += f"; need only one of them,{otherwise}"
        checker.report((*path, "needs"), message)
    elif not builders and None not in upstream.values():
        message = "needs a stage that builds the image first (uses: docker-build)"
        checker.report(path, f"{message},{otherwise}" if otherwise else message)


def _check_steps(checker: Checker, path: Path, steps: Sequence[int]) -> None:
    for index, percent in enumerate(steps):
        if not 0 < percent <= MAX_PERCENT:
            message = f"must be between 1 and {MAX_PERCENT} percent, not {percent}"
            if percent > MAX_PERCENT:
                message += ": the rest comes with the promotion"
            checker.report((*path, index), message)
        elif index and percent <= steps[index - 1]:
            message = f"must rise: {percent} comes after {steps[index - 1]}"
            checker.report((*path, index), message)


def _check_deadline(checker: Checker, path: Path, stage: CanaryStage) -> None:
    """A rollout must be able to see every step before it ends, or none is promoted."""
    shortest = len(stage.steps) * stage.step_blocks * stage.block
    if stage.deadline < shortest:
        factors = f"{len(stage.steps)} x {stage.step_blocks}"
        message = (
            f"a deadline of {write_duration(stage.deadline)} is too short:"
            f" steps x step_blocks x block takes {factors}"
            f" x {write_duration(stage.block)} = {write_duration(shortest)}"
        )
        checker.report(path, message)
    if stage.deadline <= stage.min_duration:
        checker.report(
            (*path[:-1], "min_duration"),
            f"nothing is promoted before {write_duration(stage.min_duration)}, and the"
            f" deadline is {write_duration(stage.deadline)}: make one shorter or the"
            " other longer",
        )
