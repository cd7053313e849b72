"""How a repository is set up on a code host."""

from collections.abc import Sequence
from typing import Protocol

from sluicegate.model.host_settings import HostSettings


class CodeHostSettings(Protocol):
    """Reads the settings of one repository. Nothing is changed."""

    def read(self, branches: Sequence[str]) -> HostSettings:
        """The settings of the repository and of *branches*, the default one included.

        What the token may not read is `Unknown` and says what it needs.

        Raises:
            TransientError: the host does not answer, or not now.
            PermanentError: there is no such repository for this token, the token is
                refused, or an answer cannot be understood.
            Interrupted: asked to stop.
        """
        ...
