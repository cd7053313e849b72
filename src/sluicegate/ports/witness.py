"""A witness: somebody who cosigns only logs that grow and never change."""

from typing import Protocol

from sluicegate.model.witness import Answer


class CheckpointWitness(Protocol):
    """Is shown checkpoints, with proofs that they extend what it saw before."""

    def add_checkpoint(self, request: bytes) -> Answer:
        """Ask to cosign a checkpoint. *request* is the body of tlog-witness.

        Raises:
            TransientError: it cannot be reached, or not now.
            PermanentError: what is there is no witness.
        """
        ...
