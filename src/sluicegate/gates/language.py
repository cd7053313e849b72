"""The language of conditions, told by examples that are true of `SAMPLE`.

CEL has more than this; what is here is what a condition needs. The reference is made of
it, and a test judges every example.
"""

from collections.abc import Mapping
from typing import NamedTuple

from sluicegate.gates.kinds import FieldType
from sluicegate.model.evidence import Value

SOURCE = "https://github.com/google/cel-spec/blob/master/doc/langdef.md"


class Example(NamedTuple):
    """A part of the language: how it is written, a condition with it, what it does."""

    form: str
    condition: str
    meaning: str


TYPES: Mapping[str, FieldType] = {
    "scan.critical": "integer",
    "stable.scan.critical": "integer",
    "scan.os": "text",
    "test.failed": "integer",
    "test.coverage": "number",
    "build.built": "boolean",
    "environment.first_release": "boolean",
    "environment.release_age_hours": "number",
    "time.weekday": "text",
    "time.hour": "integer",
    "time.date": "text",
}
SAMPLE: Mapping[str, Value] = {
    "scan.critical": 1,
    "stable.scan.critical": 2,
    "scan.os": "debian 12",
    "test.failed": 0,
    "test.coverage": 0.85,
    "build.built": True,
    "environment.first_release": False,
    "environment.release_age_hours": 30.5,
    "time.weekday": "wed",
    "time.hour": 14,
    "time.date": "2026-11-25",
}
"""What the examples are judged on."""

OPERATORS = (
    Example("==  !=", "test.failed == 0", "Equal, or not; only of the same kind."),
    Example(
        "<  <=  >  >=",
        "scan.critical <= stable.scan.critical",
        "Of numbers; of texts by their characters, so dates compare as they should.",
    ),
    Example(
        "&&  ||  !",
        "environment.first_release || environment.release_age_hours >= 24",
        "And, or, not.",
    ),
    Example(
        "+  -  *  /  %",
        "test.coverage * 100.0 >= 85.0",
        "Of numbers of one kind: beside a fraction, write every number with a point.",
    ),
    Example(
        "? :",
        'time.weekday == "fri" ? time.hour < 12 : time.hour < 17',
        "One condition or another.",
    ),
    Example(
        "in [...]", 'time.weekday in ["mon", "tue", "wed", "thu"]', "One of a list."
    ),
    Example("a field alone", "build.built", "One that is true or false."),
)
FUNCTIONS = (
    Example(
        'text.startsWith("...")',
        'scan.os.startsWith("debian")',
        "Whether a text begins so.",
    ),
    Example('text.endsWith("...")', 'scan.os.endsWith("12")', "Whether it ends so."),
    Example('text.contains("...")', 'scan.os.contains("bian")', "Whether it is in it."),
    Example(
        'text.matches("...")',
        'scan.os.matches("^(debian|ubuntu) ")',
        "Whether a regular expression (RE2) is found in it.",
    ),
    Example("size(text)", "size(scan.os) > 0", "How many characters it has."),
    Example(
        "double(number)",
        "double(scan.critical) <= 0.5 * double(stable.scan.critical)",
        "A whole number as a fraction.",
    ),
    Example("int(number)", "int(test.coverage * 100.0) == 85", "Cut off at the point."),
    Example(
        "string(value)", 'string(time.hour) != "13"', "A number or a truth as text."
    ),
    Example(
        "list.exists(x, ...)",
        "[scan.critical, test.failed].exists(x, x == 0)",
        "Whether it holds for one of a list.",
    ),
    Example(
        "list.all(x, ...)",
        "[scan.critical, test.failed].all(x, x <= 1)",
        "Whether it holds for all of a list.",
    ),
    Example(
        "timestamp(text)",
        'timestamp(time.date + "T00:00:00Z").getMonth() != 11',
        "A moment; months count from 0.",
    ),
)
