"""What an environment's canary stage is as a recipe for Argo Rollouts."""

import re
from collections.abc import Iterator
from pathlib import Path

from sluicegate.errors import UsageError
from sluicegate.report.analysis_template import Recipe
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.canary_sources import TargetSource
from sluicegate.stages.pipeline import Pipeline
from sluicegate.wiring.kubernetes.counts import AnyClusterTarget
from sluicegate.wiring.kubernetes.numbers import (
    find_cluster_environment,
    find_cluster_target,
)
from sluicegate.wiring.project import Project

_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,300}")


def build_recipe(project: Project, environment: str | None, image: str) -> Recipe:
    """The recipe for *environment*, by default the only one in a cluster.

    Raises:
        UsageError: there is none, its canary cannot be judged so, or *image* is none.
    """
    if not _IMAGE.fullmatch(image):
        raise UsageError(
            f"{image!r} is no image", hint="like registry.example/ci@sha256:"
        )
    name = find_cluster_environment(project.pipeline, environment)
    target = find_cluster_target(project.pipeline, name)
    stage = find_stage(project.pipeline, name)
    return Recipe(
        environment=name,
        namespace=target.namespace,
        image=image,
        pipeline=Path(project.file).read_text(encoding="utf-8"),
        judge=tuple(_options(stage)),
        every_seconds=max(1, round(stage.block.total_seconds())),
        deadline_seconds=round(stage.deadline.total_seconds()),
        on_deadline=stage.on_deadline,
        variables=tuple(_variables(target)),
    )


def find_stage(pipeline: Pipeline, environment: str) -> CanaryStage:
    """The canary stage that releases to *environment*.

    Raises:
        UsageError: there is none.
    """
    for named in pipeline.stages:
        stage = named.stage
        if isinstance(stage, CanaryStage) and stage.environment == environment:
            return stage
    raise UsageError(
        f"no canary stage releases to {environment}",
        hint="the stage says how a canary is judged: write one, `uses: canary`",
    )


def left_out(project: Project, environment: str | None) -> tuple[str, ...]:
    """What of the stage the judge alone does not do, in words."""
    name = find_cluster_environment(project.pipeline, environment)
    stage = find_stage(project.pipeline, name)
    metrics = stage.metrics
    found = [
        f"metrics.{key}: only what the target itself counts is judged"
        for key, each in metrics.declared.items()
        if not isinstance(each.source, TargetSource)
    ]
    tuned = {"errors": metrics.errors, **metrics.declared}
    found += [
        f"metrics.{key}: ratio, slack and sigma are the judge's"
        for key, each in tuned.items()
        if (each.ratio, each.slack, each.sigma) != (None, None, None)
    ]
    if stage.judge.share_check:
        found.append("judge.share_check: the weights are Argo's, and not looked at")
    return tuple(found)


def _options(stage: CanaryStage) -> Iterator[str]:
    judge = stage.judge
    yield f"--alpha {judge.alpha:g}"
    yield f"--beta {judge.beta:g}"
    yield f"--margin-ratio {judge.ratio:g}"
    yield f"--margin-abs {judge.slack:g}"
    yield f"--sigma {'none' if judge.sigma is None else f'{judge.sigma:g}'}"
    yield f"--batch-seconds {stage.block.total_seconds():g}"
    yield f"--min-requests {judge.min_requests}"
    yield f"--min-seconds {stage.min_duration.total_seconds():g}"
    if judge.fuse is not None:
        yield f"--fuse {judge.fuse:g}"
    if judge.restarts:
        yield "--restarts"
    declared = stage.metrics.declared.items()
    weights = {"errors": stage.metrics.errors.weight} | {
        name: each.weight
        for name, each in declared
        if isinstance(each.source, TargetSource)
    }
    for name, weight in weights.items():
        if weight != 1:
            yield f"--weight {name}={weight:g}"


def _variables(target: AnyClusterTarget) -> Iterator[str]:
    """The variables that hold the login to Prometheus.

    Raises:
        UsageError: it is in a file, which a Job does not have.
    """
    auth = target.counts.auth
    for secret in () if auth is None else auth.secrets:
        if secret.env is None:
            raise UsageError(
                "the login to Prometheus is in a file, which a Job does not have",
                hint="write auth: {bearer: {env: PROMETHEUS_TOKEN}} into counts:, and"
                " make a Secret sluicegate-prometheus with that key",
            )
        yield secret.env
