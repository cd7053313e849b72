"""Which secrets a stage was given, and how its logins ended, as text. Pure."""

from sluicegate.model.event_secrets import SecretEvent, SecretsGiven, SecretsRevoked
from sluicegate.model.secret import GivenSecret


def describe_secrets(event: SecretEvent) -> str | None:
    """A sentence without the stage's name; None where a person needs none; not escaped.

    That a login is revoked is as it should be; that one is not is worth a line.
    """
    match event:
        case SecretsGiven():
            return f"given {'; '.join(map(describe_secret, event.secrets))}"
        case SecretsRevoked():
            left = [each for each in event.logins if each.problem]
            said = [f"{each.provider} is not revoked: {each.problem}" for each in left]
            return f"the login to {'; to '.join(said)}" if said else None


def describe_secret(secret: GivenSecret) -> str:
    """``TOKEN from bao (openbao): ml/registry, field token``; not escaped."""
    parts = [secret.path]
    parts += [f"field {secret.field}"] if secret.field is not None else []
    parts += [f"version {secret.version}"] if secret.version is not None else []
    where = ", ".join(parts)
    return f"{secret.variable} from {secret.provider} ({secret.kind}): {where}"
