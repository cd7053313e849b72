"""The events of a run that gets into no log: held to what a log would take of them."""

from collections.abc import Callable

from sluicegate.audit.entry_writer import EntryWriter, OnEntry
from sluicegate.model.event import Event


def _unchanged(event: Event) -> Event:
    """Nobody has a say in it."""
    return event


class Unrecorded:
    """Keeps nothing. An event is what it would be in a log, and can be too long for it.

    *decide* has a say in what happens; *on_entry* gets each entry as it would be.
    """

    def __init__(
        self,
        writer: EntryWriter,
        on_entry: OnEntry,
        decide: Callable[[Event], Event] = _unchanged,
    ) -> None:
        self._writer = writer
        self._on_entry = on_entry
        self._decide = decide

    def note(self, event: Event) -> Event:
        """Let *event* happen.

        Returns:
            The event as a log would have it: without credentials, its long texts cut.

        Raises:
            UsageError: no log would take it.
        """
        entry, kept = self._writer.write(self._decide(event))
        self._writer.next_seq += 1
        self._on_entry(entry)
        return kept

    def record(self, event: Event) -> Event:
        """As `note`: there is nothing to commit."""
        return self.note(event)
