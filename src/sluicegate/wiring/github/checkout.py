"""Reading the files of a checkout that GitHub goes by. Nothing is followed or run."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sluicegate.config.github.approving import FOLDER
from sluicegate.config.github.checkout import Checkout
from sluicegate.config.github.codeowners import PLACES
from sluicegate.config.github.workflow import Workflow, parse_workflow
from sluicegate.config.github.workflow_source import MAX_BYTES
from sluicegate.errors import SluicegateError, UsageError
from sluicegate.ports.protected import ProtectedBranch

_MAX_FILES = 200
_ACTION = ("action.yml", "action.yaml")
_IN_TREE = ("./", "$/")


@dataclass(frozen=True)
class CheckoutFiles:
    """The files below *root*, and what *branch* has of them."""

    root: Path
    branch: ProtectedBranch

    def read(self) -> Checkout:
        """All that is looked at; what cannot be read is said in ``flaws``."""
        flaws: list[str] = []
        workflows = tuple(self._read(self._workflow_files(), flaws))
        actions = tuple(self._read(self._actions(workflows), flaws))
        owners = next(
            ((name, data) for name in PLACES if (data := self._text(name)) is not None),
            None,
        )
        return Checkout(
            workflows, actions, tuple(flaws), owners, self._behind(workflows)
        )

    def _workflow_files(self) -> list[str]:
        folder = self.root / FOLDER
        found = [*folder.glob("*.yml"), *folder.glob("*.yaml")]
        return sorted(f"{FOLDER}/{path.name}" for path in found)[:_MAX_FILES]

    def _actions(self, workflows: tuple[Workflow, ...]) -> list[str]:
        """The repository's own actions: the one in its root, and those it uses."""
        folders = {"."}
        for workflow in workflows:
            for job in workflow.jobs:
                for step in job.steps:
                    uses = step.uses.text if step.uses else ""
                    if uses.startswith(_IN_TREE) and ".." not in uses.split("/"):
                        folders.add(uses[2:].partition("@")[0].strip("/") or ".")
        names = [
            name if folder == "." else f"{folder}/{name}"
            for folder in sorted(folders)
            for name in _ACTION
        ]
        return [name for name in names if (self.root / name).is_file()]

    def _read(self, names: list[str], flaws: list[str]) -> Iterator[Workflow]:
        for name in names:
            try:
                yield parse_workflow(self._bytes(name), name)
            except UsageError as error:
                flaws.append(str(error))

    def _bytes(self, name: str) -> bytes:
        path = self.root / name
        try:
            if path.is_symlink():
                raise UsageError(f"{name}: a link, which GitHub does not follow")
            with path.open("rb") as file:
                return file.read(MAX_BYTES + 1)
        except OSError as error:
            raise UsageError(f"{name}: {error.strerror}") from error

    def _text(self, name: str) -> str | None:
        if not (self.root / name).is_file():
            return None
        return self._bytes(name).decode("utf-8", "replace")

    def _behind(self, workflows: tuple[Workflow, ...]) -> frozenset[str] | None:
        """Workflows that are not what the protected branch has."""
        try:
            tip = self.branch.tip()
            return frozenset(
                each.path
                for each in workflows
                if self.branch.read(tip, each.path, MAX_BYTES) != self._bytes(each.path)
            )
        except SluicegateError:
            return None
