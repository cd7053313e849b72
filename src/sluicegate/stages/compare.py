"""Candidate against champion: is the new model no worse, or better, and who knows?

Both models have answered the same examples, paired by id, in files that an earlier
stage or the repository holds. What the examples cannot show is *inconclusive*, with the
number of examples that it would take; a first model is for people to weigh.

A champion that is no file of the project is read by whoever judges: a job that runs the
project's programs could hand over any.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from typing_extensions import override

from sluicegate.errors import PermanentError
from sluicegate.model.champion import Champion, NoChampion
from sluicegate.model.command import Command, Step, StepResult
from sluicegate.model.digest import Digest
from sluicegate.model.evidence import Value
from sluicegate.stages.evaluation import compared
from sluicegate.stages.evaluation.champions import ChampionSettings, ChampionSource
from sluicegate.stages.evaluation.comparison import Question, Test
from sluicegate.stages.evaluation.copying import plan_copy, probe_copy, read_copy
from sluicegate.stages.evaluation.measures import (
    MEASURES,
    Direction,
    Measure,
    of_column,
)
from sluicegate.stages.evaluation.predictions import Predictions, read_predictions
from sluicegate.stages.stage import (
    CommandStage,
    FieldSpec,
    OutputFile,
    ProjectPath,
    Report,
    Settings,
    StageContext,
)

_CANDIDATE, _CHAMPION = "candidate", "champion"
_ORIGIN = "champion.json"

CANDIDATE_FIELD = f"{_CANDIDATE}_digest"
"""The field with the digest of the candidate's file."""

CANDIDATE_FILES = (f"{_CANDIDATE}.jsonl", f"{_CANDIDATE}.csv")
"""What the candidate's file is called where it is kept as evidence."""

