"""An AnalysisTemplate of Argo Rollouts that asks our judge, by a Job. Pure.

A Job of Argo knows two ends: with exit code 0 its measurement is successful, with any
other failed. So each question gets a metric of its own:

    worse   fails when the canary is to be aborted: failureLimit 0 fails the analysis,
            and the Rollout goes back
    better  succeeds when it may be promoted. It fails at the deadline, and one failure
            is allowed: neither is its failureLimit violated nor its
            consecutiveSuccessLimit reached, which is inconclusive, and the Rollout
            waits for a person (`on_deadline: hold`)

Where the deadline is a verdict, one metric is enough.

Sources:
    argo-rollouts 9f8d111d: metricproviders/job/job.go, `Resume`; analysis/analysis.go,
    `assessMetricStatus`; docs/features/analysis.md (consecutiveSuccessLimit since 1.8).
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sluicegate.model.rollout import DeadlinePolicy

_SLACK_SECONDS = 300
_KEPT_SECONDS = 86_400
_SECRET = "sluicegate-prometheus"  # noqa: S105 - the name of a Secret
_AT_DEADLINE = {
    DeadlinePolicy.ROLLBACK: "exit 1",
    DeadlinePolicy.PROMOTE: "exit 0",
    DeadlinePolicy.HOLD: "exit 1",
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """What the Jobs do.

    ``judge`` are options of ``sluice canary judge``, ``variables`` those of a login to
    Prometheus, and ``pipeline`` the text of the pipeline file.
    """

    environment: str
    namespace: str
    image: str
    pipeline: str
    judge: Sequence[str]
    every_seconds: int
    deadline_seconds: int
    on_deadline: DeadlinePolicy
    variables: Sequence[str] = ()

    @property
    def name(self) -> str:
        """The name of what is made."""
        return f"sluicegate-{self.environment.lower().replace('_', '-')}"


def analysis_template(recipe: Recipe) -> str:
    """The manifests: a ConfigMap with the pipeline file, and the AnalysisTemplate."""
    is_hold = recipe.on_deadline is DeadlinePolicy.HOLD
    metrics = ("worse", "better") if is_hold else ("verdict",)
    lines = [
        *_config_map(recipe),
        "---",
        "apiVersion: argoproj.io/v1alpha1",
        "kind: AnalysisTemplate",
        _metadata(recipe),
        "spec:",
        "  # What Prometheus counts both by: their Services, or the hashes of the pods",
        "  # (valueFrom: {podTemplateHashValue: Stable} and Latest).",
        "  args: [{name: stable}, {name: canary}]",
        "  metrics:",
        *(line for each in metrics for line in _metric(recipe, each)),
    ]
    return "".join(f"{line}\n" for line in lines)


def _config_map(recipe: Recipe) -> Iterator[str]:
    yield "---"
    yield "apiVersion: v1"
    yield "kind: ConfigMap"
    yield _metadata(recipe)
    yield "data:"
    yield "  sluicegate.yaml: |2"
    for line in recipe.pipeline.rstrip("\n").split("\n"):
        yield f"    {line}" if line else ""


def _metric(recipe: Recipe, metric: str) -> Iterator[str]:
    yield f"    - name: {metric}"
    yield "      count: 1"
    if metric == "better":
        yield "      failureLimit: 1"
        yield "      consecutiveSuccessLimit: 1  # else inconclusive: a person decides"
    else:
        yield "      failureLimit: 0"
    yield "      provider:"
    yield "        job:"
    yield "          spec:"
    yield "            backoffLimit: 0"
    seconds = recipe.deadline_seconds + _SLACK_SECONDS
    yield f"            activeDeadlineSeconds: {seconds}"
    yield f"            ttlSecondsAfterFinished: {_KEPT_SECONDS}"
    yield "            template:"
    yield "              spec:"
    for line in _pod(recipe, metric):
        yield f"{' ' * 16}{line}"


def _pod(recipe: Recipe, metric: str) -> Iterator[str]:
    yield "restartPolicy: Never"
    yield "automountServiceAccountToken: false  # it asks Prometheus alone"
    yield "securityContext: {runAsNonRoot: true, runAsUser: 65532}"
    yield "volumes:"
    yield f"  - {{name: pipeline, configMap: {{name: {_text(recipe.name)}}}}}"
    yield "  - {name: numbers, emptyDir: {}}"
    yield "containers:"
    yield "  - name: sluice"
    yield f"    image: {_text(recipe.image)}"
    yield "    securityContext: {allowPrivilegeEscalation: false}"
    yield "    resources: {requests: {cpu: 50m, memory: 128Mi}}"
    yield "    volumeMounts:"
    yield "      - {name: pipeline, mountPath: /pipeline, readOnly: true}"
    yield "      - {name: numbers, mountPath: /numbers}"
    yield "    env:"
    yield '      - {name: HOME, value: "/numbers"}'
    yield '      - {name: STABLE, value: "{{args.stable}}"}'
    yield '      - {name: CANARY, value: "{{args.canary}}"}'
    for variable in recipe.variables:
        key = f"{{name: {_SECRET}, key: {variable}}}"
        yield f"      - {{name: {variable}, valueFrom: {{secretKeyRef: {key}}}}}"
    yield "    command: [sh, -c]"
    yield "    args:"
    yield "      - |"
    for line in script(recipe, metric):
        yield f"        {line}"


def script(recipe: Recipe, metric: str) -> Iterator[str]:
    """What the Job of *metric* runs, line by line."""
    yield f"end=$(($(date +%s) + {recipe.deadline_seconds}))"
    yield "while :; do"
    yield "  sluice canary count /numbers/n.jsonl --file /pipeline/sluicegate.yaml \\"
    yield (
        f'    --environment {recipe.environment} --stable "$STABLE" --canary "$CANARY"'
    )
    # Prometheus may be away for a while (4): the deadline decides. A slip (2) will not
    # pass.
    yield "  counted=$?"
    yield '  case "$counted" in 0|4) ;; *) exit "$counted" ;; esac'
    yield "  verdict=3"
    yield "  if [ -s /numbers/n.jsonl ]; then"
    yield f"    sluice canary judge /numbers/n.jsonl {' '.join(recipe.judge)}"
    yield "    verdict=$?"
    yield "  fi"
    yield '  case "$verdict" in'
    yield "    0) exit 0 ;;"
    # The other metric fails the analysis, which ends this one.
    yield f"    1) {'verdict=3' if metric == 'better' else 'exit 1'} ;;"
    yield "    3) ;;"
    yield '    *) exit "$verdict" ;;'
    yield "  esac"
    at_deadline = "exit 0" if metric == "worse" else _AT_DEADLINE[recipe.on_deadline]
    yield f'  [ "$(date +%s)" -lt "$end" ] || {at_deadline}'
    yield f"  sleep {recipe.every_seconds}"
    yield "done"


def _metadata(recipe: Recipe) -> str:
    name, namespace = _text(recipe.name), _text(recipe.namespace)
    return f"metadata: {{name: {name}, namespace: {namespace}}}"


def _text(value: str) -> str:
    return json.dumps(value)
