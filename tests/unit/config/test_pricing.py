"""Unit tests of `sluicegate.config.costs` and `sluicegate.config.pricing`."""

from decimal import Decimal

import pytest

from sluicegate.config.file import parse_pipeline
from sluicegate.errors import PipelineFileError
from sluicegate.model.cost import Rate, Rates

HEAD = """\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  lint: {uses: ruff}
  train: {uses: command, run: make train}
"""


def read(costs: str) -> Rates | None:
    return parse_pipeline((HEAD + costs).encode(), "p.yaml").costs


def problems(costs: str) -> list[str]:
    with pytest.raises(PipelineFileError) as failed:
        read(costs)
    return str(failed.value).splitlines()


def test_a_file_without_costs_has_no_rates() -> None:
    assert read("") is None


@pytest.mark.parametrize("written", ["0.1", "2.50", "123456.123456", "7", '"0.30"'])
def test_rates_are_what_was_written_to_the_last_digit(written: str) -> None:
    rates = read(f"costs: {{gpu_hour: {written}}}\n")

    assert rates is not None
    assert rates.everywhere.gpu_hour == Decimal(written.strip('"'))


def test_a_stage_overrides_what_it_names_and_has_the_rest_of_everywhere() -> None:
    rates = read(
        "costs: {currency: EUR, gpu_hour: 2, machine_hour: 1,"
        " stages: {train: {gpu_hour: 4}}}\n"
    )

    assert rates is not None
    assert rates.currency == "EUR"
    assert rates.of("train") == Rate(Decimal(4), Decimal(1))
    assert rates.of("lint") == rates.of("gone") == Rate(Decimal(2), Decimal(1))


def test_a_stage_may_cost_nothing() -> None:
    rates = read("costs: {gpu_hour: 2, stages: {train: {gpu_hour: 0}}}\n")

    assert rates is not None
    assert rates.of("train").gpu_hour == 0


def test_every_slip_is_told_with_its_line() -> None:
    found = problems(
        "costs:\n"
        "  currency: euro\n"
        "  gpu_hour: -1\n"
        "  stages:\n"
        "    tran: {gpu_hour: 4}\n"
        "    lint: {cpu_hour: 4}\n"
    )

    assert [line.split(": ")[:2] for line in found] == [
        ["p.yaml:7", "costs.currency"],
        ["p.yaml:8", "costs.gpu_hour"],
        ["p.yaml:10", "costs.stages.tran"],
        ["p.yaml:11", "costs.stages.lint"],
    ]
    assert "no stage 'tran' (did you mean 'train'?)" in found[2]


def test_costs_are_no_part_of_the_version() -> None:
    with_costs = parse_pipeline((HEAD + "costs: {gpu_hour: 2}\n").encode(), "p")

    assert with_costs.definition == parse_pipeline(HEAD.encode(), "p").definition
