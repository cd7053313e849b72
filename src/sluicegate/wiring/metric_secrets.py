"""Where the files and secrets of metrics and models are on this machine."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from sluicegate.errors import PermanentError
from sluicegate.ports.secrets import GivenSecrets
from sluicegate.stages.canary_sources import Secret
from sluicegate.stages.docker_build_secret import locate
from sluicegate.stages.pipeline import Pipeline
from sluicegate.stages.secrets.own import secrets_of_counts, secrets_of_stage
from sluicegate.wiring.machine import Machine

_MAX_BYTES = 1 << 16


@dataclass(frozen=True)
class Places:
    """The files and variables that the pipeline file in *folder* names.

    Variables in ``kept`` are those of secrets that a provider keeps: a stage has them
    if they are among ``given``. That is None outside of runs, where nothing is fetched.
    """

    machine: Machine
    folder: Path
    kept: Collection[str] = ()
    given: GivenSecrets | None = None

    def path(self, file: str) -> Path:
        """Where *file* is."""
        return Path(locate(file, str(self.folder), str(self.machine.home)))

    def read(self, secret: Secret) -> str:
        """A secret as it is now; it may be renewed.

        Raises:
            PermanentError: it is not there.
            ExternalError: it cannot be fetched.
        """
        if secret.env is not None:
            if secret.env in self.kept and self.given is not None:
                return self._given(secret.env, self.given)
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

    def _given(self, variable: str, given: GivenSecrets) -> str:
        try:
            return given()[variable].strip()
        except KeyError:
            raise PermanentError(
                f"{variable} is among the pipeline's secrets, and is not given here",
                hint="name the stage, and its environment, under `secrets: use:`",
            ) from None


def secrets_of(pipeline: Pipeline) -> Iterator[Secret]:
    """Where the secrets of all metrics, counts and models of *pipeline* are."""
    for named in pipeline.stages:
        yield from secrets_of_stage(named.stage)
    for environment in pipeline.environments.values():
        yield from secrets_of_counts(environment)


def secret_variables_of(pipeline: Pipeline) -> frozenset[str]:
    """The environment variables that no process but sluicegate's own may see."""
    named = (secret.env for secret in secrets_of(pipeline))
    return frozenset(name for name in named if name is not None)
