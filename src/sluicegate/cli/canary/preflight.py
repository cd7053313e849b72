"""``sluice canary preflight``."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from typing_extensions import override

from sluicegate.cli.completing import complete_stage
from sluicegate.cli.exit_codes import ExitCode


class _Share(click.ParamType[float]):
    name = "share"

    @override
    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """A fraction like 0.005, or 0.5%."""
        text = str(value).strip()
        number = float(click.FLOAT(text.removesuffix("%").strip(), param, ctx))
        return number / 100 if text.endswith("%") else number


class _Time(click.ParamType[timedelta]):
    name = "time"

    @override
    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """As in the pipeline file: 90m."""
        from sluicegate.stages.stage import (  # noqa: PLC0415 - not for --help
            parse_duration,
        )

        try:
            return parse_duration(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class _Weights(click.ParamType[tuple[int, ...]]):
    name = "weights"

    @override
    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """Percent, with commas between: 5,25,50."""
        return tuple(int(click.INT(each, param, ctx)) for each in str(value).split(","))


@click.command()
@click.option("--rps", type=float, metavar="R", help="Requests per second in all.")
@click.option(
    "--error-rate", type=_Share(), help="How many of them fail: 0.005 or 0.5%."
)
@click.option(
    "--weight", "steps", type=_Weights(), help="Percent on the canary, like 5,25,50."
)
@click.option("--deadline", type=_Time(), help="Of the whole rollout, like 1h.")
@click.option(
    "--history",
    metavar="FILE",
    help="Numbers as `sluice canary judge` reads them: traffic and error rate.",
)
@click.option(
    "--alike",
    is_flag=True,
    help="Both releases of the history were the same: its noise is sigma.",
)
@click.option(
    "--times",
    type=float,
    multiple=True,
    help="Regression to be told, in times the errors; several; 2, 5 and 10.",
)
@click.option(
    "-f",
    "--file",
    "file",
    type=click.Path(path_type=Path),
    help="The pipeline file; default: sluicegate.yaml here, else default settings.",
)
@click.option("--stage", shell_complete=complete_stage, help="Its canary stage.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def preflight(  # noqa: PLR0913 - one an option
    rps: float | None,
    error_rate: float | None,
    steps: tuple[int, ...] | None,
    deadline: timedelta | None,
    history: str | None,
    times: tuple[float, ...],
    file: Path | None,
    stage: str | None,
    *,
    alike: bool,
    as_json: bool,
) -> ExitCode:
    """Say how long a verdict will take, and whether that is before the deadline.

    Weights, blocks, deadline and judge are those of the pipeline file's canary stage,
    where options do not say otherwise. Rollouts are rehearsed with made-up traffic of
    the rate that --rps and --error-rate tell, or --history.

    \b
    Exits with 0 if a verdict is possible, with a warning if it is not likely;
    with 1 if no method at all could promote a good canary, or tell the smallest
    regression, by the deadline; with 2 for a mistake in the call.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.canary.outlook import Reach  # noqa: PLC0415 - not for --help
    from sluicegate.cli.output import (  # noqa: PLC0415 - likewise
        use_what_the_terminal_has,
        write_result,
    )
    from sluicegate.report.preflight import (  # noqa: PLC0415 - likewise
        forecast_document,
        forecast_text,
    )
    from sluicegate.wiring.preflight import Question, look  # noqa: PLC0415 - likewise

    use_what_the_terminal_has()
    found = look(
        Question(
            file=file,
            stage=stage,
            requests_per_second=rps,
            error_rate=error_rate,
            steps=steps or (),
            deadline=deadline,
            history=history,
            alike=alike,
            regressions=times,
        )
    )
    write_result(forecast_document(found) if as_json else forecast_text(found))
    return ExitCode.CLOSED if found.reach is Reach.IMPOSSIBLE else ExitCode.OPEN
