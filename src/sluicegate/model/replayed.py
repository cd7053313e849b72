"""A recorded rollout that was judged again."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Replayed:
    """One rollout of a stage, judged again: everything follows from what came before.

    ``blocks`` were judged again; ``evidence`` is that after the last of them, as (name
    of the metric, abort, promote), in micronats. ``verdict``, ``cause`` and
    ``result`` are "" where the rollout has not come to them.
    """

    environment: str
    release: str
    blocks: int
    evidence: tuple[tuple[str, int, int], ...]
    verdict: str
    cause: str
    reason: str
    result: str
