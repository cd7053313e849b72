"""Looking at whether workflows can log in to who keeps secrets. Nothing is changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sluicegate.adapters.git_protected import GitProtectedBranch
from sluicegate.adapters.github.subjects import GithubSubjects
from sluicegate.config.github.checkout import Checkout
from sluicegate.config.github.identity_uses import IdentityUse, identity_uses
from sluicegate.config.github.judge import NEEDS_TOKEN
from sluicegate.config.github.judge_identity import judge_jobs, judge_subject
from sluicegate.config.github.secret_jobs import SecretJob, secret_jobs
from sluicegate.config.github.token_bindings import bindings
from sluicegate.model.host_check import HostCheck, Standing
from sluicegate.model.token_subject import TokenSubjects
from sluicegate.ports.token_subjects import TokenSubjectReader
from sluicegate.report.secrets.bindings import Bound, bound_checks
from sluicegate.wiring.github.checkout import CheckoutFiles
from sluicegate.wiring.github.host import open_client
from sluicegate.wiring.project import Project


def open_subjects(project: Project) -> TokenSubjectReader | None:
    """The tokens of the repository of *project*; None without a token to ask with.

    Raises:
        UsageError: a variable is there and makes no sense; there is no repository.
    """
    client = open_client(project.machine, remote=project.source.remote)
    return None if client is None else GithubSubjects(client)


@dataclass(frozen=True)
class SecretsCheckup:
    """The workflows of *project*; *host* is None where files alone are looked at."""

    project: Project
    host: TokenSubjectReader | None
    files_only: bool = False

    @property
    def about(self) -> str:
        """What is looked at, in one line."""
        count = len(self._checkout.workflows)
        files = f"{count} workflow{'' if count == 1 else 's'}"
        if self.subjects is None:
            why = "as asked" if self.files_only else "no token"
            return f"{self._root}: {files}; not how its tokens name it ({why})"
        return f"{self.subjects.name}: what its workflows' tokens say, and {files}"

    @property
    def repository(self) -> str | None:
        """Whose settings were read, as ``owner/name``."""
        return self.subjects.name if self.subjects else None

    @cached_property
    def subjects(self) -> TokenSubjects | None:
        """How the tokens name the repository, read once."""
        return None if self.host is None else self.host.read_subjects()

    @cached_property
    def bound(self) -> tuple[Bound, ...]:
        """What providers are to ask for; nothing where the host was not asked."""
        if self.subjects is None:
            return ()
        return tuple(
            Bound(
                each.use.provider,
                each.use.uses,
                each.use.role,
                [n for n, _ in each.use.stages if n in each.job.stages],
                each.job.workflow,
                each.job.name,
                each.claims,
                each.before if "sub" in dict(each.claims) else None,
            )
            for each in bindings(self._uses, self._jobs, self.subjects)
        )

    def environments_of(self, provider: str) -> tuple[str, ...]:
        """The environments of GitHub that jobs enter which log in to *provider*.

        () where no such job is seen; only a run can tell what is in an expression.
        """
        stages = {n for use in self._uses if use.provider == provider
                  for n, _ in use.stages}  # fmt: skip
        found = [
            job.environment
            for job in self._jobs
            if job.environment is not None and not stages.isdisjoint(job.stages)
        ]
        return tuple(dict.fromkeys(each for each in found if "${{" not in each))

    def checks(self) -> tuple[HostCheck, ...]:
        """All that is found.

        Raises:
            UsageError: the folder is in no repository; the pipeline file has a fault.
            ExternalError: the host does not answer.
        """
        return tuple(self._checks())

    def _checks(self) -> Iterator[HostCheck]:
        for flaw in self._checkout.flaws:
            why = "what cannot be read cannot be judged"
            yield HostCheck("workflows", Standing.UNKNOWN, flaw, why)
        if self.subjects is not None:
            yield from judge_subject(self.subjects)
        else:
            yield HostCheck(
                "subject",
                Standing.NOTE if self.files_only else Standing.UNKNOWN,
                "what tokens say was not looked at"
                + ("" if self.files_only else f"; needs {NEEDS_TOKEN}"),
            )
        if not self._uses:
            yield HostCheck(
                "secrets",
                Standing.NOTE,
                "no provider of the pipeline file takes tokens of GitHub for secrets",
            )
            return
        yield from judge_jobs(self._uses, self._jobs, self.subjects)
        yield from bound_checks(self.bound)

    @cached_property
    def _uses(self) -> tuple[IdentityUse, ...]:
        return tuple(identity_uses(self.project.pipeline))

    @cached_property
    def _jobs(self) -> tuple[SecretJob, ...]:
        needing = {name: rolls for use in self._uses for name, rolls in use.stages}
        file = self.project.file.resolve().relative_to(self._root.resolve())
        return tuple(secret_jobs(self._checkout, needing, file.as_posix()))

    @cached_property
    def _root(self) -> Path:
        return Path(self.project.source.root)

    @cached_property
    def _checkout(self) -> Checkout:
        process = self.project.machine.process
        branch = GitProtectedBranch(str(self._root), process)
        return CheckoutFiles(self._root, branch).read()
