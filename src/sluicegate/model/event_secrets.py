"""What may happen to the secrets of a stage: it is given some, and its logins end.

Neither changes the state of a run, and no value is in them.
"""

from dataclasses import dataclass
from datetime import datetime

from sluicegate.model.secret import EndedLogin, GivenSecret


@dataclass(frozen=True, slots=True)
class SecretsGiven:
    """An attempt at a stage is about to be given ``secrets``.

    They were fetched, by logins that are still valid, and nobody has them yet.
    """

    stage: str
    secrets: tuple[GivenSecret, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class SecretsRevoked:
    """The logins by which the secrets of a stage were fetched have ended.

    One per provider. Where it is missing after `SecretsGiven`, the process died before:
    then its logins last as long as they were given out for.
    """

    stage: str
    logins: tuple[EndedLogin, ...]
    at: datetime


SecretEvent = SecretsGiven | SecretsRevoked
