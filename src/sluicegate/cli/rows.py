"""Rows of stages on a terminal: what fits beside the head stands beside it."""

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

_LEAST = 24  # columns for text that is read with ease
_INDENT = 4


def stage_row(head: Text, body: Text, width: int) -> RenderableType:
    """*body* right of *head*, wrapped there; below it where too little room is left.

    Args:
        head: mark, name and the like, as wide in every row.
        body: what is said.
        width: of the terminal, in columns.
    """
    if not body.plain:
        return head
    if width - head.cell_len - 2 >= min(_LEAST, body.cell_len):
        table = Table.grid(padding=(0, 2))
        table.add_column(width=head.cell_len, no_wrap=True)
        table.add_column()
        table.add_row(head, body)
        return table
    stacked = Table.grid()
    stacked.add_row(Text(head.plain.rstrip(), spans=head.spans))
    stacked.add_row(Padding(body, (0, 0, 0, _INDENT)))
    return stacked


def cut(name: str, width: int) -> str:
    """*name* in exactly *width* columns, which are one at least."""
    return name.ljust(width) if len(name) <= width else f"{name[: width - 1]}…"
