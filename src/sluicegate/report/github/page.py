"""A page of Markdown of bounded size, cut between two rows of a table. Pure.

A page is a list of parts. *Blocks* are there whatever happens; of *tables* as many rows
as fit, the first tables first, and a last row says how many are left out and where they
are. So what matters most comes first, and no cut goes through a tag.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sluicegate.report.github.text import link

_BETWEEN = "\n\n"  # a blank line ends a block of HTML


class TooLargeError(ValueError):
    """What has to be there does not fit: its texts were not cut short enough."""


@dataclass(frozen=True, slots=True)
class Block:
    """Markdown or HTML without a blank line: that would end a block of HTML."""

    text: str

    def __post_init__(self) -> None:
        if any(not line.strip(" \t") for line in self.text.split("\n")):
            raise ValueError(f"a block with a blank line: {self.text!r}")


@dataclass(frozen=True, slots=True)
class Table:
    """A table; every text is HTML.

    Attributes:
        head: the names of the columns.
        rows: of cells, the most important first.
        left_out: how many more there are, which are not even tried.
        full: where the others are; None if they are nowhere else.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left_out: int = 0
    full: str | None = None

    def write(self, count: int) -> str:
        """The table with its first *count* rows."""
        head = "".join(f'<th align="left">{name}</th>' for name in self.head)
        lines = [f"<table><thead><tr>{head}</tr></thead>", "<tbody>"]
        lines += [_row(row) for row in self.rows[:count]]
        left = len(self.rows) - count + self.left_out
        lines += [self._more(left)] if left else []
        return "\n".join((*lines, "</tbody></table>"))

    def _more(self, left: int) -> str:
        rows = "1 more row" if left == 1 else f"{left:,} more rows".replace(",", " ")
        where = link("full report", self.full) if self.full else "log of this step"
        says = f"… and {rows}, in the {where}"
        return f'<tr><td colspan="{len(self.head)}"><em>{says}</em></td></tr>'


Part = Block | Table


def build_page(parts: Sequence[Part], limit: int) -> str:
    """Put *parts* together in at most *limit* bytes of UTF-8.

    Raises:
        TooLargeError: the parts that cannot be cut are larger than that.
    """
    shown = [0 if isinstance(part, Table) else None for part in parts]
    left = limit - _size(parts, shown)
    if left < 0:
        raise TooLargeError(f"{-left} bytes too many")
    for place, part in enumerate(parts):
        if isinstance(part, Table):
            shown[place], left = _fill(part, left)
    return _join(parts, shown)


def _fill(table: Table, left: int) -> tuple[int, int]:
    """How many rows of *table* fit into *left* more bytes, and what is left then.

    The row that says how many are left out stays paid for, so that it can be there.
    """
    count = 0
    for row in table.rows:
        size = len(_row(row).encode()) + 1
        if size > left:
            break
        left -= size
        count += 1
    return count, left


def _row(cells: Sequence[str]) -> str:
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _size(parts: Sequence[Part], shown: Sequence[int | None]) -> int:
    return len(_join(parts, shown).encode())


def _join(parts: Sequence[Part], shown: Sequence[int | None]) -> str:
    written = (
        part.text if isinstance(part, Block) else part.write(count or 0)
        for part, count in zip(parts, shown, strict=True)
    )
    return _BETWEEN.join(written) + "\n"
