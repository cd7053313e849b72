"""``sluice canary judge``."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click
from typing_extensions import override

from sluicegate.cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from sluicegate.canary.metric import Metric
    from sluicegate.canary.standalone import Judge

_ROBUST_SECONDS = 60


class _Sigma(click.ParamType[float]):
    name = "number"

    @override
    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """0 stands for none."""
        return 0.0 if value == "none" else float(click.FLOAT(value, param, ctx))


class _Weight(click.ParamType[tuple[str, float]]):
    name = "weight"

    @override
    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, float]:
        """A name, the last =, a number."""
        name, equals, weight = str(value).rpartition("=")
        if not equals or not name:
            self.fail(f"{value!r} is not like errors=2", param, ctx)
        return name, float(click.FLOAT(weight, param, ctx))


@click.command()
@click.argument("file", metavar="FILE")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--alpha", default=0.01, help="Chance ever to abort a good canary; 0.01.")
@click.option("--beta", default=0.05, help="Chance ever to promote a bad one; 0.05.")
@click.option(
    "--sigma",
    type=_Sigma(),
    default=0.3,
    help="Noise of the log ratio per batch; 0.3. none: requests are independent.",
)
@click.option("--margin-ratio", default=2.0, help="Unacceptable is this times stable;")
@click.option("--margin-abs", default=0.001, help="plus this, of requests; 2 and 0.001")
@click.option("--batch-seconds", default=60.0, help="Least length of a batch; 60.")
@click.option("--min-requests", default=1, help="Of the canary, before a promotion; 1.")
@click.option("--min-seconds", default=0.0, help="Before a promotion; 0.")
@click.option(
    "--weight",
    "weights",
    metavar="NAME=W",
    type=_Weight(),
    multiple=True,
    help="Share of alpha of a metric, beside the others'; 1. 0: it never aborts.",
)
@click.option("--fuse", type=float, metavar="P", help="Abort above this error rate.")
@click.option("--restarts", is_flag=True, help="Find regressions that begin late.")
def judge(  # noqa: PLR0913 - one an option
    file: str,
    *,
    as_json: bool,
    alpha: float,
    beta: float,
    sigma: float,
    margin_ratio: float,
    margin_abs: float,
    batch_seconds: float,
    min_requests: int,
    min_seconds: float,
    weights: tuple[tuple[str, float], ...],
    fuse: float | None,
    restarts: bool,
) -> ExitCode:
    """Judge the numbers in FILE: promote, abort or hold. - is standard input.

    Every line is a JSON object with the numbers of an interval that ends at t, in
    seconds: n requests, of which x failed.

    \b
    {"t": 60, "metric": "errors", "kind": "bernoulli",
     "canary": {"n": 500, "x": 3}, "stable": {"n": 4500, "x": 20}}

    No log, pipeline file or network is needed. Call it again whenever there are more
    lines: the error rates hold however often one looks.

    \b
    Exits with 0 to promote, 1 to abort, 3 to hold, 2 if FILE cannot be judged.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.canary.standalone import Judge  # noqa: PLC0415 - not for --help
    from sluicegate.cli.output import (  # noqa: PLC0415 - likewise
        use_what_the_terminal_has,
        warn,
        write_result,
    )
    from sluicegate.report.judged import (  # noqa: PLC0415 - likewise
        judged_document,
        judged_text,
    )
    from sluicegate.wiring.judging import judge_file  # noqa: PLC0415 - likewise

    def make(metrics: "Sequence[Metric]") -> "Judge":
        return Judge(
            alpha=alpha,
            beta=beta,
            sigma=sigma,
            margin_ratio=margin_ratio,
            margin_abs=margin_abs,
            batch_seconds=batch_seconds,
            min_requests=min_requests,
            min_seconds=min_seconds,
            fuse=fuse,
            restarts=restarts,
            metrics=metrics,
        )

    use_what_the_terminal_has()
    found = judge_file(file, make, weights=dict(weights))
    if sigma and batch_seconds < _ROBUST_SECONDS:
        text = f"batches of {batch_seconds:g} s are less robust than of 60 s and more:"
        warn([f"{text} noise that lasts longer than a batch aborts good canaries"])
    write_result(judged_document(found) if as_json else judged_text(found))
    return _CODES[found.verdict.value]


_CODES = {
    "promote": ExitCode.OPEN,
    "abort": ExitCode.CLOSED,
    "hold": ExitCode.PENDING,
}
