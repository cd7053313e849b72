"""The demo's pipeline file: as a user would write it, but with a faster canary.

Blocks of 2 s instead of 60 s, because the demo's load is constant and its requests are
independent of each other; what counts as worse is set so that a release without
failures is promoted within half a minute of this load.
"""

from dataclasses import dataclass

ENVIRONMENT = "production"
RATE = 120  # requests a second

_FULL = '["scan.critical_fixable == 0", "scan.secrets == 0", "scan.db_age_days <= 7"]'
_REDUCED = """\
["scan.secrets == 0", "scan.misconfig_critical == 0"]
    # Trivy's vulnerability database could not be had here: nothing below looks for
    # known vulnerabilities, and nothing in the evidence says there are none.
    scanners: [secret, misconfig]
    offline: true"""

_FILE = """\
schema: sluicegate/v1
name: {project}_release_v1.0
stages:
  lint: {{uses: ruff}}
  test: {{uses: pytest, gate: ["test.failed == 0", "test.passed >= 20"]}}
  train:
    uses: train
    needs: [lint]
    run: [python3, train.py]
    inputs: [train.py, classifier.py, features.py, data]
    model: [model]
    metrics: {{file: training.json, fields: {{accuracy: number}}}}
  evaluate:
    uses: command
    needs: [train]
    run: [python3, evaluate.py]
    inputs: ["*.py", data, model]
    outputs: [out/predictions.jsonl, out/golden.jsonl]
  compare:
    uses: compare
    candidate: out/predictions.jsonl
    champion: evaluation/champion.jsonl
    metrics:
      accuracy: {{margin: 0.02}}
      loss: {{margin: 0.05}}
  modelscan:
    uses: modelscan
    needs: [train]
    paths: [model]
    gate: [modelscan.content == train.content]
  docs:
    uses: docs
    needs: [compare, modelscan]
    metrics: {{accuracy: compare.accuracy_candidate, loss: compare.loss_candidate}}
    model: {{paths: [model], content: modelscan.content}}
  build:
    uses: docker-build
    needs: [test, docs]
    image: {project}
    args: {{BASE: "{base}"}}
  smoke:
    uses: smoke
    golden: out/golden.jsonl
    port: 8000
    tolerances: [{{path: $.probabilities.*, absolute: 0.0001}}]
    batch: {{path: /predict/batch}}
    variants:
      unknown_field: ignored
      required: [bill_length_mm, bill_depth_mm, flipper_length_mm, body_mass_g]
      optional: [sex]
  scan:
    uses: trivy
    needs: [build]
    gate: {scan}
  canary:
    uses: canary
    needs: [smoke, scan]
    environment: {environment}
    steps: [5, 25, 50]
    block: 2s
    step_blocks: 2
    deadline: 3m
    judge: {{slack: 0.01}}
environments:
  {environment}:
    target:
      uses: docker
      port: 8000
      publish: {port}
      health: /healthz
      drain: 1s
      ephemeral: allowed  # a demo may go away with the machine
"""


@dataclass(frozen=True, slots=True)
class Choices:
    """What depends on this machine. ``port`` is where the service is reached."""

    port: int
    base: str
    vulnerabilities: bool

    @property
    def project(self) -> str:
        """A name of its own for every port, so that two demos do not meet."""
        return f"sluicegate-demo-{self.port}"

    def pipeline(self) -> str:
        """The text of the pipeline file."""
        return _FILE.format(
            project=self.project,
            base=self.base,
            port=self.port,
            environment=ENVIRONMENT,
            scan=_FULL if self.vulnerabilities else _REDUCED,
        )
