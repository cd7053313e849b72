"""Finding the programs that stages run."""

from typing import Protocol

from sluicegate.model.tool import Tool


class ToolFinder(Protocol):
    """Finds programs by the names that stages use."""

    def find(self, name: str) -> Tool:
        """Find the program *name* for the project at hand.

        Names: ``ruff`` (the project's own if its environment pins one, else ours),
        ``project-python`` (the interpreter of the project's environment, made when
        missing), ``docker`` (a client that can build with BuildKit), ``trivy``,
        ``hadolint``.

        Raises:
            PermanentError: it is not there; the hint says how to get it.
            Interrupted: asked to stop while installing an environment.
        """
        ...
