"""Which secrets a run would give to its stages, for a plan of it. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sluicegate.report.secrets.uses import source_of
from sluicegate.stages.secrets.settings import SecretUse


@dataclass(frozen=True, slots=True)
class PlannedSecret:
    """A secret that the pipeline file has for ``stage``, which would run.

    ``kind`` is what its provider is. ``left`` says why this run would not give it, and
    ``refused`` why no run would: the stage would break. Both are empty if it would be
    given.
    """

    stage: str
    variable: str
    use: SecretUse
    kind: str
    left: str = ""
    refused: str = ""


def secret_lines(secrets: Iterable[PlannedSecret]) -> Iterator[str]:
    """What each stage gets, and what it does not get and why. Not escaped."""
    given: dict[str, list[str]] = {}
    notes = []
    for each in secrets:
        words = given.setdefault(each.stage, [])
        if each.refused:
            notes.append(
                f"{each.stage} would break: it is not given {each.variable}:"
                f" {each.refused}"
            )
        elif each.left:
            notes.append(f"{each.stage} {each.left}")
        else:
            words.append(f"{each.variable} ← {source_of(each.use)}")
    for stage, words in given.items():
        if words:
            yield f"{stage} gets {', '.join(words)}"
    yield from notes


def secret_documents(
    stage: str, secrets: Sequence[PlannedSecret]
) -> list[dict[str, object]]:
    """The secrets of *stage*, for machines."""
    return [
        {
            "variable": each.variable,
            "provider": each.use.from_,
            "uses": each.kind,
            "path": each.use.path,
            "field": each.use.field,
            "version": each.use.version,
            "given": not (each.left or each.refused),
            "reason": each.left or each.refused or None,
        }
        for each in secrets
        if each.stage == stage
    ]
