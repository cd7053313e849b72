"""Which numbers a card, or a bill of materials, gives for a metric. Pure.

A number counts as the card's where nobody can doubt what it is the number of: in
``model-index``, in a row or column of a table, at the beginning of a line or an item.
In running text it must only not contradict those.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sluicegate.stages.model_docs.card import Card
from sluicegate.stages.model_docs.figure import (
    Figure,
    check_storable,
    find_figure,
    read_figure,
)
from sluicegate.stages.model_docs.front_matter import Items, Node, Table, Text, texts_of
from sluicegate.stages.model_docs.markdown import Line, Row, TextTable
from sluicegate.stages.model_docs.parts import words_of
from sluicegate.stages.model_docs.prose import find_mentions, is_mentioned


@dataclass(frozen=True, slots=True)
class Sought:
    """A metric: the names it goes by, and which of several numbers is meant.

    ``slice`` is what a bill of materials calls the slice that it is of.
    """

    names: tuple[str, ...]
    where: str | None = None
    slice: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """A number, in ``line`` of ``source``, under ``label`` if that tells it apart."""

    figure: Figure
    source: str
    line: int
    label: str = ""

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        return f"{self.source}:{self.line}" if self.line else self.source


@dataclass(frozen=True, slots=True)
class Statements:
    """The numbers of a metric.

    ``sure`` are those that it is held to. In each of ``several`` nobody knows which is
    meant, so one of them must agree; each that is ``passing`` must agree.
    """

    sure: tuple[Said, ...]
    several: tuple[tuple[Said, ...], ...]
    passing: tuple[Said, ...]


def find_statements(card: Card, sought: Sought) -> Statements:
    """What *card* says of a metric.

    Raises:
        PermanentError: a number is none that evidence could be held against.
    """
    names = frozenset(" ".join(words_of(name)) for name in sought.names)
    groups = [_of_index(card, names)]
    loose: list[list[Said]] = []
    passing: list[Said] = []
    for section in card.sections:
        for table in section.tables:
            groups += _of_table(table, card.source, lambda cell: _is_name(cell, names))
            loose += _of_table(
                table,
                card.source,
                lambda cell: (
                    not _is_name(cell, names) and is_mentioned(cell, sought.names)
                ),
            )
        title = Line(section.number, "", "", section.title)
        passing += [
            Said(found.figure, card.source, found.line)
            for found in find_mentions((title,), sought.names)
        ]
        for found in find_mentions(section.lines, sought.names):
            said = Said(found.figure, card.source, found.line)
            if found.first:
                groups.append([said])
            else:
                passing.append(said)
    return gather(groups, sought.where, passing, loose)


def gather(
    groups: Sequence[Sequence[Said]],
    where: str | None,
    passing: Sequence[Said] = (),
    loose: Sequence[Sequence[Said]] = (),
) -> Statements:
    """Take from each group the number that is meant, *where* it has more than one.

    Of *loose* ones, nobody knows whether they are of the metric: one must agree.
    """
    sure: list[Said] = []
    several = [tuple(group) for group in loose if group]
    wanted = words_of(where or "")
    for group in groups:
        meant = [said for said in group if wanted and words_of(said.label) == wanted]
        chosen = meant if len(group) > 1 and meant else group
        if len(chosen) > 1 and not meant:
            several.append(tuple(chosen))
        else:
            sure += chosen
    for said in (*sure, *passing, *(each for group in several for each in group)):
        check_storable(said.figure, said.place)
    return Statements(tuple(sure), tuple(several), tuple(passing))


def _of_index(card: Card, names: frozenset[str]) -> list[Said]:
    """What the front matter says: ``model-index``, or ``metrics`` with numbers."""
    found: list[Said] = []
    for entry, label in _index_entries(card.front.get("model-index")):
        called = [*texts_of(entry.get("type")), *texts_of(entry.get("name"))]
        value = entry.get("value")
        if not any(" ".join(words_of(each.value)) in names for each in called):
            continue
        if isinstance(value, Text) and value.value:
            found += _read(value, card.source, label)
    metrics = card.front.get("metrics")
    if isinstance(metrics, Table):
        for name, value in metrics.entries.items():
            if " ".join(words_of(name)) in names and isinstance(value, Text):
                found += _read(value, card.source, "")
    return found


def _read(value: Text, source: str, label: str) -> Iterator[Said]:
    figure = read_figure(value.value, f"{source}:{value.line}")
    if figure is not None:
        yield Said(figure, source, value.line, label)


def _index_entries(node: Node | None) -> Iterator[tuple[Table, str]]:
    """Each metric of a ``model-index``, with what its dataset is called."""
    for model in _tables(node):
        for result in _tables(model.get("results")):
            dataset = result.get("dataset")
            name = dataset.get("name") if isinstance(dataset, Table) else None
            label = name.value if isinstance(name, Text) else ""
            for metric in _tables(result.get("metrics")):
                yield metric, label


def _tables(node: Node | None) -> Iterator[Table]:
    items = node.items if isinstance(node, Items) else ()
    return (item for item in items if isinstance(item, Table))


def _of_table(
    table: TextTable, source: str, is_it: Callable[[str], bool]
) -> Iterator[list[Said]]:
    """Rows that a metric's name begins, and columns that it heads."""
    for row in (table.head, *table.rows):
        if is_it(row.cells[0]):
            labels = dict(enumerate(table.head.cells))
            yield [
                said
                for at, cell in list(enumerate(row.cells))[1:]
                for said in _of_cell(cell, row, source, labels.get(at, ""))
            ]
    for at, title in enumerate(table.head.cells):
        if is_it(title):
            yield [
                said
                for row in table.rows
                if at < len(row.cells)
                for said in _of_cell(row.cells[at], row, source, row.cells[0])
            ]


def _is_name(cell: str, names: frozenset[str]) -> bool:
    """Whether a cell is a metric's name, whatever unit or arrow is beside it."""
    bare = re.sub(r"\([^()]*\)|\[[^\[\]]*\]", " ", cell)
    return " ".join(words_of(bare)) in names


def _of_cell(cell: str, row: Row, source: str, label: str) -> Iterator[Said]:
    found = find_figure(cell.strip())
    if found is not None:
        yield Said(found[0], source, row.number, label)
