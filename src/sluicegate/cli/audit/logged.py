"""An entry of the log as exports read it."""

from sluicegate.audit.record import Unknown, decode_entry
from sluicegate.audit.search import Found
from sluicegate.cli.audit.rows import build_row
from sluicegate.model.log_event import LogEvent
from sluicegate.report.export.logged import Logged


def build_logged(found: Found) -> Logged:
    """Read an entry.

    Raises:
        IntegrityError: it is not an entry of this schema.
    """
    row, entry = build_row(found), decode_entry(found.entry)
    event = None if isinstance(entry.event, Unknown | LogEvent) else entry.event
    return Logged(row, found.entry, event, entry.task_id, entry.envelope.tool.version)
