"""The list of what the stand-in does, each with where it is written and its test.

    python -m kube_api.behaviours      writes it into README.md, from the tests

A test's name is the behaviour, the first line of its docstring is the source.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).parent
README = _HERE / "README.md"
_TESTS = _HERE.parent / "contract"
_BEGIN, _END = "<!-- behaviours -->\n", "<!-- /behaviours -->\n"


@dataclass(frozen=True)
class Behaviour:
    """One thing that the API does."""

    name: str
    source: str
    test: str
    elsewhere: bool  # whether a real cluster is asked, too

    def row(self) -> str:
        where = "both" if self.elsewhere else "stand-in"
        return f"| {self.name} | {self.source} | {where} |"


def behaviours(path: Path) -> Iterator[Behaviour]:
    """Those that the tests in a file show.

    Raises:
        LookupError: a test does not say its source.
    """
    for node in ast.parse(path.read_text()).body:
        is_test = isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        if not isinstance(node, ast.FunctionDef) or not is_test:
            continue
        told = (ast.get_docstring(node) or "").splitlines()
        if not told:
            raise LookupError(f"{path.name}: {node.name} does not say its source")
        name = node.name.removeprefix("test_").replace("_", " ")
        alone = "faults" in path.name or "world.cluster" in ast.unparse(node)
        alone = alone or "with serve(" in ast.unparse(node)
        yield Behaviour(name, _linked(told[0]), node.name, not alone)


def described() -> str:
    """The tables, one for each file of tests."""
    parts = []
    for path in sorted(_TESTS.glob("test_kube_api_*.py")):
        rows = [each.row() for each in behaviours(path)]
        head = f"### {path.name}\n\n| behaviour | source | asked of |\n|---|---|---|\n"
        parts.append(head + "\n".join(rows) + "\n")
    return "\n".join(parts)


def readme(text: str) -> str:
    """The README with the tables of now."""
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n{described()}\n{_END}{after}"


def _linked(source: str) -> str:
    """A page of the documentation by its name; a file as code."""
    source = source.rstrip(".")
    if source.startswith("https://"):
        return f"[{re.sub('^https://kubernetes.io/docs/', '', source)}]({source})"
    return source.replace("|", "\\|")


if __name__ == "__main__":
    README.write_text(readme(README.read_text()))