MetricName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class MetricSettings(Settings):
    """What is asked of one metric."""

    test: Test = Field(
        "noninferior",
        description="noninferior: worse by less than the margin; superior: better by"
        " more than it.",
    )
    margin: float = Field(
        0.0,
        ge=0,
        lt=1e6,
        allow_inf_nan=False,
        description="In units of the metric: 0.01 is a point of accuracy.",
    )
    column: str | None = Field(
        None,
        pattern=r"^[A-Za-z_][A-Za-z0-9_.\-]{0,99}$",
        description="Numbers that you have computed, one an example; compared by mean.",
    )
    direction: Direction | None = Field(
        None, description="Which way is better; only with column, and needed there."
    )
    interval: Literal["t", "bootstrap"] = Field(
        "t",
        description="Student's t of the differences, or a BCa bootstrap of up to 10000"
        " examples; shares are compared by Tango's score, and by McNemar's exact test"
        " where the limit is 0.",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.test == "noninferior" and self.margin == 0:
            raise ValueError("say how much worse it may be: margin, more than 0")
        if (self.column is None) != (self.direction is None):
            raise ValueError("column and direction go together")
        return self


class CompareStage(CommandStage):
    """Compares the predictions of two models on the same examples."""

    kind: ClassVar[str] = "compare"
    summary: ClassVar[str] = "Candidate against champion, with honest uncertainty"

    uses: Literal["compare"]
    candidate: ProjectPath = Field(
        description="Predictions of the new model: JSON lines, or CSV."
    )
    champion: ChampionSettings = Field(
        description="Predictions of the model to beat: a file, the stable release or a"
        " version in MLflow's registry. Where there is none, the model is a first one."
    )
    metrics: Mapping[MetricName, MetricSettings] = Field(
        min_length=1,
        max_length=20,
        description="By name: accuracy, logloss, brier, loss, absolute_error,"
        " squared_error, or any other with a column.",
    )
    confidence: float = Field(
        0.95, ge=0.8, le=0.9999, description="One-sided, of every claim."
    )
    power: float = Field(
        0.8, ge=0.5, le=0.99, description="For which the examples needed are counted."
    )
    correction: Literal["holm", "none"] = Field(
        "holm", description="Whether all metrics together keep to the confidence."
    )
    min_examples: int = Field(
        100, ge=2, le=1_000_000, description="With fewer, nothing is concluded."
    )
    on_inconclusive: Literal["pending", "block", "approval"] = Field(
        "pending",
        description="What becomes of the gate where the examples are too few.",
    )
    first_model: Literal["approval", "block"] = Field(
        "approval", description="What becomes of it where there is no champion."
    )

    @model_validator(mode="after")
    def _check_metrics(self) -> Self:
        for name, metric in self.metrics.items():
            known = MEASURES.get(name)
            if metric.column is None and known is None:
                raise ValueError(
                    f"metric {name}: name its column and direction, or take one of"
                    f" {', '.join(MEASURES)}"
                )
            is_share = metric.column is None and known is not None and known.is_share
            if is_share and (metric.margin >= 1 or metric.interval == "bootstrap"):
                raise ValueError(
                    f"metric {name}: a share takes a margin below 1 and no interval"
                )
        if self.candidate == self.champion:
            raise ValueError("candidate and champion are the same file")
        return self

    def measures(self) -> Mapping[str, Measure]:
        """What each metric measures, in the order of the file."""
        return {
            name: MEASURES[name]
            if metric.column is None or metric.direction is None
            else of_column(metric.column, metric.direction)
            for name, metric in self.metrics.items()
        }

    @property
    def champion_source(self) -> ChampionSource | None:
        """Where whoever judges finds the champion; None for a file of the project."""
        return None if isinstance(self.champion, str) else self.champion

    @override
    def fields(self) -> tuple[FieldSpec, ...]:
        return compared.fields_of(
            {name: metric.test for name, metric in self.metrics.items()},
            is_named=self.champion_source is not None,
            may_be_unsure=self.on_inconclusive == "pending",
            may_ask="approval" in (self.on_inconclusive, self.first_model),
        )

    @override
    def explain_absence(self, field: str) -> str | None:
        if field in ("champion_version", "champion_run"):
            return "its champion is a file, which says nothing of the model"
        return None

    @override
    def default_gate(self, name: str) -> tuple[str, ...]:
        return (
            *self.gate_always(name),
            *(f"{name}.{key}_{m.test} == true" for key, m in self.metrics.items()),
        )

    @override
    def gate_always(self, name: str) -> tuple[str, ...]:
        return (f"{name}.compared == true",)

    @override
    def leaves_to_people(self) -> tuple[str, ...]:
        settings = {
            "on_inconclusive": self.on_inconclusive,
            "first_model": self.first_model,
        }
        return tuple(
            name
            for name, said in settings.items()
            if said == "approval" and name in self.model_fields_set
        )

    @override
    def tools(self) -> tuple[str, ...]:
        return ()

    @override
    def probes(self, context: StageContext) -> tuple[Command, ...]:
        return tuple(
            probe_copy(context, path, self.timeout) for path in self._paths().values()
        )

    @override
    def plan(self, context: StageContext) -> tuple[Step, ...]:
        return tuple(
            plan_copy(context, name, path, self.timeout)[0]
            for name, path in self._paths().items()
        )

    def _paths(self) -> Mapping[str, str]:
        """The files of the project that it compares, by what they are."""
        paths = {_CANDIDATE: self.candidate}
        if isinstance(self.champion, str):
            paths[_CHAMPION] = self.champion
        return paths

    @override
    def interpret(self, context: StageContext, results: Sequence[StepResult]) -> Report:
        data = read_copy(results, _CANDIDATE)
        if data is None:
            raise PermanentError(
                f"there is no {self.candidate}",
                hint="does a stage before this one write it? Name it in its outputs",
            )
        read = read_predictions(data, self.candidate)
        champion = self._champion(context, results)
        fields: dict[str, Value] = {CANDIDATE_FIELD: str(Digest.of(data))}
        files = [_file(_CANDIDATE, self.candidate, data)]
        if isinstance(champion, NoChampion):
            found = self._first(read, champion.reason)
        else:
            fields["champion_digest"] = str(champion.digest)
            files.append(_file(_CHAMPION, champion.name, champion.data))
            if champion.version:
                fields["champion_version"] = champion.version
                fields["champion_run"] = champion.run
                origin = champion.document()
                files.append(OutputFile(_ORIGIN, "application/json", origin))
            before = _read_champion(champion).in_order_of(read)
            seed = Digest.of(data + champion.data).hex.encode()
            found = compared.compare(self._terms(seed), read, before)
        return Report(
            found.summary + _say_of(champion),
            {**found.fields, **fields},
            files=tuple(files),
        )

    def _champion(
        self, context: StageContext, results: Sequence[StepResult]
    ) -> Champion | NoChampion:
        """The model to beat."""
        if not isinstance(self.champion, str):
            if context.champion is None:
                raise PermanentError("nobody has looked for the champion")
            return context.champion
        data = read_copy(results, _CHAMPION)
        if data is None:
            return NoChampion(f"there is no {self.champion}")
        return Champion(data, self.champion, "", "", {})

    def _terms(self, seed: bytes) -> compared.Terms:
        measures = self.measures()
        questions = {
            name: Question(
                metric.test,
                metric.margin,
                measures[name].is_share,
                seed if metric.interval == "bootstrap" else None,
            )
            for name, metric in self.metrics.items()
        }
        return compared.Terms(
            measures,
            questions,
            self.confidence,
            self.power,
            corrects=self.correction == "holm",
            least=self.min_examples,
            on_inconclusive=self.on_inconclusive,
        )

    def _first(self, read: Predictions, why: str) -> Report:
        """A model that has nobody to be compared with."""
        fields = compared.describe_first(self.measures(), read)
        if self.first_model == "approval":
            fields["needs_approval"] = f"a first model, without a champion: {why}"
        else:
            fields["compared"] = False
        return Report(f"no champion: {why}", fields)


def _read_champion(champion: Champion) -> Predictions:
    """Its predictions; what is wrong with them must not seem to be the candidate's."""
    whose = "the champion's " if champion.version else ""
    return read_predictions(champion.data, f"{whose}{champion.name}")


def _say_of(champion: Champion | NoChampion) -> str:
    """Which model it is, if it says so."""
    if isinstance(champion, NoChampion) or not champion.version:
        return ""
    return f"; the champion is {champion.version}"


def _file(name: str, path: str, data: bytes) -> OutputFile:
    is_csv = path.lower().endswith(".csv")
    kind = "text/csv" if is_csv else "application/jsonl"
    return OutputFile(f"{name}{'.csv' if is_csv else '.jsonl'}", kind, data)
