"""What must not be shown of this machine, for the pipeline at hand."""

from collections.abc import Mapping
from pathlib import Path

from sluicegate.adapters.masking import Masks
from sluicegate.adapters.telemetry.settings import secrets_in
from sluicegate.audit.redaction import REDACTED, Redactor
from sluicegate.stages.canary_sources import Secret
from sluicegate.stages.docker_build import DockerBuildStage
from sluicegate.stages.docker_build_secret import BuildSecret, locate
from sluicegate.stages.notify import secret_variables
from sluicegate.stages.pipeline import Pipeline
from sluicegate.stages.secrets.stripping import stripped_variables
from sluicegate.wiring.clusters import (
    ACCOUNT_TOKEN,
    clusters_of,
    kubeconfig_files,
)
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.metric_secrets import secrets_of

_NO_SECRETS = frozenset(("ACTIONS_ID_TOKEN_REQUEST_URL",))


def build_masks(machine: Machine, pipeline: Pipeline, *folders: Path) -> Masks:
    """Hide what *machine* knows, and what *pipeline* names in any of *folders*.

    Logins to clusters are hidden, too, and what is fetched meanwhile. All is read again
    whenever it has changed.
    """
    environ, home = machine.environ, machine.home
    masks = _machine_masks(machine)
    variables, files = set(secret_variables(pipeline.notify)), set()
    variables |= stripped_variables(pipeline.secrets) - _NO_SECRETS
    named: list[BuildSecret | Secret] = [*secrets_of(pipeline)]
    for each in pipeline.stages:
        if isinstance(each.stage, DockerBuildStage):
            named.extend(each.stage.secrets.values())
    for secret in named:
        if secret.env is not None:
            variables.add(secret.env)
        if secret.file is not None:
            files |= {
                Path(locate(secret.file, str(folder), str(home))) for folder in folders
            }
    kubeconfigs = {
        path
        for cluster in clusters_of(pipeline)
        for folder in folders
        for path in kubeconfig_files(environ, home, folder, cluster)
    }
    if any(each.in_cluster for each in clusters_of(pipeline)):
        files.add(ACCOUNT_TOKEN)
    masks.name(sorted(variables), sorted(files), sorted(kubeconfigs))
    return masks


def build_redactor(masks: Masks, home: Path) -> Redactor:
    """Keep out of the log what *masks* hide, and where *home* is."""

    def without_known(text: str) -> str:
        masks.refresh()  # a login may have been renewed since the last entry
        return masks.text(text, REDACTED)

    return Redactor(without_known, str(home))


def build_machine_redactor(machine: Machine) -> Redactor:
    """Keep out of the log what this machine knows, whatever the pipeline says."""
    return build_redactor(_machine_masks(machine), machine.home)


def _machine_masks(machine: Machine) -> Masks:
    config = _docker_config(machine.environ, machine.home)
    machine.learned.add(secrets_in(machine.environ))
    return Masks(machine.environ, config, machine.learned)


def _docker_config(environ: Mapping[str, str], home: Path) -> Path:
    return Path(environ.get("DOCKER_CONFIG") or home / ".docker") / "config.json"
