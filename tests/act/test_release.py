"""The full picture: from a push of nothing to a release that people have approved.

Jobs are those of the shipped workflows. Lint, tests, build, scan, registry, log, canary
and proxy are real; people answer through GitHub.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from act.shop import Shop, open_shop

pytestmark = [
    pytest.mark.docker,
    pytest.mark.trivy,
    pytest.mark.skipif(shutil.which("trivy") is None, reason="needs Trivy on PATH"),
]

OPEN = {"test/test": "success", "build/build": "success", "scan/scan": "success"}


@pytest.fixture
def shop(tmp_path: Path, action: Path, action_home: Path) -> Iterator[Shop]:
    with open_shop(tmp_path, action, action_home) as found:
        yield found


def test_from_nothing_to_a_release_that_somebody_approved(shop: Shop) -> None:
    done = shop.release("v1")
    assert done.results == {
        **OPEN,
        "record/record": "success",
        "record/attest": "success",
    }, done.text
    record = done.jobs["record/record"].outputs
    assert (record["verdict"], record["decision"]) == ("pending", "wait")
    assert record["reason-code"] == "approval-missing"

    done = shop.world.dispatch(
        "approve.yml", "bob", request=record["request-id"], decision="approve"
    )
    print(done.text)
    assert done.results == {"approve": "success", "rollout/production": "success"}
    assert shop.serving() == "v1"

    shop.release("v2")
    record = shop.world.runs[-1].jobs["record/record"].outputs
    with shop.visited() as answers:
        done = shop.world.dispatch(
            "approve.yml", "bob", request=record["request-id"], decision="approve"
        )
        assert done.results == {"approve": "success", "rollout/production": "success"}
        for _ in range(20):
            done = shop.world.on_schedule("rollout.yml")
            if done.jobs["production"].outputs["verdict"] != "pending":
                break
    assert set(answers) == {"v1", "v2"}
    assert shop.serving() == "v2"

    done = shop.world.on_schedule("audit.yml")
    assert done.results == {"audit": "success"}, done.text
    kinds = shop.kinds()
    for kind in ("release.requested", "answer.attested", "rollout.finished"):
        assert kinds.count(kind) == 2, kinds
    assert shop.world.refused == []
    said = "".join(run.text for run in shop.world.runs)
    for secret in shop.world.secrets.values():
        assert secret not in shop.trace
        assert secret not in said
    assert "'GITHUB_JOB': 'test'" in shop.trace
    for job in ("record", "approve", "production", "audit", "scan", "build", "attest"):
        assert f"'GITHUB_JOB': '{job}'" not in shop.trace, job
        assert f"GITHUB_JOB={job}" not in shop.trace, job
