"""How long a cluster that does not answer well is asked again."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """How long what does not work is tried: seconds."""

    attempt: float = 30.0  # one request in all, its answer included
    first: float = 5.0  # before it has answered once: it may not be there at all
    later: float = 60.0
    step: float = 0.5
    poll: float = 2.0  # between two looks, for who may not watch
    longest: float = 10.0  # between two attempts, unless the server asks for more


USUAL = Patience()
