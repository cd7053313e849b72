"""Hold the port of Kayenta's judge against the tests that Kayenta publishes.

    python -m canary.kayenta_suites CHECKOUT     (in benchmarks/)

Reads ``ClassifierSuite.scala`` and ``MannWhitneySuite.scala`` of a checkout of
spinnaker/kayenta, takes the numbers out of each test and compares what is asserted
there with what the port says. Nothing of the suites is kept here.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from canary.kayenta import Config, Direction, Nan, classify
from canary.mann_whitney import Samples, compare, normal_quantile

_CLASSIFIER = (
    "kayenta-judge/src/test/scala/com/netflix/kayenta/judge/ClassifierSuite.scala"
)
_MANN_WHITNEY = (
    "kayenta-mannwhitney/src/test/scala/com/netflix/kayenta/mannwhitney/"
    "MannWhitneySuite.scala"
)
_CLOSE = 1e-6


def main() -> None:
    root = Path(sys.argv[1])
    checked = 0
    for name, body in _tests((root / _CLASSIFIER).read_text()):
        if "new MannWhitneyClassifier" in body and "result.classification ==" in body:
            _check_classifier(name, body)
            checked += 1
    print(f"{checked} tests of ClassifierSuite agree")
    print(
        f"{_check_mann_whitney((root / _MANN_WHITNEY).read_text())} of MannWhitneySuite"
    )


def _tests(text: str) -> Iterator[tuple[str, str]]:
    for part in re.split(r'\n  test\("', text)[1:]:
        name, _, body = part.partition('"')
        yield name, body


def _array(body: str, name: str) -> list[float]:
    found = re.search(rf"val {name}\s*=\s*Array(?:\[Double\])?\(([^)]*)\)", body)
    if found is None:
        raise SystemExit(f"no array {name}")
    return [float(each) for each in found[1].split(",") if each.strip()]


def _number(body: str, name: str) -> float:
    found = re.search(rf"val {name} = ([-0-9.E]+)", body)
    if found is None:
        raise SystemExit(f"no number {name}")
    return float(found[1])


def _check_classifier(name: str, body: str) -> None:
    config = Config(
        direction=Direction.EITHER,
        level=_option(body, "confLevel"),
        tolerance=_option(body, "tolerance"),
        cles='"cles"' in body,
        critical="isCriticalMetric = true" in body,
        nan=Nan.REPLACE if "NaNStrategy.Replace" in body else Nan.REMOVE,
    )
    direction = re.search(r"MetricDirection\.(\w+)", body)
    if direction is not None:
        config = replace(config, direction=Direction(direction[1].lower()))
    config = replace(
        config,
        allowed=_thresholds(body, "effectSizeThresholds"),
        critical_effect=_thresholds(body, "criticalThresholds"),
    )
    result = classify(
        _array(body, "experimentData"), _array(body, "controlData"), config
    )
    expected = re.search(r"result\.classification == (\w+)", body)
    _expect(name, result.label.value, expected and expected[1])
    critical = re.search(r"assert\((!?)result\.critical\)", body)
    if critical is not None:
        _expect(name, result.critical, critical[1] == "")


def _thresholds(body: str, name: str) -> tuple[float, float]:
    pair = re.search(rf"{name}\s*=\s*\(([\d.]+), ([\d.]+)\)", body)
    return (float(pair[1]), float(pair[2])) if pair else (1.0, 1.0)


def _option(body: str, name: str) -> float:
    found = re.search(rf"{name}\s*=\s*([\d.]+)", body)
    if found is None:
        raise SystemExit(f"no option {name}")
    return float(found[1])


def _check_mann_whitney(text: str) -> int:
    tests = dict(_tests(text))
    body = tests["Wilcoxon Diff Function"]
    samples = Samples(_array(body, "x"), _array(body, "y"))
    for value, shift in re.findall(
        r"assertEquals\(([-\d.]+), mannWhitney.wilcoxonDiff\((\d), 0", body
    ):
        _expect_close("diff", samples.deviation(float(shift), 0), float(value))
    body = tests["Test zQuant"]
    _expect_close("quantile", normal_quantile(0.98), 2.326348)
    for name in (
        "Mann-Whitney Confidence Interval & Estimate",
        "Mann-Whitney Confidence Interval & Estimate: Problem Case",
    ):
        body = tests[name]
        names = (
            ("experimentData", "controlData")
            if "experimentData" in body
            else ("experiment", "control")
        )
        shift = compare(
            *(_array(body, each) for each in names),
            level=0.98 if "0.98" in body else 0.95,
        )
        for field, got in (
            ("confidenceInterval.head", shift.low),
            ("confidenceInterval.last", shift.high),
            ("estimate", shift.estimate),
        ):
            value = re.search(rf"assertEquals\(([-\d.E]+), result\.{field}", body)
            _expect_close(f"{name} {field}", got, float(value[1]) if value else None)
    for name in (
        "Mann-Whitney Confidence Interval & Estimate: Tie out with R Version",
        "Mann-Whitney Confidence Interval & Estimate: Tie out with R Version (Large)",
    ):
        body = tests[name]
        shift = compare(
            _array(body, "experiment"),
            _array(body, "control"),
            level=0.98 if "0.98" in body else 0.95,
        )
        _expect_close(name, shift.low, _number(body, "rCiLow"))
        _expect_close(name, shift.high, _number(body, "rCiHigh"))
        _expect_close(name, shift.estimate, _number(body, "rEst"), within=1e-4)
    body = tests["Mann-Whitney Intermediate Values / Variables"]
    samples, z = Samples(_array(body, "x"), _array(body, "y")), normal_quantile(0.95)
    for got, value in (
        (samples.least, "rMumin"),
        (samples.most, "rMumax"),
        (z, "rZqLower"),
        (-z, "rZqUpper"),
        (samples.deviation(samples.least, z), "rFlower1"),
        (samples.deviation(samples.most, z), "rFupper1"),
        (samples.deviation(samples.least, -z), "rFlower2"),
        (samples.deviation(samples.most, -z), "rFupper2"),
        (samples.bound(z), "rCil"),
        (samples.bound(-z), "rCiu"),
        (samples.estimate(), "rEst"),
    ):
        _expect_close(value, got, _number(body, value))
    return 6


def _expect(name: str, got: object, wanted: object) -> None:
    if got != wanted:
        raise SystemExit(f"{name}: got {got}, the suite has {wanted}")


def _expect_close(
    name: str, got: float, wanted: float | None, within: float = _CLOSE
) -> None:
    if wanted is None or abs(got - wanted) > within:
        raise SystemExit(f"{name}: got {got}, the suite has {wanted}")


if __name__ == "__main__":
    main()
