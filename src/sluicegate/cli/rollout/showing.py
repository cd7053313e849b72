"""Rollouts under way as text, for the terminal that is there."""

import shutil
import sys
from collections.abc import Sequence

from sluicegate.report.open_rollouts import OpenView, rollouts_text
from sluicegate.report.rollout_bars import ASCII, BARS


def shown(views: Sequence[OpenView]) -> str:
    """All of *views*, as wide as the terminal, 80 columns where there is none."""
    try:
        f"{BARS.full}{BARS.half}{BARS.empty}".encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        marks = ASCII
    else:
        marks = BARS
    return rollouts_text(views, shutil.get_terminal_size().columns, marks)
