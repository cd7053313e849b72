"""One stage that was chosen or left out."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """A stage that was chosen or left out, with the reason in words.

    ``stage`` is the stage's name. ``afterwards`` says of one that was left out what
    was therefore not done; it is for the end of a run.
    """

    stage: str
    reason: str
    is_chosen: bool = True
    afterwards: str = ""
