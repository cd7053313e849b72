"""The rules of a project's environments, as the protected branch has them now.

Nothing of the work tree, and nothing of the commit that is released, has a say in them.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from sluicegate.adapters.git_pinned import PinnedFiles
from sluicegate.adapters.git_protected import GitProtectedBranch
from sluicegate.config.definition import definition_digest
from sluicegate.config.file import read_pipeline
from sluicegate.config.limits import parse_budgets
from sluicegate.config.policy import (
    PolicyText,
    environment_of,
    parse_policy,
)
from sluicegate.config.secrets_changed import Ruled
from sluicegate.config.source import parse_source
from sluicegate.errors import UsageError
from sluicegate.gates.rules import Policy
from sluicegate.model.budget import Budgets
from sluicegate.model.digest import Digest
from sluicegate.ports.protected import ProtectedBranch, Tip
from sluicegate.stages.environment import Environment
from sluicegate.stages.pipeline import Pipeline
from sluicegate.wiring.policy_files import MAX_POLICY_BYTES, PolicyFiles
from sluicegate.wiring.project import Project

_LIMITING = (b"budgets", b"extends")  # without either word, nothing is limited
_MERGE = "what judges a release is read there alone: merge it first"


@dataclass(frozen=True)
class PolicySource:
    """Reads the rules of *project* anew each time it is asked.

    Without *fetches*, no network is used: a pinned policy must have been read before.
    """

    project: Project
    fetches: bool = True

    def policy(self, environment: str, released: Pipeline | None = None) -> Policy:
        """All that judges a release into *environment*.

        *released* is the pipeline that the released commit has been through.

        Raises:
            UsageError: there is no protected branch, it has no pipeline file, no such
                environment or no stage that goes there, or a file cannot be used; or
                *released* is not the pipeline that the rules are of.
            IntegrityError: a shared policy is another one than was pinned.
            ExternalError: Git fails, or a shared policy cannot be fetched.
        """
        branch, tip = self._branch()
        files = PolicyFiles(branch, tip, self._pinned)
        own = self._own(branch, tip)
        texts = files.collect(self.path, own)
        policy = parse_policy(texts, environment, tip.branch, tip.commit)
        if released is not None:
            ruled = read_pipeline(own.data, own.source).pipeline
            _check_released(policy, ruled, released)
        return policy

    def tip(self) -> Tip:
        """Where the protected branch is.

        Raises:
            UsageError: there is none.
            ExternalError: Git fails.
        """
        return self._branch()[1]

    def environment(self, environment: str) -> Environment:
        """The settings of *environment*, its target among them.

        Raises:
            UsageError: as above.
            ExternalError: Git fails.
        """
        branch, tip = self._branch()
        own = self._own(branch, tip)
        return environment_of(
            read_pipeline(own.data, own.source), environment, own.source
        )

    def definition(self) -> Digest:
        """The digest of the pipeline's definition there.

        Raises:
            UsageError: as above.
            ExternalError: Git fails.
        """
        own = self._own(*self._branch())
        return read_pipeline(own.data, own.source).pipeline.definition

    def pipeline(self) -> Pipeline:
        """The pipeline of the protected branch.

        Raises:
            UsageError: as above.
            ExternalError: Git fails.
        """
        own = self._own(*self._branch())
        return read_pipeline(own.data, own.source).pipeline

    def secrets(self) -> Ruled | None:
        """What the protected branch says of secrets; nothing where it has no file.

        None where there is no repository, or which branch is the protected one cannot
        be told: then nothing counts that is for some environments alone.

        Raises:
            UsageError: the pipeline file there cannot be used.
            ExternalError: Git fails.
        """
        try:
            branch, tip = self._branch()
        except UsageError:
            return None
        data = branch.read(tip, self.path, MAX_POLICY_BYTES)
        if data is None:
            return Ruled()
        return Ruled.of(read_pipeline(data, f"{self.path} at {tip.branch}").pipeline)

    def has_had(self, definition: Digest) -> bool:
        """Whether the pipeline there is, or was there once, that of *definition*.

        Git says so and not the log: that knows by what name a branch was checked out,
        and everybody may call theirs like the protected one.

        Raises:
            UsageError: as above.
            ExternalError: Git fails.
        """
        branch, tip = self._branch()
        for each in (tip, *branch.changes(tip, self.path)):
            try:
                own = self._own(branch, each)
                found = definition_digest(parse_source(own.data, own.source))
            except UsageError:
                continue  # it was not there then, or could not be used
            if found == definition:
                return True
        return False

    def budgets(self) -> Budgets:
        """What may be used in a day or a week; nothing is limited where nobody says so.

        So it is without a protected branch, or a pipeline file on it.

        Raises:
            UsageError: the file there, or a policy that it extends, cannot be used.
            IntegrityError: a shared policy is another one than was pinned.
            ExternalError: Git fails, or a shared policy cannot be fetched.
        """
        try:
            branch, tip = self._branch()
        except UsageError:
            return Budgets()
        data = branch.read(tip, self.path, MAX_POLICY_BYTES)
        if data is None or not any(word in data for word in _LIMITING):
            return Budgets()
        own = PolicyText(f"{self.path} at {tip.branch}", data)
        return parse_budgets(
            PolicyFiles(branch, tip, self._pinned).collect(self.path, own)
        )

    def paths(self) -> tuple[str, ...]:
        """What belongs to the service, from its folder; nothing if everything does.

        What the released commit adds counts too, and nothing that it leaves out.

        Raises:
            UsageError: as above.
            ExternalError: Git fails.
        """
        if self._repository == self.project.folder:
            return ()
        own = self._own(*self._branch())
        ruled = read_pipeline(own.data, own.source).pipeline.paths
        return tuple(dict.fromkeys((".", *ruled, *self.project.pipeline.paths)))

    def _branch(self) -> tuple[GitProtectedBranch, Tip]:
        if self._repository is None:
            raise UsageError(
                f"{self.project.folder} is not in a Git repository, and so has no"
                " protected branch to read rules from"
            )
        process = self.project.machine.process
        branch = GitProtectedBranch(str(self.project.folder), process)
        return branch, branch.tip()

    @property
    def _repository(self) -> Path | None:
        folder = self.project.folder
        roots = (each for each in (folder, *folder.parents) if (each / ".git").exists())
        return next(roots, None)

    @property
    def path(self) -> str:
        """The pipeline file, from the root of the repository."""
        file = os.path.abspath(self.project.file)  # noqa: PTH100 - as Project has it
        return Path(os.path.relpath(file, self._repository)).as_posix()

    def _own(self, branch: ProtectedBranch, tip: Tip) -> PolicyText:
        data = branch.read(tip, self.path, MAX_POLICY_BYTES)
        if data is None:
            raise UsageError(
                f"there is no pipeline file {self.path} at {tip.branch}", hint=_MERGE
            )
        return PolicyText(f"{self.path} at {tip.branch}", data)

    @property
    def _pinned(self) -> PinnedFiles:
        machine = self.project.machine
        return PinnedFiles(
            machine.cache_folder / "policies", machine.process, self.fetches
        )


def _check_released(policy: Policy, ruled: Pipeline, released: Pipeline) -> None:
    """Refuse what goes by the name of another: evidence, and a whole project.

    A command could claim of itself whatever the rules ask of a scan, and a pipeline
    whose environment asks for little could release in the place of one that asks.

    Raises:
        UsageError: *released* is of another project than *ruled*, or a stage before the
            environment is of another kind.
    """
    where = f"at {policy.branch}"
    project, known = (each.name.partition("_")[0] for each in (released, ruled))
    if project != known:
        raise UsageError(
            f"what is released belongs to {project}, and the rules {where} are those of"
            f" {known}",
            hint=_MERGE,
        )
    for named in released.stages:
        if named.name not in policy.stages:
            continue
        kind, uses = ruled.stage(named.name).stage.uses, named.stage.uses
        if uses != kind:
            raise UsageError(
                f"stage {named.name!r} is {uses} in what is released, and {kind}"
                f" {where}: what it finds is not what {policy.environment} asks for",
                hint=_MERGE,
            )
