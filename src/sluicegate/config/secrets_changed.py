"""Which secrets a branch would give to more than the protected branch gives them to.

A branch can say of a secret of production that a test gets it. So what is for some
environments alone counts as the protected branch has it, like environments themselves;
a branch may only give it to fewer, and to stages that do the same with it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Self

from sluicegate.stages.pipeline import Pipeline
from sluicegate.stages.secrets.aws import AwsProvider
from sluicegate.stages.secrets.plain import EnvironmentProvider, GithubProvider
from sluicegate.stages.secrets.settings import Provider, Secrets, SecretUse
from sluicegate.stages.secrets.vault import AppRoleAuth, VaultProvider

_SECRET_ARN = re.compile(r"arn:[^:]*:secretsmanager:[^:]*:[^:]*:secret:(?P<name>.+)")
_RANDOM = re.compile(r"-[A-Za-z0-9]{6}$")  # what AWS appends to a name in an ARN


@dataclass(frozen=True, slots=True)
class Ruled:
    """What a pipeline file says of secrets, and which kinds its stages are."""

    secrets: Secrets = field(default_factory=Secrets)
    kinds: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, pipeline: Pipeline) -> Self:
        """What the file of *pipeline* says."""
        kinds = {each.name: each.stage.uses for each in pipeline.stages}
        return cls(pipeline.secrets, kinds)


def changed_uses(mine: Ruled, protected: Ruled | None) -> Mapping[str, str]:
    """The variables of *mine* that do not count, and why: the end of a sentence.

    A use counts if it names no environment, and the protected branch keeps the same
    secret for none either. Any other counts if the protected branch has it, from the
    same provider with the same settings, for at least those stages and environments,
    and the stages are of the same kind there: what sluicegate itself would read once a
    gate is open is not for a program that runs before.

    Variables that hold a guarded secret, or a login to who keeps them, do not count
    either where *mine* names them past ``use:``.

    Args:
        mine: what the pipeline file that is run says.
        protected: what that of the protected branch says; None where none can be read.
    """
    kept = {} if protected is None else _kept_places(protected.secrets)
    held = {} if protected is None else _held_variables(protected.secrets)
    named = mine.secrets.use
    found = {variable: why for variable, why in held.items() if variable not in named}
    for variable, use in named.items():
        guarded = _guarded_as(mine.secrets, use, kept)
        if not use.environments and guarded is None:
            continue
        why = _why_not(variable, mine, protected)
        if why and guarded not in (None, variable):
            why = f"{why}, and it is the same secret as {guarded} there"
        if why:
            found[variable] = why
    return found


def refuse_login(provider: Provider, protected: Ruled | None) -> str | None:
    """Why *provider* may not be shown its secret id; None if it may.

    A branch could send a variable that the protected branch guards to a server of its
    own, as if it were a login there.
    """
    login = _secret_id_of(provider)
    if protected is None or login is None:
        return None
    if provider in protected.secrets.providers.values():
        return None
    why = _held_variables(protected.secrets).get(login)
    return None if why is None else f"{login} is not sent to it: {why}"


def _kept_places(protected: Secrets) -> dict[str, str]:
    """Where secrets for some environments alone are, and in which variable."""
    return {
        place: variable
        for variable, use in protected.use.items()
        if use.environments
        for place in _places(protected.providers[use.from_], use)
    }


def _held_variables(protected: Secrets) -> dict[str, str]:
    """The variables of this process that a branch may not read or send, and why."""
    found = {}
    for variable, use in protected.use.items():
        provider = protected.providers[use.from_]
        is_plain = isinstance(provider, EnvironmentProvider | GithubProvider)
        if is_plain and use.environments:
            found[use.path] = (
                f"on the protected branch it is the secret for {variable}, which is for"
                f" {' and '.join(use.environments)} alone"
            )
    for name, provider in protected.providers.items():
        login = _secret_id_of(provider)
        if login is not None:
            found[login] = f"on the protected branch it is the login to {name}"
    return found


def _secret_id_of(provider: Provider) -> str | None:
    if isinstance(provider, VaultProvider) and isinstance(provider.auth, AppRoleAuth):
        return provider.auth.secret_id_env
    return None


def _guarded_as(mine: Secrets, use: SecretUse, kept: Mapping[str, str]) -> str | None:
    places = _places(mine.providers[use.from_], use)
    return next((kept[place] for place in places if place in kept), None)


def _places(provider: Provider, use: SecretUse) -> Iterator[str]:
    """What it is called there, whatever way leads there: addresses have many names.

    Of Vault it is the whole path that is asked for: a namespace is its beginning, and a
    mount could reach into another one. An ARN of AWS holds the name.
    """
    match provider:
        case VaultProvider():
            parts = (provider.namespace or "", provider.mount, "data", use.path)
            yield f"vault:{'/'.join(parts).strip('/')}"
        case AwsProvider():
            arn = _SECRET_ARN.fullmatch(use.path)
            name = use.path if arn is None else arn["name"]
            yield f"aws:{name}"
            if arn is not None:
                yield f"aws:{_RANDOM.sub('', name)}"
        case _:
            yield f"variable:{use.path}"


def _why_not(variable: str, mine: Ruled, protected: Ruled | None) -> str:
    """Why the use of *variable* in *mine* is more than the protected branch allows."""
    if protected is None:
        return "which environments it is for, only a protected branch can say"
    use, ruled = mine.secrets.use[variable], protected.secrets.use.get(variable)
    if ruled is None:
        return "the protected branch does not give it to anybody"
    other = [
        key
        for key, is_same in {
            "from": use.from_ == ruled.from_,
            "path": use.path == ruled.path,
            "field": use.field == ruled.field,
            "version": use.version == ruled.version,
            "stages": set(use.stages) <= set(ruled.stages),
            "environments": _is_within(use.environments, ruled.environments),
        }.items()
        if not is_same
    ]
    if other:
        return f"the protected branch says otherwise of its {', '.join(other)}"
    known = protected.secrets.providers[ruled.from_]
    if mine.secrets.providers[use.from_] != known:
        return f"its provider {use.from_} is another one on the protected branch"
    for stage in use.stages if ruled.environments else ():
        kind, there = mine.kinds.get(stage), protected.kinds.get(stage)
        if kind != there:
            return f"stage {stage} is {kind} here, and {there} on the protected branch"
    return ""


def _is_within(mine: tuple[str, ...], ruled: tuple[str, ...]) -> bool:
    """Whether *mine* are no more environments than *ruled*; none stands for all."""
    return not ruled or (bool(mine) and set(mine) <= set(ruled))
