"""Where the files and secrets of metrics and models are on this machine."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sluicegate.errors import PermanentError
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.canary_sources import Secret
from sluicegate.stages.compare import CompareStage
from sluicegate.stages.docker_build_secret import locate
from sluicegate.stages.evaluation.champions import MlflowChampion
from sluicegate.stages.pipeline import Pipeline
from sluicegate.stages.target_counts import ClusterTarget
from sluicegate.wiring.machine import Machine

_MAX_BYTES = 1 << 16


@dataclass(frozen=True)
class Places:
    """The files and variables that the pipeline file in *folder* names."""

    machine: Machine
    folder: Path

    def path(self, file: str) -> Path:
        """Where *file* is."""
        return Path(locate(file, str(self.folder), str(self.machine.home)))

    def read(self, secret: Secret) -> str:
        """A secret as it is now; it may be renewed.

        Raises:
            PermanentError: it is not there.
        """
        if secret.env is not None:
            value = self.machine.environ.get(secret.env, "").strip()
            if not value:
                raise PermanentError(
                    f"the environment variable {secret.env} is not set",
                    hint=f"export {secret.env} where sluice runs",
                )
            return value
        path = self.path(secret.file or "")
        try:
            with path.open("rb") as file:
                text = file.read(_MAX_BYTES).decode().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise PermanentError(
                f"the secret in {path} cannot be read: {type(error).__name__}",
                hint="put it there, or change auth: where it is named",
            ) from error
        if not text:
            raise PermanentError(f"{path}, which should hold a secret, is empty")
        return text


def secrets_of(pipeline: Pipeline) -> Iterator[Secret]:
    """Where the secrets of all metrics, counts and models of *pipeline* are."""
    for named in pipeline.stages:
        if isinstance(named.stage, CanaryStage):
            yield from named.stage.metrics.secrets
        elif isinstance(named.stage, CompareStage):
            source = named.stage.champion_source
            if isinstance(source, MlflowChampion) and source.auth is not None:
                yield from source.auth.secrets
    for environment in pipeline.environments.values():
        target = environment.target
        if isinstance(target, ClusterTarget) and target.counts.auth is not None:
            yield from target.counts.auth.secrets


def secret_variables_of(pipeline: Pipeline) -> frozenset[str]:
    """The environment variables that no process but sluicegate's own may see."""
    named = (secret.env for secret in secrets_of(pipeline))
    return frozenset(name for name in named if name is not None)
