"""What a checkup looks at besides the settings: files, and what the rules ask. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from sluicegate.config.github.workflow import Job, Workflow

_OURS = re.compile(r"[\w.-]+/sluicegate(/[^@]*)?@.+")


@dataclass(frozen=True, slots=True)
class Checkout:
    """The files that count, as they are checked out.

    ``workflows`` are those of ``.github/workflows``; ``actions`` are the repository's
    own, which they use. ``flaws`` says which could not be read, and why. ``owners`` is
    the text of the CODEOWNERS file and its path. ``behind`` are workflows that differ
    from the protected branch's, by path; None where that cannot be told.
    """

    workflows: tuple[Workflow, ...] = ()
    actions: tuple[Workflow, ...] = ()
    flaws: tuple[str, ...] = ()
    owners: tuple[str, str] | None = None
    behind: frozenset[str] | None = frozenset()

    def jobs(self) -> Iterator[tuple[Workflow, Job]]:
        """Each job of each workflow."""
        for workflow in self.workflows:
            for job in workflow.jobs:
                yield workflow, job


@dataclass(frozen=True, slots=True)
class Asked:
    """What the pipeline files and the rules in them ask of the code host.

    Attributes:
        rules: files that say who may do what, from the repository's root.
        log_branch: the branch of this repository that the log is in, None for none.
        log_folder: whether the log is a folder in the work tree.
        environments: names of those that releases go to.
        answering: the workflow files whose runs can be somebody's approval.
        reviews_required: the environments whose native reviewers must have said yes.
        longest: how long a release request may wait for people at most.
    """

    rules: tuple[str, ...] = ()
    log_branch: str | None = None
    log_folder: bool = False
    environments: frozenset[str] = frozenset()
    answering: frozenset[str] = frozenset()
    reviews_required: frozenset[str] = frozenset()
    longest: timedelta = timedelta(days=3)


def is_ours(uses: str) -> bool:
    """Whether it is this project's action or one of its workflows."""
    return _OURS.fullmatch(uses) is not None


def is_expression(text: str) -> bool:
    """Whether only a run can tell what it is."""
    return "${{" in text
