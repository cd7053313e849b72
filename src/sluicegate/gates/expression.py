"""CEL through cel-expr-python, with its two traps closed.

The engine *returns* an error as a value whose content is a non-empty, hence true,
string; and a variable declared as DYN compares with anything, so that
``scan.critical != "0"`` is true whatever was found. Nothing but a boolean leaves
`Expression.evaluate`, and `CelType` lets a caller declare what a variable holds.

The library is imported on first use: a command that judges nothing does not pay for it.
"""

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sluicegate.errors import UsageError
from sluicegate.model.evidence import Value

if TYPE_CHECKING:
    # The wheel holds stubs but no py.typed marker.
    from cel_expr_python import cel  # type: ignore[import-untyped]

_OVERLOAD = re.compile(
    r"found no matching overload for '(?:_(\S+?)_|@?(\S+))' applied to '\((.*)\)'"
)
_WORDS = {
    "bool": "boolean",
    "double": "fraction",
    "int": "integer",
    "null_type": "null",
    "string": "text",
}
_ERROR = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): ([^\n]*)")
_UNDECLARED = re.compile(r"undeclared reference to '([^']*)'")


@enum.unique
class CelType(enum.Enum):
    """What a variable is declared to hold."""

    BOOL = "bool"
    INT = "int"
    DOUBLE = "double"
    STRING = "string"
    DYN = "dyn"


class ExpressionError(UsageError):
    """Text that is not a usable expression.

    ``undeclared`` holds the variables and functions it names that do not exist.
    """

    undeclared: tuple[str, ...]

    def __init__(self, message: str, undeclared: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.undeclared = undeclared


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression. ``is_bool`` says that its type is known to be boolean."""

    program: "cel.Expression"
    is_bool: bool

    def evaluate(self, values: Mapping[str, Value]) -> bool:
        """Evaluate over *values*, which must hold every variable.

        Raises:
            UsageError: there is no boolean result; the text says why.
        """
        try:
            value = self.program.eval(data=values).value()
        except (RuntimeError, TypeError, ValueError) as error:
            raise UsageError(_first_line(str(error))) from error
        if isinstance(value, bool):
            return value
        raise UsageError(_first_line(str(value)))


def compile_expression(text: str, variables: Mapping[str, CelType]) -> Expression:
    """Parse and type-check *text*.

    Raises:
        ExpressionError: *text* is not CEL over *variables*.
    """
    from cel_expr_python import cel  # noqa: PLC0415 - 20 ms that few commands need

    declared = {name: cel.Type(kind.value) for name, kind in variables.items()}
    try:
        program = cel.NewEnv(variables=declared).compile(text)
    except (RuntimeError, TypeError, ValueError) as error:
        raise _explain(str(error)) from error
    return Expression(program, program.return_type() == cel.Type.BOOL)


def compiles(text: str, variables: Mapping[str, CelType]) -> bool:
    """Whether *text* is CEL over *variables*."""
    try:
        compile_expression(text, variables)
    except ExpressionError:
        return False
    return True


def _explain(message: str) -> ExpressionError:
    """Keep what a person needs of the compiler's message."""
    undeclared = tuple(dict.fromkeys(_UNDECLARED.findall(message)))
    found = _ERROR.search(message)
    if found is None:
        return ExpressionError(_first_line(message), undeclared)
    where = f" (column {found[2]})" if found[1] == "1" else ""
    what = found[3].removeprefix("Syntax error: ").split(" expecting {")[0]
    what = what.removesuffix(" [INVALID_ARGUMENT]").replace("<EOF>", "end")
    what = _OVERLOAD.sub(_name_operands, what)
    return ExpressionError(f"{what}{where}", undeclared)


def _name_operands(found: re.Match[str]) -> str:
    operands = re.sub(r"\w+", lambda word: _WORDS.get(word[0], word[0]), found[3])
    return f"{found[1] or found[2]!r} does not go with ({operands})"


def _first_line(message: str) -> str:
    """The engine's status prefix says nothing to a person."""
    line = message.partition("\n")[0]
    return re.sub(r"^[A-Z_]+: | \[[A-Z_]+\]$", "", line)[:300]
