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
  build:
    uses: docker-build
    image: {project}
    args: {{BASE: "{base}"}}
  scan:
    uses: trivy
    gate: {scan}
  canary:
    uses: canary
    environment: {environment}
    steps: [5, 25, 50]
    block: 2s
    step_blocks: 2
    deadline: 3m
    judge: {{slack: 0.005}}
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
