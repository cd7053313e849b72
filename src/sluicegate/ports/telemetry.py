"""Telling others how long programs ran. It decides nothing and may be lost."""

from collections.abc import Mapping
from typing import Protocol

from typing_extensions import override

from sluicegate.model.command import CommandResult


class Telemetry(Protocol):
    """Hears of programs. May be used from any thread; never raises, never blocks."""

    def began(self, stage: str, attempt: int, step: str) -> Mapping[str, str]:
        """The program of *step* is about to be started.

        Returns:
            Variables for it, such as ``TRACEPARENT`` (W3C Trace Context).
        """
        ...

    def ended(self, stage: str, attempt: int, step: str, result: CommandResult) -> None:
        """It has ended so."""
        ...


class NoTelemetry(Telemetry):
    """Nobody is told."""

    @override
    def began(self, stage: str, attempt: int, step: str) -> Mapping[str, str]:
        """Nothing is added."""
        del stage, attempt, step
        return {}

    @override
    def ended(self, stage: str, attempt: int, step: str, result: CommandResult) -> None:
        """Nothing happens."""
        del stage, attempt, step, result
