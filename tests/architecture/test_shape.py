"""The rules about shape that neither ruff, mypy nor import-linter can state."""

from pathlib import Path

from sluicegate.stages.kinds import KINDS
from sluicegate.stages.stage import Stage

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "sluicegate"
UNIT = ROOT / "tests" / "unit"


def kinds(base: type[Stage] = Stage) -> set[type[Stage]]:
    """Every stage kind that is defined in the package, however deep."""
    found = {base} if hasattr(base, "kind") else set()
    inside = (cls for cls in base.__subclasses__() if cls.__module__.startswith("slui"))
    return found.union(*map(kinds, inside))


def test_the_folders_of_unit_tests_are_those_of_the_package() -> None:
    tests = sorted(UNIT.rglob("test_*.py"))
    strays = [t for t in tests if not (SRC / t.relative_to(UNIT).parent).is_dir()]

    assert tests
    assert strays == []


def test_every_stage_kind_is_in_the_one_table_under_its_own_name() -> None:
    assert set(KINDS.values()) == kinds()
    assert all(name == kind.kind for name, kind in KINDS.items())
