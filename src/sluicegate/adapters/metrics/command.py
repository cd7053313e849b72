"""Numbers of both releases from a program, which counts them however it likes.

It prints one JSON object, the numbers since the rollout began or since any earlier
moment, as long as that stays the same: ``{"stable": {"n": 900, "x": 4}, "canary":
{"n": 100, "x": 1}}``. What it says on its standard error is for people.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from typing_extensions import override

from sluicegate.adapters.metrics.numbers import read_tally
from sluicegate.adapters.metrics.prometheus_answer import show
from sluicegate.errors import PermanentError, TransientError, UsageError
from sluicegate.model.command import Command, CommandResult
from sluicegate.model.metric import MetricKind, Pair
from sluicegate.model.rollout import Release
from sluicegate.ports.clock import Clock
from sluicegate.ports.metrics import MetricSource, Reading
from sluicegate.ports.process import ProcessRunner

_LIKE = '{"stable": {"n": 900, "x": 4}, "canary": {"n": 100, "x": 1}}'


class CommandSource(MetricSource):
    """The metric *name*, printed by *argv* in *folder*, an absolute path."""

    def __init__(
        self,
        argv: tuple[str, ...],
        folder: str,
        runner: ProcessRunner,
        clock: Clock,
        *,
        name: str,
        kind: MetricKind,
        width: int,
        timeout: timedelta,
    ) -> None:
        self._argv, self._folder, self._timeout = argv, folder, timeout
        self._runner, self._clock = runner, clock
        self._name, self._kind, self._width = name, kind, width

    @override
    def read(self, stable: Release, canary: Release, since: datetime) -> Reading:
        env = {
            "SLUICE_METRIC": self._name,
            "SLUICE_SINCE": f"{since.timestamp():.3f}",
            **_variables("STABLE", stable),
            **_variables("CANARY", canary),
        }
        at = self._clock.now()
        command = Command(self._argv, self._folder, self._timeout, env)
        result = self._runner.run(command, lambda _line: None)
        self._check(result)
        return Reading(at, self._parse(result.stdout))

    def _check(self, result: CommandResult) -> None:
        said = show(result.stderr.decode(errors="replace")[-200:])
        if result.timed_out:
            seconds = self._timeout.total_seconds()
            raise TransientError(f"{self._argv[0]} was ended after {seconds:g} s")
        if result.exit_code:
            raise TransientError(
                f"{self._argv[0]} exited with {result.exit_code}: {said or 'no word'}"
            )

    def _parse(self, data: bytes) -> Pair:
        try:
            found: object = json.loads(data, parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            raise self._wrong(f"no JSON: {data[:80]!r}") from error
        if not isinstance(found, Mapping) or found.keys() != {"stable", "canary"}:
            raise self._wrong(f"not both releases: {data[:80]!r}")
        try:
            return Pair(
                read_tally(found["stable"], self._kind, self._width),
                read_tally(found["canary"], self._kind, self._width),
            )
        except UsageError as error:
            raise self._wrong(str(error)) from error

    def _wrong(self, what: str) -> PermanentError:
        return PermanentError(
            f"{self._argv[0]} printed {what}", hint=f"it has to print {_LIKE}"
        )


def _variables(who: str, release: Release) -> Mapping[str, str]:
    return {
        f"SLUICE_{who}_IMAGE": release.image.short,
        f"SLUICE_{who}_DIGEST": str(release.image),
        f"SLUICE_{who}_NAME": release.name,
        f"SLUICE_{who}_COMMIT": release.commit,
    }


def _refuse(name: str) -> object:
    raise ValueError(f"{name} is no number")
