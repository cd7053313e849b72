"""A table of cases, judged by the rules of the work tree."""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sluicegate.adapters.git_pinned import PinnedFiles
from sluicegate.adapters.work_tree_files import WorkTreeFiles
from sluicegate.config.file import PIPELINE_FILE, ReadPipeline, read_pipeline
from sluicegate.config.gate_tests import parse_gate_tests, read_pipeline_path
from sluicegate.config.policy import PolicyText, parse_policy
from sluicegate.errors import UsageError
from sluicegate.gates.rules import Policy
from sluicegate.gates.trial import Case, CaseResult, try_entry, try_gate
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.policy_files import MAX_POLICY_BYTES, PolicyFiles

_MAX_BYTES = 1 << 20  # of a table of cases


@dataclass(frozen=True)
class GateTrials:
    """The cases in the file *table*, about the gates of a pipeline file.

    *file* is that file where the user names it; else the table does, else it is the one
    in the current folder. Rules are read from the work tree, merged or not, and with
    them all that they extend.
    """

    machine: Machine
    table: Path
    file: Path | None = None

    def run(self) -> tuple[CaseResult, ...]:
        """Judge every case, in the order of the table.

        Raises:
            UsageError: the table, the pipeline file or what it extends cannot be used.
            IntegrityError: a shared policy is another one than was pinned.
            ExternalError: one cannot be fetched.
        """
        cases = parse_gate_tests(self._data, str(self.table), self._read)
        places = {each.environment for each in cases if each.environment}
        policies = {place: self._policy(place) for place in places}
        return tuple(self._judge(case, policies) for case in cases)

    @cached_property
    def pipeline_file(self) -> Path:
        """Whose gates are judged."""
        if self.file is not None:
            return self.file
        named = read_pipeline_path(self._data, str(self.table))
        return Path(PIPELINE_FILE) if named is None else self.table.parent / named

    def _judge(self, case: Case, policies: dict[str, Policy]) -> CaseResult:
        if case.environment is not None:
            return try_entry(case, policies[case.environment])
        assert case.stage is not None  # a case is about one of both
        return try_gate(case, self._read.pipeline.stage(case.stage).gate)

    @cached_property
    def _data(self) -> bytes:
        return _read_file(self.table, "a table of cases", _MAX_BYTES)

    @cached_property
    def _own(self) -> PolicyText:
        file = self.pipeline_file
        data = _read_file(file, "a pipeline file", MAX_POLICY_BYTES)
        return PolicyText(str(file), data)

    @cached_property
    def _read(self) -> ReadPipeline:
        return read_pipeline(self._own.data, self._own.source)

    @cached_property
    def _texts(self) -> tuple[PolicyText, ...]:
        """The pipeline file, and all that it extends."""
        files = WorkTreeFiles(self._root)
        pinned = PinnedFiles(
            self.machine.cache_folder / "policies", self.machine.process
        )
        path = Path(os.path.relpath(self._absolute, self._root)).as_posix()
        return PolicyFiles(files, files.tip(), pinned).collect(path, self._own)

    def _policy(self, environment: str) -> Policy:
        tip = WorkTreeFiles(self._root).tip()
        return parse_policy(self._texts, environment, tip.branch, tip.commit)

    @property
    def _absolute(self) -> Path:
        return Path(os.path.abspath(self.pipeline_file))  # noqa: PTH100 - no links followed

    @property
    def _root(self) -> Path:
        """The repository, else the folder of the pipeline file."""
        folder = self._absolute.parent
        roots = (each for each in (folder, *folder.parents) if (each / ".git").exists())
        return next(roots, folder)


def _read_file(file: Path, what: str, limit: int) -> bytes:
    try:
        with file.open("rb") as stream:
            data = stream.read(limit + 1)
    except FileNotFoundError:
        hint = "name the file as it is from here"
        raise UsageError(f"there is no file {file}, {what}", hint=hint) from None
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error
    if len(data) > limit:
        raise UsageError(f"{file} has more than {limit} bytes")
    return data
