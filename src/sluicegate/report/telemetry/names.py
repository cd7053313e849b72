"""The names of the semantic conventions that are used, and those of our own.

All conventions for CI/CD are a release candidate: what a later version renames is
renamed here, together with the schema's address. What no convention names begins with
``sluice.``.

Source:
    https://github.com/open-telemetry/semantic-conventions, tag v1.44.0: model/cicd,
    model/vcs, model/deployment, model/error, model/service, model/telemetry,
    model/process.
"""

VERSION = "1.44.0"
SCHEMA_URL = f"https://opentelemetry.io/schemas/{VERSION}"
SCOPE = "sluicegate"

PIPELINE = "cicd.pipeline.name"
RUN_ID = "cicd.pipeline.run.id"
RUN_URL = "cicd.pipeline.run.url.full"
RUN_STATE = "cicd.pipeline.run.state"
RESULT = "cicd.pipeline.result"
ACTION = "cicd.pipeline.action.name"
TASK = "cicd.pipeline.task.name"
TASK_ID = "cicd.pipeline.task.run.id"
TASK_URL = "cicd.pipeline.task.run.url.full"
TASK_RESULT = "cicd.pipeline.task.run.result"
TASK_TYPE = "cicd.pipeline.task.type"
COMPONENT = "cicd.system.component"
ERROR = "error.type"
EXIT_CODE = "process.exit.code"
ENVIRONMENT = "deployment.environment.name"
REPOSITORY_URL = "vcs.repository.url.full"
REPOSITORY = "vcs.repository.name"
OWNER = "vcs.owner.name"
HEAD = "vcs.ref.head.name"
HEAD_TYPE = "vcs.ref.head.type"
REVISION = "vcs.ref.head.revision"
PROVIDER = "vcs.provider.name"
SERVICE = "service.name"
SERVICE_VERSION = "service.version"
SDK = "telemetry.sdk.name"
SDK_LANGUAGE = "telemetry.sdk.language"
SDK_VERSION = "telemetry.sdk.version"

RUN_DURATION = "cicd.pipeline.run.duration"
RUN_ACTIVE = "cicd.pipeline.run.active"
RUN_ERRORS = "cicd.pipeline.run.errors"
SYSTEM_ERRORS = "cicd.system.errors"

STAGE_DURATION = "sluice.stage.duration"
STAGE_CPU = "sluice.stage.cpu.time"
STAGE_GPU = "sluice.stage.gpu.time"
GATE_JUDGEMENTS = "sluice.gate.judgements"
ROLLOUTS = "sluice.rollout.count"
WAITS = "sluice.approval.wait.duration"

_TYPES = {
    "ruff": "test",
    "pytest": "test",
    "hadolint": "test",
    "trivy": "test",
    "smoke": "test",
    "compare": "test",
    "slices": "test",
    "modelscan": "test",
    "docs": "test",
    "train": "build",
    "docker-build": "build",
    "publish": "deploy",
    "canary": "deploy",
}


def task_type(kind: str) -> str | None:
    """``build``, ``test`` or ``deploy`` for a stage *kind*; None if nobody knows."""
    return _TYPES.get(kind)
