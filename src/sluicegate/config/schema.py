"""The JSON Schema of the pipeline file, for editors and other tools.

It is made of the same classes that check a file. It knows less than `parse_pipeline`
does: not whether a condition can be judged, nor whether the graph hangs together.
"""

import json
from datetime import timedelta
from functools import reduce
from operator import or_
from typing import Annotated, Any

from pydantic import Field, create_model
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import DictSchema
from typing_extensions import override

from sluicegate.config.document import WORD_PATTERN, Document
from sluicegate.config.gate_cases import GateTests
from sluicegate.stages.kinds import KINDS
from sluicegate.stages.notify import Notify
from sluicegate.stages.stage import write_duration

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> str:
    """The schema as JSON text, indented, with a newline at its end."""
    kinds: Any = reduce(or_, KINDS.values())
    name = Annotated[str, Field(pattern=WORD_PATTERN)]
    stages = dict[name, Annotated[kinds, Field(discriminator="uses")]]
    notify = tuple[Annotated[Notify, Field(discriminator="uses")], ...]
    model = create_model(
        "Pipeline",
        __base__=Document,
        __doc__=Document.__doc__,
        stages=(stages, Field(min_length=1, description="Stages by name, in order.")),
        notify=(notify, Field((), description="Whom to tell of a run.")),
    )
    schema = model.model_json_schema(schema_generator=_Schema)
    return json.dumps({"$schema": _DIALECT, **schema}, indent=2) + "\n"


def gate_tests_schema() -> str:
    """The schema of a table of cases for gates, likewise."""
    schema = GateTests.model_json_schema(schema_generator=_Schema)
    return json.dumps({"$schema": _DIALECT, **schema}, indent=2) + "\n"


class _Schema(GenerateJsonSchema):
    """Without titles: they repeat the keys, and editors show them in their place."""

    @override
    def field_title_should_be_set(self, schema: object) -> bool:
        return False

    @override
    def dict_schema(self, schema: DictSchema) -> JsonSchemaValue:
        found = super().dict_schema(schema)
        if "patternProperties" in found:
            found["additionalProperties"] = False  # else any other key would do
        return found

    @override
    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, timedelta):
            return write_duration(dft)
        if isinstance(dft, tuple):
            return [self.encode_default(each) for each in dft]
        return super().encode_default(dft)
