"""Scan: vulnerabilities, secrets, misconfigurations and licences, with Trivy."""

from collections.abc import Sequence
from typing import ClassVar

from typing_extensions import override

from sluicegate.errors import PermanentError
from sluicegate.model.command import Command, Step, StepResult
from sluicegate.model.digest import Digest
from sluicegate.stages.stage import FieldSpec, Report, StageContext
from sluicegate.stages.trivy_commands import (
    ask_version,
    scan_image,
    scan_source,
    search_comments,
)
from sluicegate.stages.trivy_fields import (
    default_gate,
    explain_absence,
    gate_unless_named,
    list_fields,
)
from sluicegate.stages.trivy_ignore import IgnoreList
from sluicegate.stages.trivy_ignore_file import read_ignore_file
from sluicegate.stages.trivy_result import read_scans
from sluicegate.stages.trivy_settings import Scanner, TrivySettings
from sluicegate.stages.trivy_tally import tally

__all__ = ["Scanner", "TrivyStage"]


class TrivyStage(TrivySettings):
    """Scans the source tree and the built image, and lists what the image contains."""

    kind: ClassVar[str] = "trivy"
    summary: ClassVar[str] = (
        "Vulnerabilities, secrets, misconfigurations and licences with Trivy"
    )

    @override
    def fields(self) -> tuple[FieldSpec, ...]:
        return list_fields(self)

    @override
    def explain_absence(self, field: str) -> str | None:
        return explain_absence(self, field)

    @override
    def default_gate(self, name: str) -> tuple[str, ...]:
        return default_gate(self, name)

    @override
    def gate_unless_named(self, name: str) -> tuple[str, ...]:
        return gate_unless_named(self, name)

    @override
    def tools(self) -> tuple[str, ...]:
        return ("trivy",)

    @override
    def reads(self) -> tuple[str, ...]:
        return (*((self.ignore,) if self.ignore else ()), *self.vex)

    @override
    def reads_date(self) -> bool:
        return True  # ages of databases and images, and when an entry expires

    @override
    def probes(self, context: StageContext) -> tuple[Command, ...]:
        # A new database may know more of the same image. The files may lie outside of
        # what `inputs` names.
        files = (
            Command(
                ("cat", "--", f"{context.project}/{path}"),
                context.cache,
                self.timeout,
                self.env,
            )
            for path in self.reads()
        )
        return (ask_version(self, context), *files)

    @override
    def plan(self, context: StageContext) -> tuple[Step, ...]:
        self._read_ignores(context)
        for path in self.vex:
            _source(context, path)
        image = self._image(context)
        source = scan_source(self, context) if self.source else ()
        contents = scan_image(self, context, image) if image is not None else ()
        return (*source, *contents, *search_comments(self, context))

    @override
    def interpret(self, context: StageContext, results: Sequence[StepResult]) -> Report:
        ignores = self._read_ignores(context)
        image = self._image(context)
        scanned = read_scans(self, results, with_image=image is not None)
        return tally(self, context, scanned, ignores)

    def _read_ignores(self, context: StageContext) -> IgnoreList:
        """The accepted findings.

        Raises:
            PermanentError: the file is not there, or something in it is wrong.
        """
        today = context.now.date()
        if self.ignore is None:
            return IgnoreList((), "", today)
        data = _source(context, self.ignore)
        entries = read_ignore_file(data, self.ignore, today)
        return IgnoreList(entries, self.ignore, today)

    def _image(self, context: StageContext) -> Digest | None:
        """The one image to scan, or None where only the source is scanned.

        Raises:
            PermanentError: there is none to scan, or several.
        """
        if self.image is False:
            return None
        images = context.images
        if not images:
            if self.image is None and self.source:
                return None
            raise PermanentError(
                "there is no image to scan: no stage before has built one",
                hint="put a docker-build stage before, or set `image: false`",
            )
        if len(images) > 1:
            raise PermanentError(
                "which image is to be scanned? the stages before have built"
                f" {len(images)}",
                hint="let the stage need one docker-build stage, or set `image: false`",
            )
        return images[0]


def _source(context: StageContext, path: str) -> bytes:
    """A file of the project.

    Raises:
        PermanentError: it is not there, or cannot be read.
    """
    if path not in context.files:
        raise PermanentError(
            f"{path} is not there, or is not a plain file of at most 1 MiB",
            hint="it is named in the pipeline file and has to be part of the commit",
        )
    return context.files[path]
