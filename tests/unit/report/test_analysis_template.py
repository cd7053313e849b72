"""Unit tests of `sluicegate.report.analysis_template`: what Argo Rollouts makes of it.

The manifests go through the schema of the real CRD, the script through sh, with a
program in the place of ``sluice`` that answers as it is told.
"""

import os
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from kube_api import State, serve

from sluicegate.model.rollout import DeadlinePolicy
from sluicegate.report.analysis_template import Recipe, analysis_template, script

PIPELINE = 'schema: sluicegate/v1\n\nname: "shop_release_v1.0"  # it\'s: {ours}\n'


def recipe(
    on_deadline: DeadlinePolicy = DeadlinePolicy.ROLLBACK,
    *,
    deadline_seconds: int = 3600,
    variables: Sequence[str] = (),
) -> Recipe:
    return Recipe(
        environment="Production_EU",
        namespace="shop",
        image="registry.example/ci@sha256:" + "0" * 64,
        pipeline=PIPELINE,
        judge=("--alpha 0.01", "--restarts"),
        every_seconds=60,
        deadline_seconds=deadline_seconds,
        on_deadline=on_deadline,
        variables=variables,
    )


def documents(of: Recipe) -> tuple[dict[str, Any], dict[str, Any]]:
    config_map, template = yaml.safe_load_all(analysis_template(of))
    return config_map, template


@pytest.mark.parametrize("policy", DeadlinePolicy)
def test_the_cluster_takes_the_manifests(policy: DeadlinePolicy) -> None:
    found = documents(recipe(policy, variables=["PROMETHEUS_TOKEN"]))
    with serve(State(["shop"])) as cluster:
        for each in found:
            made = cluster.hand("kubectl").create(each)
            assert made["metadata"]["name"] == "sluicegate-production-eu"
        kept = cluster.hand("kubectl").list("AnalysisTemplate", "shop")
    assert kept[0]["spec"] == found[1]["spec"]  # nothing was pruned as unknown


def test_the_pipeline_file_is_in_the_config_map_as_it_is() -> None:
    config_map, _ = documents(recipe())

    assert config_map["data"] == {"sluicegate.yaml": PIPELINE}


def test_a_login_comes_from_a_secret() -> None:
    _, template = documents(recipe(variables=["PROMETHEUS_TOKEN"]))

    (metric,) = template["spec"]["metrics"]
    (container,) = metric["provider"]["job"]["spec"]["template"]["spec"]["containers"]
    assert container["env"][-1] == {
        "name": "PROMETHEUS_TOKEN",
        "valueFrom": {
            "secretKeyRef": {"name": "sluicegate-prometheus", "key": "PROMETHEUS_TOKEN"}
        },
    }
    # What Argo fills in is no part of the script, which a name could end.
    assert "{{" not in "".join(container["args"])


@dataclass(frozen=True)
class Ran:
    code: int | None
    calls: list[str]


