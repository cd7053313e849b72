"""Whether a login to a provider of secrets may do more than it needs."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from sluicegate.model.secret_access import SecretPlace, Survey
from sluicegate.ports.secrets import SecretLogin


@runtime_checkable
class SurveyedLogin(SecretLogin, Protocol):
    """A login that can say what it may do."""

    def survey(self, places: Sequence[SecretPlace]) -> Survey:
        """Find out whether it may do more than read *places*. Changes nothing.

        Raises:
            ExternalError: nobody answers.
        """
        ...
