"""A project at a commit that is not checked out, with the log and state of this one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from typing_extensions import override

from sluicegate.adapters.folder import make_state_folder
from sluicegate.adapters.git_trees import check_out
from sluicegate.model.address import Address
from sluicegate.model.source import Source
from sluicegate.wiring.project import Project


@dataclass(frozen=True)
class TreeProject(Project):
    """A project in another work tree, whose log and state are those of *home*.

    So are the files that Git does not track, which the tree does not have.
    The tree is on no branch; what is done in it is about *branch*.
    """

    home: Project | None = None
    branch: str | None = None

    @property
    def _home(self) -> Project:
        assert self.home is not None
        return self.home

    @property
    @override
    def state(self) -> Path:
        return self._home.state

    @property
    @override
    def home_folder(self) -> Path:
        return self._home.home_folder

    @property
    @override
    def log_base(self) -> Path:
        return self._home.log_base

    @property
    @override
    def log_address(self) -> Address:
        return self._home.log_address

    @property
    @override
    def evidence_address(self) -> Address | None:
        return self._home.evidence_address

    @cached_property
    @override
    def source(self) -> Source:
        return replace(self.repository.source(), branch=self.branch)

    @property
    @override
    def origin(self) -> str:
        return self._home.origin


@contextmanager
def project_at(project: Project, commit: str, branch: str | None) -> Iterator[Project]:
    """*project* as *commit* has it: checked out beside it, unless it is what is here.

    Args:
        project: a project in its folder.
        commit: the whole id of a commit.
        branch: the branch that what is done is about.

    Raises:
        PermanentError: the clone has no such commit, or Git fails.
    """
    here = project.source
    if here.commit == commit and not here.dirty:
        yield project
        return
    make_state_folder(project.state)
    root = Path(here.root).resolve()
    inside = project.folder.resolve().relative_to(root) / project.file.name
    place = project.state / "trees" / commit
    with check_out(str(root), commit, place, project.machine.process) as tree:
        yield TreeProject(project.machine, tree / inside, home=project, branch=branch)
