"""compare and slices as a user runs them: champions, hand-overs, and lies."""

import json
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from fake_mlflow import FakeMlflow, serve_mlflow
from released import Place, the_tests

from sluicegate.adapters.stores.evidence import EvidenceDirectory
from sluicegate.model.digest import Digest
from sluicegate.model.evidence import Evidence, EvidenceFile
from sluicegate.model.rollout import RolloutResult

TOKEN = "s3cret-token-of-a-test"  # noqa: S105 - a made-up one
PIPELINE = """\
schema: sluicegate/v1
name: churn_release_v1.1
stages:
  evaluate:
    uses: command
    run: cp new.jsonl out.jsonl; echo "token ${{MLFLOW_TOKEN:-none}}"
    outputs: [out.jsonl]
  compare:
    uses: compare
    candidate: out.jsonl
    champion: {champion}
    metrics: {{accuracy: {{margin: 0.05}}}}
  slices:
    uses: slices
    predictions: out.jsonl
    by: [region]
    needs: [evaluate]
    required: [region=EU]
    rules: [{{metric: accuracy, min: 0.6}}]
  build: {{uses: docker-build, image: churn, needs: [compare, slices]}}
  canary: {{uses: canary, environment: production}}
environments:
  production: {{target: {{uses: docker, port: 8000}}}}
audit: {{store: "dir:kept/audit"}}
"""
ONLY = ("--only", "evaluate", "--only", "compare", "--only", "slices")
STABLE = "{uses: stable, environment: production}"


def predictions(right: float, *, eu: float = 0.9, n: int = 600, seed: int = 1) -> str:
    """Answers of which the share *right* is right, and *eu* in region EU."""
    draw = random.Random(seed)
    rows = []
    for at in range(n):
        region = ("US", "EU")[at % 2]
        is_right = draw.random() < (eu if region == "EU" else right)
        rows.append({"id": at, "y": 1, "yhat": int(is_right), "region": region})
    return "\n".join(map(json.dumps, rows)) + "\n"


@dataclass
class Project:
    """A service, whose release v1 is stable in production."""

    place: Place

    @property
    def evidence(self) -> Path:
        return self.place.service / "kept" / "evidence"

    def write(self, candidate: str, champion: str = STABLE) -> None:
        """Commit a pipeline and the predictions of a new model."""
        service = self.place.service
        text = PIPELINE.format(champion=champion)
        (service / "sluicegate.yaml").write_text(text)
        (service / ".gitignore").write_text("kept\nout.jsonl\n.sluicegate\n")
        (service / "new.jsonl").write_text(candidate)
        self.place.commit("a new model")

    def release(self, champion: str) -> Digest:
        """Let v1 be stable, judged by these predictions."""
        digest = EvidenceDirectory(self.evidence).keep(champion.encode())
        name, size = "candidate.jsonl", len(champion.encode())
        file = EvidenceFile(name, "application/jsonl", size, digest)
        found = Evidence({"compared": True, "candidate_digest": str(digest)}, (file,))
        judged = replace(the_tests(), stage="compare", evidence=found)
        place = replace(self.place, found=(judged,))
        place.record("v1", None, RolloutResult.DEPLOYED)
        return digest

    def run(self, *options: str, code: int | None = None) -> dict[str, Any]:
        """What `sluice run` says of the stages before the canary, by name."""
        done = self.sluice("run", *ONLY, *options, "--json", code=code)
        document: dict[str, Any] = json.loads(done.stdout)
        return {stage["name"]: stage for stage in document["stages"]} | {
            "document": document
        }

    def sluice(self, *arguments: str, code: int | None = None) -> Result:
        done = self.place.sluice(*arguments)
        if code is not None:
            assert done.exit_code == code, done.output
        return done


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    place = Place(tmp_path)
    place.begin()
    place.commits["v1"] = place.commit("v1")
    place.enter(monkeypatch)
    return Project(place)


def test_a_new_model_is_held_against_the_one_that_is_live(project: Project) -> None:
    digest = project.release(predictions(0.9))
    project.write(predictions(0.9, seed=2))

    stages = project.run(code=0)

    fields = stages["compare"]["evidence"]
    assert fields["champion_digest"] == str(digest)
    assert fields["champion_version"] == "v1 in production"
    assert fields["champion_run"].startswith("01JDA2Z9M3Q4T5V6W7X8Y9Z0A1")
    assert stages["slices"]["verdict"] == "open"
    project.write(predictions(0.7, eu=0.75, seed=3))
    worse = project.run(code=1)
    assert worse["compare"]["verdict"] == "closed"
    project.sluice("audit", "verify", code=0)


