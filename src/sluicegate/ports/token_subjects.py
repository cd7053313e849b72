"""What a code host's tokens say of who runs a workflow."""

from typing import Protocol

from sluicegate.model.token_subject import TokenSubjects


class TokenSubjectReader(Protocol):
    """Reads how one repository's tokens are made. Nothing is changed."""

    def read_subjects(self) -> TokenSubjects:
        """How they are made.

        What the token may not read is `Unknown` and says what it needs.

        Raises:
            TransientError: the host does not answer, or not now.
            PermanentError: there is no such repository for this token, the token is
                refused, or an answer cannot be understood.
            Interrupted: asked to stop.
        """
        ...
