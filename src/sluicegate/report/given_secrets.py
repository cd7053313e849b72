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
            is_over = all(each.problem is None for each in event.logins)
            return None if is_over else describe_revoked(event)


def describe_revoked(event: SecretsRevoked) -> str:
    """How every login ended, without the stage's name; not escaped."""
    said = (
        f"{each.provider} has ended"
        if each.problem is None
        else f"{each.provider} is not revoked: {each.problem}"
        for each in event.logins
    )
    return f"the login to {'; to '.join(said)}"


def describe_secret(secret: GivenSecret) -> str:
    """``TOKEN from bao (openbao): ml/registry, field token``; not escaped."""
    parts = [secret.path]
    parts += [f"field {secret.field}"] if secret.field is not None else []
    parts += [f"version {secret.version}"] if secret.version is not None else []
    where = ", ".join(parts)
    return f"{secret.variable} from {secret.provider} ({secret.kind}): {where}"
