"""Whom to tell of a run, as the pipeline file says it.

A webhook's address is a password: whoever has it can write to the channel. It comes
from an environment variable, which no process of a stage gets to see.
"""

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from sluicegate.model.notification import ATTENTION, Occasion
from sluicegate.stages.stage import Settings

SECRET = "secret"  # noqa: S105 - the type of an error, whose value is never shown
_VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]{0,99}$"


class FromEnvironment(Settings):
    """A secret, by the name of the environment variable that holds it."""

    env: str = Field(pattern=_VARIABLE, description="The variable's name.")


def _refuse_literal(value: Any) -> Any:  # noqa: ANN401 - pydantic hands over anything
    """Take nothing but the name of a variable, and repeat nothing of what is there."""
    match value:
        case FromEnvironment():
            return value
        case {"env": str(name), **rest} if not rest and re.match(_VARIABLE, name):
            return value
        case _:
            raise PydanticCustomError(
                SECRET,
                "a webhook's address is a secret: put it into an environment variable"
                " and name that one, like {env: SLACK_WEBHOOK_URL}",
            )


_On = Annotated[
    tuple[Occasion, ...],
    Field(min_length=1, description="What to tell of."),
]


class WebhookNotify(Settings):
    """Posts a message to an address."""

    uses: Literal["webhook"] = Field(description="How to tell.")
    url: Annotated[FromEnvironment, BeforeValidator(_refuse_literal)] = Field(
        description="The environment variable that holds the address, a secret."
    )
    template: Literal["slack", "teams", "generic"] = Field(
        "generic", description="The form of the message."
    )
    on: _On = ATTENTION

    @property
    def destination(self) -> str:
        """Where it goes, without the address."""
        return f"webhook {self.url.env}"


class CommandNotify(Settings):
    """Runs a program with the message on its standard input, as JSON."""

    uses: Literal["command"] = Field(description="How to tell.")
    run: str | tuple[str, ...] = Field(
        min_length=1, description="A line for sh, or a program and its arguments."
    )
    on: _On = ATTENTION

    @property
    def argv(self) -> tuple[str, ...]:
        """The program and its arguments."""
        return ("sh", "-c", self.run) if isinstance(self.run, str) else self.run

    @property
    def destination(self) -> str:
        """Where it goes: the program, without its arguments."""
        line = self.run.split() if isinstance(self.run, str) else self.run
        return f"command {line[0] if line else ''}"


Notify = WebhookNotify | CommandNotify


def secret_variables(notify: Sequence[Notify]) -> frozenset[str]:
    """The environment variables that no process but sluicegate's own may see."""
    return frozenset(each.url.env for each in notify if isinstance(each, WebhookNotify))
