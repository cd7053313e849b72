"""The bytes of a table of cases to cases, with all its problems at once."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import get_close_matches
from typing import Any

from sluicegate.config.check import Checker, EnoughError
from sluicegate.config.comparing import environments_after
from sluicegate.config.credentials import check_credentials
from sluicegate.config.entry_gates import entry_fields, stages_to
from sluicegate.config.file import ReadPipeline
from sluicegate.config.gate_cases import (
    OF_STAGES,
    Answered,
    CaseSettings,
    Circumstances,
    GateTests,
)
from sluicegate.config.gates import evidence_of
from sluicegate.config.source import parse_source
from sluicegate.config.tree import Leaf, Path, child
from sluicegate.config.wording import suggest
from sluicegate.errors import PipelineFileError
from sluicegate.gates.facts import FACTS, stable_of
from sluicegate.gates.kinds import FieldType, kind_of
from sluicegate.gates.trial import Case, Said, split_evidence
from sluicegate.model.decision import Verdict
from sluicegate.model.evidence import Value
from sluicegate.model.release_request import Answer

_INSTEAD: Mapping[str, str] = {
    "environment.name": "environment",
    "environment.first_release": "first_release",
    "environment.release_age_hours": "release_age",
    "environment.rollback": "rollback",
    "time.weekday": "time",
    "time.hour": "time",
    "time.date": "time",
}
"""Which key of a case says what a fact is."""


def read_pipeline_path(data: bytes, name: str) -> str | None:
    """The pipeline file that the table *data* names, None if it does not.

    Raises:
        PipelineFileError: it is no YAML.
    """
    node = child(parse_source(data, name), "pipeline")
    value = node.value if isinstance(node, Leaf) else None
    return value if isinstance(value, str) else None


def parse_gate_tests(data: bytes, name: str, read: ReadPipeline) -> tuple[Case, ...]:
    """Read a table of cases about the gates of a pipeline file.

    Args:
        data: the bytes of the table.
        name: what people call it; starts every problem.
        read: the pipeline file.

    Raises:
        PipelineFileError: the table cannot be used; one text a problem.
    """
    checker = Checker(parse_source(data, name))
    cases: list[Case] = []
    with suppress(EnoughError):
        check_credentials(checker)
        tests = checker.read(GateTests, ())
        if tests is not None:
            reader = _Reader(checker, read, tests)
            cases = [reader.case(index, each) for index, each in enumerate(tests.cases)]
            reader.check_given()
    if checker.problems:
        raise PipelineFileError([problem.render(name) for problem in checker.problems])
    return tuple(cases)


@dataclass(frozen=True, slots=True)
class _Reader:
    checker: Checker
    read: ReadPipeline
    tests: GateTests
    known: dict[str, FieldType] = field(default_factory=dict)

    def check_given(self) -> None:
        """Report evidence that is given and that no case can use."""
        if self.known:
            place = ("given", "evidence")
            self._check_names(place, self.tests.given.evidence, self.known)

    def case(self, index: int, settings: CaseSettings) -> Case:
        """The case *index*; what is wrong with it is reported."""
        stage, environment = self._subject(index, settings)
        said = self._merged(settings)
        known = self._known(stage, environment)
        self.known.update(known)
        if stage is not None or environment is not None:
            place = ("cases", index, "evidence")
            self._check_names(place, settings.evidence, known)
        self._check_use(index, settings, stage)
        given = self.tests.given.evidence.items()
        values = {name: value for name, value in given if name in known}
        values |= settings.evidence
        own, stable = split_evidence(
            {name: value for name, value in values.items() if value is not None}
        )
        return Case(
            name=settings.name,
            stage=stage,
            environment=environment,
            evidence=own,
            stable=None if said.first_release else stable,
            expect=Verdict(settings.expect),
            because=settings.because,
            now=said.time,
            said=tuple(_said(said)),
            authors=said.authors,
            requester=said.requester,
            pusher=said.pusher,
            request_age=said.request_age,
            release_age=said.release_age,
            soaked=said.soaked,
            locked=said.locked,
            rollback=said.rollback,
            stages_open=said.stages == "open",
        )

    def _merged(self, settings: CaseSettings) -> Circumstances:
        """What the case says, and where it is silent what is given."""
        given = self.tests.given
        chosen: dict[str, Any] = {}
        for key in Circumstances.model_fields:
            source = settings if key in settings.model_fields_set else given
            chosen[key] = getattr(source, key)
        return Circumstances.model_construct(**chosen)

    def _subject(
        self, index: int, settings: CaseSettings
    ) -> tuple[str | None, str | None]:
        """What the case is about; reported if that cannot be judged."""
        stage, environment = settings.stage, settings.environment
        place: Path = ("cases", index)
        if stage is None and environment is None:
            stage, environment = self.tests.stage, self.tests.environment
            place = ()
        if (stage is None) == (environment is None):
            message, at = "say which gate is judged: stage or environment", place
            if stage is not None:
                message = "must be about a stage or an environment, not about both"
                at = (*place, "environment")
            self.checker.report(at or ("cases", index), message)
            return None, None
        stages = self.read.stages
        if stage is not None and stage not in stages.kinds:
            message = f"unknown stage {stage!r}{suggest(stage, stages.kinds)}"
            self.checker.report((*place, "stage"), message)
            return None, None
        places = self.read.document.environments
        if environment is not None and environment not in places:
            message = (
                f"unknown environment {environment!r}{suggest(environment, places)}"
            )
            self.checker.report((*place, "environment"), message)
            return None, None
        if environment is not None and not stages_to(stages, environment):
            message = f"no stage goes to {environment!r}, so it has no entry gate"
            self.checker.report((*place, "environment"), message)
            return None, None
        return stage, environment

    def _known(
        self, stage: str | None, environment: str | None
    ) -> Mapping[str, FieldType]:
        """The evidence that the gate may read, none if there is no gate."""
        stages = self.read.stages
        if environment is not None:
            found = entry_fields(stages, environment)
            return {name: kind for name, kind in found.items() if name not in FACTS}
        if stage is None:
            return {}
        own = evidence_of(stages.kinds, (stage, *stages.upstream(stage)))
        compares = len(environments_after(stages, stage)) == 1
        return {**own, **stable_of(own)} if compares else own

    def _check_names(
        self,
        place: Path,
        evidence: Mapping[str, Value | None],
        known: Mapping[str, FieldType],
    ) -> None:
        for name, value in evidence.items():
            if name in _INSTEAD:
                message = (
                    f"{name} is no evidence: `{_INSTEAD[name]}:` of the case says it"
                )
            elif name not in known:
                message = f"unknown evidence {name!r}{_suggest(name, known)}"
            elif value is not None and not _fits(value, known[name]):
                message = f"{name} holds {_WORD[known[name]]}"
            else:
                continue
            self.checker.report((*place, name), message)

    def _check_use(self, index: int, settings: CaseSettings, stage: str | None) -> None:
        """Report what the gate of a stage is not judged on."""
        if stage is None:
            return
        extra = Circumstances.model_fields.keys() & settings.model_fields_set
        for key in sorted(extra - OF_STAGES):
            message = "the gate of a stage is not judged on it: test the environment"
            self.checker.report(("cases", index, key), f"{key}: {message}")


_WORD: Mapping[FieldType, str] = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "text": "text",
}


def _suggest(name: str, known: Iterable[str]) -> str:
    """What may be meant; without a guess, what the same stage finds."""
    names = list(known)
    stage = name.rpartition(".")[0]
    same = [each for each in names if each.rpartition(".")[0] == stage]
    return suggest(name, names if get_close_matches(name, names, n=1) else same)


def _fits(value: Value, kind: FieldType) -> bool:
    found = kind_of(value)
    return found == kind or (kind == "number" and found == "integer")


def _said(circumstances: Circumstances) -> Iterator[Said]:
    """Every answer; among those of one kind in their order."""
    for answer, given in (
        (Answer.APPROVE, circumstances.approvals),
        (Answer.REJECT, circumstances.rejections),
        (Answer.OVERRIDE, circumstances.overrides),
    ):
        yield from (_one(answer, each) for each in given)


def _one(answer: Answer, given: Answered) -> Said:
    return Said(answer, given.by, given.age or timedelta(0), given.reason)
