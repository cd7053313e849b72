"""What is wrong with a condition, in the words of the pipeline file."""

import difflib
import re

from sluicegate.gates.expression import ExpressionError
from sluicegate.gates.kinds import advise_point


def explain(
    error: ExpressionError, text: str, known: tuple[str, ...]
) -> ExpressionError:
    """Add the likely remedy to what the compiler says of *text*.

    ``known`` are the evidence fields that *text* may name.
    """
    if error.undeclared:
        said = [_unknown(name, text, known) for name in error.undeclared]
        return ExpressionError("; ".join(said), error.undeclared)
    if not text.strip():
        return ExpressionError("is empty: write a condition, like lint.findings == 0")
    advice = ""
    if re.search(r"(?<![=!<>])=(?!=)", text):
        advice = "; compare with =="
    elif re.search(r"\b(and|or|not)\b", text):
        advice = "; write &&, || and ! for and, or and not"
    return ExpressionError(advise_point(f"{error}{advice}"))


def _unknown(name: str, text: str, known: tuple[str, ...]) -> str:
    if re.search(rf"\b{re.escape(name)}\s*\(", text):
        return f"unknown function {name!r}"
    root, _, rest = name.partition(".")
    if root == "labels" and rest and "git.branch" in known:  # as `when` may read
        return f"unknown evidence {name!r} (did you mean 'label.{rest}'?)"
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f"unknown evidence {name!r} (did you mean {close[0]!r}?)"
    fields = [field for field in known if field.startswith(f"{root}.")] or known
    return f"unknown evidence {name!r} (there is {', '.join(fields)})"
