"""A shared policy file: rules for environments of many projects.

It names people and rules and nothing that a project has: no stages, no targets.
"""

from typing import Annotated, Literal

from pydantic import Field

from sluicegate.config.budgets import Budgets
from sluicegate.config.extends import Extending
from sluicegate.config.people import Who
from sluicegate.stages.release_rules import ReleaseRules

EVERY = "*"
"""The name that stands for every environment."""

SCHEMA = "sluicegate-policy/v1"

_ENVIRONMENT = r"^(\*|[a-z][a-z0-9_-]{0,39})$"


class SharedPolicy(Who, Extending):
    """A shared policy: what every project that extends it must satisfy."""

    schema_: Literal["sluicegate-policy/v1"] = Field(
        alias="schema", description="The format of this file."
    )
    environments: dict[Annotated[str, Field(pattern=_ENVIRONMENT)], ReleaseRules] = (
        Field(
            default_factory=dict,
            description="Rules by environment; * stands for every environment.",
        )
    )
    budgets: Budgets = Field(
        default_factory=Budgets, description="Limits of what is used, for each log."
    )
