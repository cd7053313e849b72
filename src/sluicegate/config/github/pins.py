"""Judge whether what a workflow uses is pinned to what was looked at. Pure."""

import re
from collections.abc import Iterator
from shlex import quote

from sluicegate.config.github.checkout import Checkout
from sluicegate.config.github.workflow import Text, Workflow
from sluicegate.model.host_check import HostCheck, Place, Standing
from sluicegate.model.host_settings import HostSettings, Unknown

_COMMIT = re.compile(r"(?!0+$)([0-9a-f]{40}|[0-9a-f]{64})")  # nought is no commit
_IN_TREE = ("./", "$/")
_DOCKER = "docker://"
_WHY = (
    "whoever can move the tag or branch runs their code in the job, with its token and"
    " its secrets; of trivy-action, 76 of 77 tags were moved to a credential stealer in"
    " 2026 (CVE-2026-33634)"
)


def judge_pins(
    checkout: Checkout, settings: HostSettings | None
) -> Iterator[HostCheck]:
    """Every use of an action, of a reusable workflow and of an image."""
    places = [*checkout.workflows, *checkout.actions]
    loose = [place for each in places for place in _loose(each)]
    if loose:
        yield HostCheck(
            "pinned actions",
            Standing.PROBLEM,
            f"{_count(loose)} pinned to no commit: a tag, a branch or nought stands"
            " there",
            _WHY,
            "\n".join(dict.fromkeys(_fix(place.what) for place in loose)),
            tuple(loose),
        )
    elif places:
        what = "every action and reusable workflow is pinned to a commit"
        yield HostCheck("pinned actions", Standing.FINE, what)
    images = [place for each in places for place in _images(each)]
    if images:
        yield HostCheck(
            "pinned images",
            Standing.WARNING,
            "containers of jobs are named by a tag instead of a digest",
            "whoever can push the tag runs their code in the job",
            "image: NAME@sha256:... (`docker buildx imagetools inspect NAME:TAG`)",
            tuple(images),
        )
    if settings is not None:
        yield from _required(settings)


def _required(settings: HostSettings) -> Iterator[HostCheck]:
    required = settings.pins_required
    if isinstance(required, Unknown):
        yield HostCheck(
            "pins enforced",
            Standing.UNKNOWN,
            f"whether GitHub refuses actions without a pin; needs {required.needs}",
        )
    elif required:
        what = "GitHub refuses actions that are not pinned to a commit"
        yield HostCheck("pins enforced", Standing.FINE, what)
    else:
        yield HostCheck(
            "pins enforced",
            Standing.NOTE,
            "GitHub would run actions that are not pinned to a commit",
            "the next workflow may use a tag again",
            "Settings > Actions > General > Require actions to be pinned to a"
            " full-length commit SHA",
        )


def _loose(workflow: Workflow) -> Iterator[Place]:
    for uses in _uses(workflow):
        if not _is_pinned(uses.text):
            yield Place(workflow.path, uses.line, uses.text)


def _uses(workflow: Workflow) -> Iterator[Text]:
    for job in workflow.jobs:
        if job.uses is not None:
            yield job.uses
        for step in job.steps:
            if step.uses is not None:
                yield step.uses


def _images(workflow: Workflow) -> Iterator[Place]:
    for job in workflow.jobs:
        for image in job.images:
            if image.text and "@sha256:" not in image.text:
                yield Place(workflow.path, image.line, image.text)


def _is_pinned(uses: str) -> bool:
    if uses.startswith(_IN_TREE):
        return True
    if uses.startswith(_DOCKER):
        return "@sha256:" in uses
    return _COMMIT.fullmatch(uses.rpartition("@")[2]) is not None


def _fix(uses: str) -> str:
    """What to do about it. Names come from files: in commands they are quoted."""
    if uses.startswith(_DOCKER):
        name = quote(uses.removeprefix(_DOCKER))
        return f"docker buildx imagetools inspect {name}  # then docker://NAME@sha256:"
    path, at, ref = uses.rpartition("@")
    if not at:
        return f"uses: {uses}@COMMIT"
    repository = "/".join(path.split("/")[:2])
    ref = ref if ref.strip("0") else "HEAD"  # a placeholder
    asked = quote(f"repos/{repository}/commits/{ref}")
    return f"uses: {path}@$(gh api {asked} --jq .sha)  # {ref}"


def _count(places: list[Place]) -> str:
    if len(places) == 1:
        return "1 action or workflow is"
    return f"{len(places)} actions and workflows are"