def test_predictions_that_are_lost_or_others_open_nothing(project: Project) -> None:
    digest = project.release(predictions(0.9))
    project.write(predictions(0.9, seed=2))
    (kept,) = (each for each in project.evidence.rglob("*") if _is(each, digest))
    kept.chmod(0o600)

    kept.write_bytes(predictions(0.1, eu=0.1).encode())
    done = project.sluice("run", *ONLY, code=5)
    assert digest.hex[:12] in done.output
    kept.unlink()
    lost = project.run(code=4)
    assert lost["compare"]["verdict"] == "broken"
    assert "are not there any more" in lost["compare"]["reason"]


def _is(path: Path, digest: Digest) -> bool:
    return path.is_file() and Digest.of(path.read_bytes()) == digest


def hand_over(project: Project, code: int) -> tuple[str, dict[str, Any]]:
    """Run in a job that nobody trusts; what it hands over, and what it says."""
    folder = project.place.root / "handed"
    shutil.rmtree(folder, ignore_errors=True)
    said = project.run("--no-record", "--hand-over", str(folder), code=code)
    digest = said["document"]["hand_over"]["digest"]
    return f"{folder}={digest}=evaluate,compare,slices", said


def test_the_champion_of_what_is_handed_over_is_read_by_the_judge(
    project: Project,
) -> None:
    project.release(predictions(0.9))
    project.write(predictions(0.9, seed=2))
    handed, said = hand_over(project, code=3)
    assert said["compare"]["verdict"] == "pending"
    assert "NOT RECORDED" in said["compare"]["reason"]
    given = (project.place.root / "handed" / "files").iterdir()
    assert predictions(0.9) not in [path.read_text() for path in given]

    stages = project.run("--handed-over", handed, code=0)

    assert stages["compare"]["verdict"] == "open"
    assert stages["compare"]["evidence"]["champion_version"] == "v1 in production"
    assert stages["slices"]["evidence"]["accuracy_min_worst"] in (
        "region=EU",
        "region=US",
    )
    assert stages["slices"]["handed_over"]["digest"] == handed.split("=")[1]


@pytest.fixture
def mlflow(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[FakeMlflow, str]]:
    """A registry with a version to beat, and how the pipeline file names it."""
    monkeypatch.setenv("MLFLOW_TOKEN", TOKEN)
    with serve_mlflow() as fake:
        fake.login = f"Bearer {TOKEN}"
        run = fake.begin_run()
        fake.log(run, "eval/old.jsonl", predictions(0.9).encode())
        fake.register("churn", run, "champion")
        source = f"uses: mlflow, url: {fake.url}, model: churn"
        login = "auth: {bearer: {env: MLFLOW_TOKEN}}"
        yield fake, f"{{{source}, predictions: eval/old.jsonl, {login}}}"


def test_a_champion_of_mlflow_is_named_and_its_token_is_not(
    project: Project, mlflow: tuple[FakeMlflow, str]
) -> None:
    fake, champion = mlflow
    project.write(predictions(0.9, seed=2), champion)

    stages = project.run(code=0)

    fields = stages["compare"]["evidence"]
    assert fields["champion_version"] == "churn version 1"
    assert fields["champion_run"] == "0" * 32
    assert fields["champion_digest"] == str(Digest.of(predictions(0.9).encode()))
    kept = [path for path in project.place.service.rglob("*") if path.is_file()]
    assert not any(TOKEN.encode() in path.read_bytes() for path in kept)
    origin = [path for path in kept if b'"from": "mlflow"' in path.read_bytes()]
    assert json.loads(origin[0].read_text())["url"] == fake.url

    fake.register("churn", fake.begin_run(), "champion")  # it has moved
    assert project.run(code=4)["compare"]["verdict"] == "broken"


def test_a_champion_of_mlflow_that_cannot_be_had_opens_nothing(
    project: Project, mlflow: tuple[FakeMlflow, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake, champion = mlflow
    project.write(predictions(0.9, seed=2), champion)

    fake.login = "Bearer another"
    handed, said = hand_over(project, code=3)
    assert "HTTP 401" in said["compare"]["reason"]
    fake.login = f"Bearer {TOKEN}"
    monkeypatch.delenv("MLFLOW_TOKEN")
    missing = project.run("--handed-over", handed, code=4)
    assert "MLFLOW_TOKEN is not set" in missing["compare"]["reason"]

    monkeypatch.setenv("MLFLOW_TOKEN", TOKEN)
    judged = project.run("--handed-over", handed, code=0)
    assert judged["compare"]["evidence"]["champion_version"] == "churn version 1"
