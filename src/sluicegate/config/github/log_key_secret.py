"""Judge where the secret is kept that holds the log's key. Pure."""

from collections.abc import Iterator
from shlex import quote

from sluicegate.config.github.checkout import is_expression
from sluicegate.config.github.log_key_holders import INHERIT, TOPIC, VARIABLE, Holder
from sluicegate.model.host_check import HostCheck, Place, Standing
from sluicegate.model.host_settings import HostSettings, Unknown

_EVERYBODY = (
    "every workflow on every branch can read it: who may push a branch may write to"
    " the log"
)


def judge_secret(holder: Holder, settings: HostSettings | None) -> Iterator[HostCheck]:
    """Whether the key of *holder* is a secret of an environment and of nothing else."""
    place = (holder.place,)
    environment = holder.environment
    if environment is None:
        yield HostCheck(
            TOPIC,
            Standing.PROBLEM,
            f"job {holder.job.name} enters no environment, so the key can only be a"
            " secret of the repository",
            _EVERYBODY,
            "environment: sluicegate  # in that job, with the secret in it and the"
            " default branch alone let in",
            place,
        )
        return
    names = holder.key.secrets
    if holder.key.text == INHERIT:
        names = frozenset({VARIABLE})
    if settings is None or not names:
        return
    if is_expression(environment.text):
        what = f"which environment job {holder.job.name} enters is said by its caller"
        is_called = holder.workflow.events == {"workflow_call"}  # callers are judged
        standing = Standing.NOTE if is_called else Standing.UNKNOWN
        yield HostCheck(TOPIC, standing, what, places=place)
        return
    for name in sorted(names):
        yield _judge(name, environment.text, settings, place)


def _judge(
    name: str, environment: str, settings: HostSettings, place: tuple[Place, ...]
) -> HostCheck:
    fix = f"gh secret set {quote(name)} --env {quote(environment)} < KEYFILE"
    outside = {
        "the repository": settings.secrets,
        "the organization": settings.shared_secrets,
    }
    wide = [
        where
        for where, names in outside.items()
        if not isinstance(names, Unknown) and name in names
    ]
    if wide:
        return HostCheck(
            TOPIC,
            Standing.PROBLEM,
            f"{name} is a secret of {' and of '.join(wide)}",
            _EVERYBODY,
            f"{fix}\ngh secret delete {quote(name)}",
            place,
        )
    inside = _inside(environment, settings)
    if isinstance(inside, Unknown):
        what = f"whether {environment} holds the secret {name}; needs {inside.needs}"
        return HostCheck(TOPIC, Standing.UNKNOWN, what, places=place)
    if name not in inside:
        return HostCheck(
            TOPIC,
            Standing.PROBLEM,
            f"the environment {environment} has no secret {name}",
            "runs there are not recorded, and release nothing",
            fix,
            place,
        )
    for where, names in outside.items():
        if isinstance(names, Unknown):
            what = f"whether {name} is a secret of {where}, too; needs {names.needs}"
            return HostCheck(TOPIC, Standing.UNKNOWN, what, places=place)
    what = f"the secret {name} is in the environment {environment} alone"
    return HostCheck(TOPIC, Standing.FINE, what, places=place)


def _inside(environment: str, settings: HostSettings) -> frozenset[str] | Unknown:
    environments = settings.environments
    if isinstance(environments, Unknown):
        return environments
    for each in environments:
        if each.name.casefold() == environment.casefold():
            return each.secrets
    return frozenset()
