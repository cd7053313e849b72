"""The budgets of a pipeline file and of all it extends: of each limit, the lowest."""

from collections.abc import Iterable, Mapping, Sequence

from sluicegate.config.budgets import Budgets
from sluicegate.config.check import Checker
from sluicegate.config.policy import PolicyText
from sluicegate.config.source import parse_source
from sluicegate.errors import PipelineFileError
from sluicegate.model import budget
from sluicegate.model.budget import Period


def parse_budgets(documents: Sequence[PolicyText]) -> budget.Budgets:
    """Read what *documents* limit, and nothing else of them.

    Raises:
        PipelineFileError: a file is no YAML, or its budgets cannot be used.
    """
    found = [_read(each) for each in documents]
    return budget.Budgets(
        runs=_lowest(each.runs for each in found),
        gpu_minutes=_lowest(each.gpu_minutes for each in found),
    )


def _read(document: PolicyText) -> budget.Budgets:
    root = parse_source(document.data, document.source)
    if "budgets" not in root.entries:
        return budget.Budgets()
    checker = Checker(root)
    settings = checker.read(Budgets, ("budgets",))
    if settings is None:
        raise PipelineFileError(
            [problem.render(document.source) for problem in checker.problems]
        )
    return settings.as_budgets()


def _lowest(limits: Iterable[Mapping[Period, int]]) -> Mapping[Period, int]:
    found: dict[Period, int] = {}
    for each in limits:
        for period, limit in each.items():
            found[period] = min(limit, found.get(period, limit))
    return found
