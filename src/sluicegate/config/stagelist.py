"""The stages of a pipeline file: their kinds, their settings, their order."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sluicegate.config.check import Checker
from sluicegate.config.document import WORD_PATTERN
from sluicegate.config.fit import check_canary, check_publish, check_scan, check_smoke
from sluicegate.config.graph import default_needs, find_circle, order, upstream
from sluicegate.config.tree import Items, Leaf, Table, child
from sluicegate.config.wording import suggest
from sluicegate.gates.facts import ROOTS
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.kinds import KINDS
from sluicegate.stages.publish import PublishStage
from sluicegate.stages.smoke import SmokeStage
from sluicegate.stages.stage import Stage
from sluicegate.stages.trivy import TrivyStage

# Names that CEL keeps for itself: a condition could not name the stage's evidence.
_RESERVED = frozenset(
    (
        *("as", "break", "const", "continue", "else", "false", "for", "function"),
        *("if", "import", "in", "let", "loop", "namespace", "null", "package"),
        *("return", "true", "var", "void", "while"),
        *("git", "label"),  # what `when:` asks besides evidence
        *ROOTS,  # and gates
    )
)
_NOT_USES = frozenset({"use", "user", "used", "kind", "type", "plugin"})
_MAX_STAGES = 300  # an entry of the log, 32 KiB, names them all


@dataclass(frozen=True, slots=True)
class StageList:
    """What could be read of the stages.

    ``kinds`` holds the settings of the stages that are right; ``needs`` names every
    stage of the file, in its order, with those needs that exist.
    """

    kinds: Mapping[str, Stage]
    needs: Mapping[str, tuple[str, ...]]

    @property
    def order(self) -> tuple[str, ...]:
        """All stages, each after everything it needs, if none wait for each other."""
        return order(self.needs)

    def upstream(self, name: str) -> tuple[str, ...]:
        """Everything stage *name* needs, directly or not, nearest first."""
        return upstream(self.needs, name)


def read_stages(checker: Checker) -> StageList:
    """Read every stage, and report all that is wrong with any of them."""
    table = child(checker.root, "stages")
    if not isinstance(table, Table):
        return StageList({}, {})  # reported with the rest of the document
    if not table.entries:
        checker.report(("stages",), "there must be at least one stage")
    if len(table.entries) > _MAX_STAGES:
        checker.report(("stages",), f"there may be at most {_MAX_STAGES} stages")
        return StageList({}, {})
    kinds = {}
    for name in table.entries:
        is_named = _check_name(checker, name)
        stage = _read_stage(checker, name)
        if stage is not None and is_named:
            kinds[name] = stage
    stages = StageList(kinds, _read_needs(checker, table))
    circle = find_circle(stages.needs)
    if circle:
        message = f"stages {', '.join(circle)} wait for each other"
        checker.report(("stages", circle[0], "needs"), message)
    for name in kinds:
        before = {other: kinds.get(other) for other in upstream(stages.needs, name)}
        _check_fit(checker, name, kinds, before)
    return stages


def _check_fit(
    checker: Checker,
    name: str,
    kinds: Mapping[str, Stage],
    before: Mapping[str, Stage | None],
) -> None:
    stage = kinds[name]
    match stage:
        case CanaryStage():
            check_canary(checker, name, stage, before)
        case PublishStage():
            check_publish(checker, name, stage, before)
        case SmokeStage():
            check_smoke(checker, name, before)
        case TrivyStage():
            check_scan(checker, name, stage, before, kinds.values())
        case _:
            pass  # nothing but its own settings


def _check_name(checker: Checker, name: str) -> bool:
    if not re.fullmatch(WORD_PATTERN, name):
        better = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
        meant = f": write {better}" if re.fullmatch(WORD_PATTERN, better) else ""
        checker.report(
            ("stages", name),
            "a stage's name is a-z, 0-9 and _ (40 at most, a letter first), because "
            f"conditions name its evidence, like scan.critical{meant}",
        )
        return False
    if name in _RESERVED:
        message = f"{name!r} means something else in conditions: take another name"
        checker.report(("stages", name), message)
        return False
    return True


def _read_stage(checker: Checker, name: str) -> Stage | None:
    path = ("stages", name)
    node = child(checker.root.entries["stages"].node, name)
    uses = child(node, "uses") if node is not None else None
    choice = suggest("", KINDS)
    if not isinstance(node, Table):
        said = node.value if isinstance(node, Leaf) else None
        kind = said if isinstance(said, str) and said in KINDS else "ruff"
        checker.report(path, f"must say what it uses, like {{uses: {kind}}}")
    elif uses is None:
        slips = [key for key in node.entries if key in _NOT_USES]
        slip = f": here it is called {slips[0]!r}" if slips else ""
        checker.report(path, f"'uses' is missing{slip}{choice}")
    elif not isinstance(uses, Leaf) or not isinstance(uses.value, str):
        checker.report((*path, "uses"), f"must be the kind of the stage{choice}")
    elif uses.value not in KINDS:
        message = f"unknown kind {uses.value!r}{suggest(uses.value, KINDS)}"
        checker.report((*path, "uses"), message)
    else:
        return checker.read(KINDS[uses.value], path)
    return None


def _read_needs(checker: Checker, table: Table) -> dict[str, tuple[str, ...]]:
    """What each stage needs; what does not exist is reported and left out.

    Read from the tree, so that a circle shows even among stages with other problems.
    """
    needs = default_needs(table.entries)
    for name, entry in table.entries.items():
        written = child(entry.node, "needs")
        if not isinstance(written, Items):
            continue
        wanted: dict[str, None] = {}
        for index, item in enumerate(written.items):
            path = ("stages", name, "needs", index)
            need = item.value if isinstance(item, Leaf) else None
            if not isinstance(need, str):
                continue  # reported with the settings of the stage
            if need == name:
                checker.report(path, "a stage cannot need itself")
            elif need not in needs:
                others = [other for other in needs if other != name]
                checker.report(path, f"unknown stage {need!r}{suggest(need, others)}")
            elif need in wanted:
                checker.report(path, f"{need!r} is already given")
            else:
                wanted[need] = None
        needs[name] = tuple(wanted)
    return needs