def run(
    folder: Path,
    of: Recipe,
    metric: str,
    *,
    count: Sequence[int] = (0,),
    judge: Sequence[int] = (3,),
    has_numbers: bool = True,
) -> Ran:
    """Run the Job's script; `sluice` ends with these codes, the last again and again.

    It is stopped, and its code None, once it has asked the judge ten times.
    """
    programs = folder / "bin"
    programs.mkdir()
    numbers = folder / "n.jsonl"
    if has_numbers:
        numbers.write_text("{}\n")
    for name, codes in (("count", count), ("judge", judge)):
        (folder / name).write_text("".join(f"{code}\n" for code in codes))
    _write(
        programs / "sluice",
        f"""cd {folder}; echo "$2 $*" >> calls
code=$(head -n 1 "$2"); [ "$(wc -l < "$2")" -eq 1 ] || sed -i 1d "$2"
[ "$(grep -c '^judge' calls)" -le 10 ] || kill $PPID
exit "$code"
""",
    )
    _write(programs / "sleep", f'echo "sleep $1" >> {folder}/calls\n')
    text = "\n".join(script(of, metric)).replace("/numbers/n.jsonl", str(numbers))
    done = subprocess.run(
        ["sh", "-c", text],
        env={
            "PATH": f"{programs}:{os.environ['PATH']}",
            "STABLE": "shop",
            "CANARY": "shop canary",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == ""
    code = None if done.returncode < 0 else done.returncode
    calls = (folder / "calls").read_text().splitlines()
    return Ran(code, [each.split()[0] for each in calls])


def _write(file: Path, text: str) -> None:
    file.write_text(f"#!/bin/sh\n{text}")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)


@pytest.mark.parametrize(
    ("metric", "judge", "code"),
    [
        ("verdict", [3, 3, 0], 0),
        ("verdict", [3, 1], 1),
        ("verdict", [2], 2),
        ("verdict", [3], None),
        ("worse", [3, 0], 0),
        ("worse", [3, 1], 1),
        ("better", [3, 0], 0),
        ("better", [3, 1], None),  # the other one fails the analysis
    ],
)
def test_a_job_ends_with_the_verdict(
    tmp_path: Path, metric: str, judge: list[int], code: int | None
) -> None:
    policy = DeadlinePolicy.ROLLBACK if metric == "verdict" else DeadlinePolicy.HOLD
    assert run(tmp_path, recipe(policy), metric, judge=judge).code == code


@pytest.mark.parametrize(
    ("metric", "policy", "code"),
    [
        ("verdict", DeadlinePolicy.ROLLBACK, 1),
        ("verdict", DeadlinePolicy.PROMOTE, 0),
        ("worse", DeadlinePolicy.HOLD, 0),
        ("better", DeadlinePolicy.HOLD, 1),
    ],
)
def test_a_job_ends_at_the_deadline(
    tmp_path: Path, metric: str, policy: DeadlinePolicy, code: int
) -> None:
    over = recipe(policy, deadline_seconds=0)
    found = run(tmp_path, over, metric)

    assert found == Ran(code, ["count", "judge"])  # it is looked once more


def test_an_outage_of_prometheus_is_waited_for_and_a_slip_is_not(
    tmp_path: Path,
) -> None:
    (tmp_path / "a").mkdir()
    found = run(tmp_path / "a", recipe(), "verdict", count=[4, 4, 0], judge=[3, 3, 0])
    assert found.code == 0
    assert found.calls == ["count", "judge", "sleep"] * 2 + ["count", "judge"]

    (tmp_path / "b").mkdir()
    found = run(tmp_path / "b", recipe(), "verdict", count=[2])
    assert found == Ran(2, ["count"])


def test_nothing_is_judged_before_there_are_numbers(tmp_path: Path) -> None:
    over = recipe(deadline_seconds=0)
    found = run(tmp_path, over, "verdict", count=[4], has_numbers=False)

    assert found == Ran(1, ["count"])


def assess(metric: dict[str, Any], *, is_success: bool) -> str:
    """What Argo makes of a metric whose only Job has ended.

    Source: argo-rollouts 9f8d111d, analysis/analysis.go, `assessMetricStatus`.
    """
    failed = 0 if is_success else 1
    if failed > metric["failureLimit"]:
        return "Failed"
    successes = metric.get("consecutiveSuccessLimit", 0)
    if successes and int(is_success) >= successes:
        return "Successful"
    return "Inconclusive" if successes else "Successful"


def test_a_hold_is_inconclusive_and_an_abort_is_a_failure() -> None:
    _, template = documents(recipe(DeadlinePolicy.HOLD))
    worse, better = template["spec"]["metrics"]

    assert (worse["name"], better["name"]) == ("worse", "better")
    assert all(each["count"] == 1 for each in (worse, better))
    # promote
    assert assess(worse, is_success=True) == "Successful"
    assert assess(better, is_success=True) == "Successful"
    # abort: the worst of both is what the run is, and `better` goes on until then
    assert assess(worse, is_success=False) == "Failed"
    # hold until the deadline
    assert assess(better, is_success=False) == "Inconclusive"


def test_without_a_hold_one_metric_is_enough() -> None:
    _, template = documents(recipe(DeadlinePolicy.ROLLBACK))
    (metric,) = template["spec"]["metrics"]

    assert assess(metric, is_success=True) == "Successful"
    assert assess(metric, is_success=False) == "Failed"
    assert metric["provider"]["job"]["spec"]["backoffLimit"] == 0
