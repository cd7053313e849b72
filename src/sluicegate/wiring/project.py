"""A project folder: its pipeline, its commit, its place."""

import os
import re
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sluicegate.adapters.git import GitRepository
from sluicegate.config.file import PIPELINE_FILE, parse_pipeline
from sluicegate.errors import UsageError
from sluicegate.model.address import Address, parse_evidence
from sluicegate.model.source import Source
from sluicegate.stages.pipeline import Pipeline
from sluicegate.stages.secrets.stripping import stripped_variables
from sluicegate.wiring.machine import Machine

if TYPE_CHECKING:
    from sluicegate.wiring.detection import Detected

_WITHOUT_VERSION = re.compile(r"_v[0-9.]+$")
_ON_THIS_MACHINE = re.compile(r"file:|[/~.]|[A-Za-z]:[\\/]")
_NOT_IN_ORIGIN = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Project:
    """A project folder on *machine*: the one that holds the pipeline file *file*.

    With ``may_detect``, the pipeline of a folder without the file is made of what is
    there.
    """

    machine: Machine
    file: Path
    may_detect: bool = False

    @property
    def folder(self) -> Path:
        """The absolute path of the project, without ``..``: tools dislike those."""
        return Path(os.path.abspath(self.file)).parent  # noqa: PTH100 - see above

    @property
    def state(self) -> Path:
        """Where stages write, out of Git's sight; by default the log is there too."""
        return self.folder / ".sluicegate"

    @cached_property
    def pipeline(self) -> Pipeline:
        """The pipeline, read and checked.

        Raises:
            UsageError: there is no such file, or it cannot be used.
        """
        if self.detected is not None:
            text = self.detected.text.encode()
            found = parse_pipeline(text, "the detected pipeline")
            # What is found may be something else tomorrow: no version stands for it.
            return replace(found, name=_WITHOUT_VERSION.sub("_v0.0", found.name))
        try:
            data = self.file.read_bytes()
        except FileNotFoundError:
            raise UsageError(
                f"there is no pipeline file {self.file}",
                hint="go to the folder that has one, name it with --file, or let"
                " `sluice init` write one",
            ) from None
        except IsADirectoryError:
            raise UsageError(
                f"{self.file} is a folder, not a pipeline file",
                hint=f"name the file in it: {self.file / PIPELINE_FILE}",
            ) from None
        except OSError as error:
            raise UsageError(f"cannot read {self.file}: {error.strerror}") from error
        found = parse_pipeline(data, str(self.file))
        self.machine.withhold(stripped_variables(found.secrets))
        return found

    @cached_property
    def detected(self) -> "Detected | None":
        """What the pipeline is made of, None where the file says it.

        Raises:
            UsageError: there is no file, and what is there makes no pipeline.
        """
        if not self.may_detect or os.path.lexists(self.file):
            return None
        from sluicegate.wiring.detection import detect_pipeline  # noqa: PLC0415 - rare

        _ = self.source  # a folder without a repository is not searched
        return detect_pipeline(self.machine, self.folder)

    @cached_property
    def source(self) -> Source:
        """The commit that is checked out.

        Raises:
            UsageError: there is no repository or no commit.
        """
        return self.repository.source()

    @cached_property
    def repository(self) -> GitRepository:
        """Git, asked unmasked: what it names must be what is there."""
        return GitRepository(str(self.folder), self.machine.process)

    @property
    def home_folder(self) -> Path:
        """Where files are that Git does not track: secrets, and what programs write."""
        return self.folder

    @property
    def log_base(self) -> Path:
        """Where a relative address of the log or its evidence begins."""
        return self.folder

    @property
    def log_address(self) -> Address:
        """Where the log is; a relative path is one from the project's folder."""
        return Address.parse(self.pipeline.audit.store)

    @property
    def evidence_address(self) -> Address | None:
        """Where evidence is, likewise; None if it is with the log."""
        evidence = self.pipeline.audit.evidence
        return None if evidence is None else parse_evidence(evidence)

    @property
    def origin(self) -> str:
        """The name of a new log: the repository's address, and the folder in it.

        Of a repository on this machine only the last part of its path: the others may
        name a person, and the name of a log stands in every checkpoint.

        Source:
            https://c2sp.org/tlog-checkpoint: the origin is a schema-less URL.
        """
        source = self.source
        inside = self.folder.resolve().relative_to(Path(source.root).resolve())
        address = f"local/{Path(source.root).name}"
        if source.remote and _ON_THIS_MACHINE.match(source.remote):
            address = f"local/{Path(source.remote).name.removesuffix('.git')}"
        elif source.remote:
            address = re.sub(r"^[a-z+]+://|^[^@/]*@", "", source.remote)
            address = address.replace(":", "/").removesuffix(".git")
        parts = (
            _NOT_IN_ORIGIN.sub("-", part).strip(".-")
            for part in (*address.split("/"), *inside.parts)
        )
        return "/".join(part for part in parts if part) or "local"
