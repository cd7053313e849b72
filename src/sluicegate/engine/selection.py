"""Running a part of a pipeline: no gate is left out, only work that is done. Pure."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from typing_extensions import override

from sluicegate.errors import UsageError
from sluicegate.stages.pipeline import NamedStage, Pipeline
from sluicegate.stages.stage import CommandStage


@dataclass(frozen=True, slots=True)
class Selection:
    """Options that choose stages by name; without any, all are chosen.

    ``only`` are these stages, ``first`` one stage and all that need it, ``until`` one
    stage and all it needs. Several of them choose what all of them choose.
    """

    only: tuple[str, ...] = ()
    first: str | None = None
    until: str | None = None

    @override
    def __str__(self) -> str:
        """The options as they are written on a command line; empty without any."""
        parts = [f"--only {name}" for name in self.only]
        if self.first is not None:
            parts.append(f"--from {self.first}")
        if self.until is not None:
            parts.append(f"--until {self.until}")
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The stages of a run, in their order.

    ``earlier`` are those that were not chosen, but are needed by one that is: their
    gates must have opened before, on the same inputs. ``once`` are those whose result
    is there already: trying again would find the same.
    """

    stages: tuple[NamedStage, ...]
    earlier: frozenset[str] = frozenset()
    once: frozenset[str] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """The names of the stages."""
        return frozenset(named.name for named in self.stages)


def choose_stages(pipeline: Pipeline, selection: Selection) -> Chosen:
    """The stages that *selection* chooses, and those they need.

    Raises:
        UsageError: a name is not that of a stage, nothing is left, or a stage that
            would have to be taken from an earlier run can only be run.
    """
    _check_names(pipeline, selection)
    names = [named.name for named in pipeline.stages]
    chosen = set(selection.only or names)
    if selection.first is not None:
        first = selection.first
        chosen &= {n for n in names if n == first or first in upstream(pipeline, n)}
    if selection.until is not None:
        chosen &= {selection.until, *upstream(pipeline, selection.until)}
    if names and not chosen:
        raise UsageError(f"{selection} leaves no stage of the pipeline")
    needed = {need for name in chosen for need in upstream(pipeline, name)} - chosen
    _check_reusable(pipeline, needed, selection)
    return Chosen(
        tuple(s for s in pipeline.stages if s.name in chosen | needed),
        frozenset(needed),
    )


def leave_out_releases(pipeline: Pipeline, chosen: Chosen) -> Chosen:
    """*chosen* without the stages that release something, and those that need them.

    Raises:
        UsageError: nothing is left.
    """
    releases = {
        named.name
        for named in pipeline.stages
        if not isinstance(named.stage, CommandStage)
    }
    left = tuple(
        named
        for named in chosen.stages
        if not releases & {named.name, *upstream(pipeline, named.name)}
    )
    if not left:
        raise UsageError("every stage of the pipeline releases something")
    return replace(
        chosen,
        stages=left,
        earlier=chosen.earlier & frozenset(named.name for named in left),
    )


def take_over(chosen: Chosen, taken: Collection[str], *, only: bool) -> Chosen:
    """*chosen* where other jobs have found out what the stages *taken* found.

    With *only*, no other stage that runs programs is run. None of those is tried again.
    """
    once = {
        named.name
        for named in chosen.stages
        if named.name in taken or (only and isinstance(named.stage, CommandStage))
    }
    return replace(chosen, earlier=chosen.earlier - set(taken), once=frozenset(once))


def leave_out_earlier(chosen: Chosen) -> Chosen:
    """*chosen* without what it needs and does not have: nobody asks for that gate here.

    It is for a job that decides nothing: another one asks for it.

    Raises:
        UsageError: a stage would have to run without the files that one of those has
            to leave for it, like a model.
    """
    for each in chosen.stages:
        lacks = _find_lacking(chosen, each)
        if each.name not in chosen.earlier | chosen.once and lacks is not None:
            raise UsageError(
                f"stage {each.name} takes what {lacks} leaves in the work tree, and"
                f" {lacks} is neither run here nor handed over",
                hint=f"let this job run {lacks}, too, or give the hand-over of it as"
                " --handed-over",
            )
    left = tuple(each for each in chosen.stages if each.name not in chosen.earlier)
    return replace(chosen, stages=left, earlier=frozenset())


def _find_lacking(chosen: Chosen, stage: NamedStage) -> str | None:
    """A stage that is left out, and whose files *stage* cannot do without.

    What was made of them elsewhere stands for them.
    """
    known = {each.name: each for each in chosen.stages}
    waiting, seen = [*stage.needs], set[str]()
    while waiting:
        need = waiting.pop()
        if need in seen or need not in known or need in chosen.once:
            continue
        seen.add(need)
        kind = known[need].stage
        leaves = isinstance(kind, CommandStage) and bool(kind.left_needs)
        if need in chosen.earlier and leaves:
            return need
        waiting += known[need].needs
    return None


def upstream(pipeline: Pipeline, name: str) -> set[str]:
    """Everything stage *name* needs, directly or not."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for need in pipeline.stage(waiting.pop()).needs:
            if need not in found:
                found.add(need)
                waiting.append(need)
    return found


def _check_names(pipeline: Pipeline, selection: Selection) -> None:
    known = [named.name for named in pipeline.stages]
    for name in _named(selection):
        if name not in known:
            raise UsageError(
                f"there is no stage {name!r}{_suggest(name, known)}",
                hint=f"the pipeline has {', '.join(known)}",
            )


def _named(selection: Selection) -> Iterator[str]:
    yield from selection.only
    for name in (selection.first, selection.until):
        if name is not None:
            yield name


def _suggest(name: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only for a mistake

    close = get_close_matches(name, known, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _check_reusable(
    pipeline: Pipeline, needed: Iterable[str], selection: Selection
) -> None:
    for name in sorted(needed):
        if not isinstance(pipeline.stage(name).stage, CommandStage):
            raise UsageError(
                f"{selection} leaves out stage {name!r}, which later stages need and"
                " which cannot be taken from an earlier run",
                hint=f"start no later than {name}",
            )
