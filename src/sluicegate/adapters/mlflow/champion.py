"""The model to beat, as MLflow's registry names it: an alias, a version, its run.

An alias can be moved, and a run's files can be written over. What was read is named by
model, version, run and digest, and is kept as evidence.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from sluicegate.adapters.metrics.deadline import within
from sluicegate.adapters.mlflow.answer import Refusal, parse_alias, parse_run
from sluicegate.adapters.mlflow.api import MlflowApi
from sluicegate.errors import PermanentError, TransientError
from sluicegate.model.champion import Champion, NoChampion

_MODEL = "/api/2.0/mlflow/registered-models/get"
_VERSION = "/api/2.0/mlflow/model-versions/get"
_ARTIFACT = "/get-artifact"
_MOST_SAID = 8 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Wanted:
    """The file ``path`` of the run of the version ``alias`` of ``model``.

    It has ``most_bytes`` at most.
    """

    model: str
    alias: str
    path: str
    most_bytes: int


def find_champion(
    api: MlflowApi,
    wanted: Wanted,
    timeout_seconds: float,
    meanwhile: Callable[[], None] | None = None,
) -> Champion | NoChampion:
    """Read the predictions of the model to beat; all answers take *timeout_seconds*.

    What *meanwhile* raises, which is called several times a second, ends it.

    Raises:
        TransientError: no answer, or none in time, or the version is not ready yet.
        PermanentError: the registry cannot be asked, or has no such file.
    """
    deadline = time.monotonic() + timeout_seconds
    try:
        return within(timeout_seconds, lambda: _find(api, wanted, deadline), meanwhile)
    except TimeoutError as error:
        raise TransientError(
            f"no answer of {api.host} within {timeout_seconds:g} s"
        ) from error


def _find(api: MlflowApi, wanted: Wanted, deadline: float) -> Champion | NoChampion:
    model = wanted.model
    said = api.get(_MODEL, {"name": model}, _MOST_SAID, deadline)
    if isinstance(said, Refusal):
        return NoChampion(f"{api.host} has no model {model}")
    version = parse_alias(said, model, wanted.alias)
    if version is None:
        return NoChampion(f"{api.host} has no version of {model} called {wanted.alias}")
    asked = {"name": model, "version": version}
    said = api.get(_VERSION, asked, _MOST_SAID, deadline)
    if isinstance(said, Refusal):
        raise PermanentError(f"{api.host} has no version {version} of {model} any more")
    run = parse_run(said, model, version)
    asked = {"path": wanted.path, "run_uuid": run}
    data = api.get(_ARTIFACT, asked, wanted.most_bytes, deadline)
    if isinstance(data, Refusal):
        raise PermanentError(
            f"run {run} of version {version} of {model} has no file {wanted.path}:"
            f" {data.message}",
            hint="let that run log the champion's predictions, or log them now",
        )
    return Champion(
        data,
        wanted.path.rsplit("/", 1)[-1],
        f"{model} version {version}",
        run,
        {
            "from": "mlflow",
            "url": api.url,
            "model": model,
            "alias": wanted.alias,
            "version": version,
            "run": run,
            "file": wanted.path,
        },
    )
