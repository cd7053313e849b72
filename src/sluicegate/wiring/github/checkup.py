"""Looking at how a project's repository is set up on GitHub. Nothing is changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sluicegate.adapters.git_protected import GitProtectedBranch
from sluicegate.adapters.github.settings import GithubSettings
from sluicegate.config.file import parse_pipeline, read_signers
from sluicegate.config.github.approving import FOLDER
from sluicegate.config.github.checkout import Asked, Checkout
from sluicegate.config.github.judge import judge_setup
from sluicegate.errors import SluicegateError, UsageError
from sluicegate.model.address import Address
from sluicegate.model.git_address import GitAddress
from sluicegate.model.host_check import HostCheck, Standing
from sluicegate.model.host_settings import HostSettings
from sluicegate.model.policy import ReviewLock
from sluicegate.ports.code_host_settings import CodeHostSettings
from sluicegate.stages.pipeline import Pipeline
from sluicegate.wiring.github.checkout import CheckoutFiles
from sluicegate.wiring.github.host import open_client
from sluicegate.wiring.project import Project

_BRANCH = "refs/heads/"


def open_settings(project: Project) -> CodeHostSettings | None:
    """The settings of the repository of *project*; None without a token for it.

    Raises:
        UsageError: a variable is there and makes no sense; there is no repository.
    """
    client = open_client(project.machine, remote=project.source.remote)
    return None if client is None else GithubSettings(client)


@dataclass(frozen=True)
class GithubCheckup:
    """The repository of *project*; *host* is None where files alone are looked at."""

    project: Project
    host: CodeHostSettings | None
    files_only: bool = False

    @property
    def about(self) -> str:
        """What is looked at, in one line."""
        count = len(self._checkout.workflows)
        files = f"{count} workflow{'' if count == 1 else 's'} in {FOLDER}"
        if self.settings is None:
            why = "as asked" if self.files_only else "no token"
            return f"{self._root}: {files}; no settings ({why})"
        facts = self.settings.facts
        return f"{facts.name} ({facts.url}): its settings, and {files}"

    @property
    def repository(self) -> str | None:
        """Whose settings were read, as ``owner/name``."""
        return self.settings.facts.name if self.settings else None

    def checks(self) -> tuple[HostCheck, ...]:
        """All that is found.

        Raises:
            UsageError: the folder is in no repository.
            ExternalError: the host does not answer.
        """
        return (
            *self._pipeline_flaw(),
            *judge_setup(
                self._checkout, self._asked, self.settings, files_only=self.files_only
            ),
        )

    @cached_property
    def settings(self) -> HostSettings | None:
        """The settings, read once."""
        if self.host is None:
            return None
        log = self._asked.log_branch
        return self.host.read([log] if log else [])

    @cached_property
    def _root(self) -> Path:
        return Path(self.project.source.root)

    @cached_property
    def _pipeline(self) -> Pipeline | SluicegateError:
        try:
            return parse_pipeline(self._data, str(self.project.file))
        except OSError:
            return UsageError(f"there is no pipeline file {self.project.file}")
        except SluicegateError as error:
            return error

    @cached_property
    def _data(self) -> bytes:
        return self.project.file.read_bytes()

    def _pipeline_flaw(self) -> Iterator[HostCheck]:
        if isinstance(self._pipeline, SluicegateError):
            is_there = self.project.file.exists()
            yield HostCheck(
                "pipeline",
                Standing.UNKNOWN if is_there else Standing.NOTE,
                str(self._pipeline),
                "what it asks of GitHub (a log branch, environments, approvals) is not"
                " looked at",
                "mend the file" if is_there else "sluice init, or name it with --file",
            )

    @cached_property
    def _asked(self) -> Asked:
        found = self._pipeline
        file = self._inside(self.project.file)
        if not isinstance(found, Pipeline):
            return Asked()
        rules = [each.approvals for each in found.environments.values()]
        asked = [each for each in rules if each is not None]
        address = Address.parse(found.audit.store)
        default = Asked()
        return Asked(
            rules=(file, read_signers(self._data, file)),
            log_branch=self._log_branch(address),
            log_folder=address.scheme == "dir",
            environments=frozenset(found.environments),
            answering=frozenset(
                each.workflow for each in asked if "dispatch" in each.by
            ),
            reviews_required=frozenset(
                name
                for name, each in found.environments.items()
                if each.approvals is not None
                and each.approvals.environment_reviews is ReviewLock.REQUIRED
            ),
            longest=max(
                (each.expires.request for each in asked), default=default.longest
            ),
        )

    def _log_branch(self, address: Address) -> str | None:
        """The branch of this very repository; a log elsewhere has rules of its own."""
        if address.scheme != "git":
            return None
        place = GitAddress.parse(address.place)
        ours = {None, "origin", self.project.source.remote}
        if place.remote not in ours or not place.ref.startswith(_BRANCH):
            return None
        return place.ref.removeprefix(_BRANCH)

    def _inside(self, path: Path) -> str:
        return path.resolve().relative_to(self._root.resolve()).as_posix()

    @cached_property
    def _checkout(self) -> Checkout:
        process = self.project.machine.process
        return CheckoutFiles(
            self._root, GitProtectedBranch(str(self._root), process)
        ).read()
