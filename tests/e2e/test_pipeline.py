"""The sample service through all its gates, and faults that each close one of them.

Everything is real: ruff, pytest, BuildKit, Trivy with a database made from real
advisories, the engine, the proxy, traffic. One first release serves all tests.
"""

import http.client
import json
import os
import pickle
import re
import secrets
import shutil
import socket
import string
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import docker
import pytest
import yaml
from cli_project import CliProject
from draws import begin_draw
from e2e.trivydb.build import build

from sluicegate.adapters.targets.docker_traefik import remove_environment
from sluicegate.adapters.targets.images import remove_images
from sluicegate.demo.load import Load, read_bodies
from sluicegate.wiring.templates import templates

pytestmark = [
    pytest.mark.docker,
    pytest.mark.trivy,
    pytest.mark.skipif(shutil.which("trivy") is None, reason="needs Trivy on PATH"),
]

BASE = os.environ.get("SLUICE_TEST_BASE", "sluicegate-base:test")
SAMPLE = templates() / "sample-service"
STAGES = tuple(yaml.safe_load((SAMPLE / "sluicegate.yaml").read_text())["stages"])


def pipeline_of_sample(name: str, trivy_cache: Path, port: int) -> str:
    """The sample's own pipeline file, for this machine and with a faster canary."""
    document = yaml.safe_load((SAMPLE / "sluicegate.yaml").read_text())
    stages, target = (
        document["stages"],
        document["environments"]["production"]["target"],
    )
    document["name"] = f"{name}_release_v1.0"
    stages["build"] |= {"image": name, "args": {"BASE": BASE}}
    stages["scan"] = {"uses": "trivy", "cache_dir": str(trivy_cache), "offline": True}
    stages["canary"] |= {
        "steps": [25, 50],
        "block": "1s",
        "deadline": "2m",
        "judge": {"slack": 0.005},
    }
    target |= {"publish": port, "drain": "1s"}
    return str(yaml.safe_dump(document, sort_keys=False))


@dataclass
class Released:
    """The sample service with its first release in production."""

    project: CliProject
    name: str
    port: int
    first: dict[str, Any]

    def run_with(self, files: dict[str, str], *, check: int) -> dict[str, Any]:
        """Commit *files* on top of the first release and run the pipeline."""
        self.project.git("checkout", "-q", "--detach", "v1")
        self.project.commit(files, "change something")
        return self.project.document("run", check=check)

    def run_what_is_there(self, *, check: int) -> dict[str, Any]:
        """Commit what lies there on top of the first release and run the pipeline."""
        self.project.commit({}, "change something")
        return self.project.document("run", check=check)

    def patched(self, *names: str) -> dict[str, str]:
        """The files that the patches of the demo change."""
        self.project.git("checkout", "-q", "--detach", "v1")
        for name in names:
            self.project.git("apply", str(templates() / "demo" / f"{name}.patch"))
        for script in (["train.py"], ["evaluate.py", "--card"]):
            subprocess.run([sys.executable, *script], cwd=self.folder, check=True)
        changed = self.project.git("diff", "--name-only").split()
        files = {name: (self.folder / name).read_text() for name in changed}
        self.project.git("checkout", "-q", "--", ".")
        return files

    @property
    def folder(self) -> Path:
        return self.project.folder

    def serving(self) -> str:
        """The version of the model that answers in production."""
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            client.request("GET", "/healthz")
            return str(client.getresponse().getheader("X-Model"))
        finally:
            client.close()

    def containers(self) -> set[str]:
        """The releases that have a container."""
        client = docker.from_env()
        try:
            found = client.containers.list(
                all=True, filters={"label": f"sluicegate.project={self.name}"}
            )
            names = {each.labels.get("sluicegate.release") for each in found}
            return {str(name) for name in names if name is not None}
        finally:
            client.close()


@pytest.fixture(scope="module")
def trivy_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("advisories")
    options = ("--no-deps", "--quiet", "--dest", str(folder), "safety-db==2021.7.17")
    subprocess.run([sys.executable, "-m", "pip", "download", *options], check=True)
    cache = tmp_path_factory.mktemp("trivy") / "cache"
    build(next(folder.glob("*.whl")), cache, datetime.now(UTC) - timedelta(hours=2))
    return cache


@pytest.fixture(scope="module")
def released(
    trivy_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Released]:
    root = tmp_path_factory.mktemp("pipeline")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    name = f"sluicegate-e2e-{port}"
    files = {
        name: (SAMPLE / name).read_text()
        for name in (str(path.relative_to(SAMPLE)) for path in SAMPLE.rglob("*"))
        if (SAMPLE / name).is_file() and not re.search(r"cache|^out/", name)
    }
    files["sluicegate.yaml"] = pipeline_of_sample(name, trivy_cache, port)
    project = CliProject.make(root, files)
    project.git("tag", "v1")
    state = project.home / ".local/state/sluicegate/targets" / f"{name}-production"
    try:
        first = project.document("run", check=0)
        yield Released(project, name, port, first)
    finally:
        remove_environment(name, "production", state)
        remove_images(name)


@pytest.fixture
def model(released: Released) -> Iterator[str]:
    """What serves before the test must serve after it, and nothing beside it."""
    before, containers = released.serving(), released.containers()
    yield before
    assert released.serving() == before
    assert released.containers() == containers


def verdicts(document: dict[str, Any]) -> dict[str, str]:
    return {stage["name"]: stage["verdict"] for stage in document["stages"]}


def ended_at(name: str, verdict: str) -> dict[str, str]:
    """Open gates up to *name*, which has another *verdict*, and nothing after it."""
    place = STAGES.index(name)
    # What is broken may be mended and gone on with: nothing is left out yet.
    after = "pending" if verdict == "broken" else "skipped"
    later = dict.fromkeys(STAGES[place + 1 :], after)
    return {**dict.fromkeys(STAGES[:place], "open"), name: verdict, **later}


def closed_at(name: str) -> dict[str, str]:
    return ended_at(name, "closed")


def evidence(document: dict[str, Any], stage: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        each["evidence"] for each in document["stages"] if each["name"] == stage
    )
    return found


def make_key() -> str:
    """Something that looks like a key of AWS and never was one."""
    letters = string.ascii_uppercase + "234567"
    return "AKIA" + "".join(secrets.choice(letters) for _ in range(16))


def test_the_sample_passes_all_its_gates(released: Released) -> None:
    assert verdicts(released.first) == dict.fromkeys(STAGES, "open")
    assert evidence(released.first, "canary")["result"] == "deployed"
    assert evidence(released.first, "scan")["critical"] == 0
    assert released.serving() == evidence_of_model(released)


def evidence_of_model(released: Released) -> str:
    text = released.project.git("show", "v1:model/model.json")
    return text.split('"version": "')[1].split('"')[0]


def ran(document: dict[str, Any]) -> list[str]:
    """The stages of a run that were not taken from an earlier one."""
    return [stage["name"] for stage in document["stages"] if not stage["cached"]]


def again(released: Released, *before: str, **environ: str) -> dict[str, Any]:
    """Run the pipeline for what is checked out, which must open again."""
    project = CliProject(
        released.folder, released.project.home, {**released.project.environ, **environ}
    )
    done = project.sluice("run", "--json", before=before, check=0)
    document: dict[str, Any] = json.loads(done.stdout)
    assert verdicts(document) == dict.fromkeys(STAGES, "open")
    return document


@pytest.mark.usefixtures("model")
def test_an_unchanged_commit_executes_nothing_and_is_already_live(
    released: Released,
) -> None:
    released.project.git("checkout", "-q", "--detach", "v1")
    trace = released.project.home / "trace"

    document = again(
        released,
        *("strace", "-f", "-qq", "-s", "300", "-e", "trace=execve", "-o", str(trace)),
    )

    assert ran(document) == ["canary"]
    assert evidence(document, "canary")["result"] == "unchanged"
    for stage in document["stages"][:-1]:
        first = next(s for s in released.first["stages"] if s["name"] == stage["name"])
        assert stage["evidence"] == first["evidence"]
    started = trace.read_text()
    assert "execve" in started
    for words in (
        *('"check"', '"pytest"', '"build"', '"fs"', '"image", "--format"'),
        *('"train.py"', '"evaluate.py"', '"sluicegate.smoke"'),
    ):
        assert words not in started, f"a stage ran {words}"


@pytest.mark.usefixtures("model")
def test_each_changed_input_runs_what_depends_on_it_and_nothing_else(
    released: Released, trivy_cache: Path, tmp_path: Path
) -> None:
    released.project.git("checkout", "-q", "--detach", "v1")

    metadata = trivy_cache / "db" / "metadata.json"
    known = json.loads(metadata.read_text())
    newer = datetime.now(UTC) - timedelta(minutes=5)
    updated = newer.strftime("%Y-%m-%dT%H:%M:%SZ")
    metadata.write_text(json.dumps({**known, "UpdatedAt": updated}))
    assert ran(again(released)) == ["scan", "canary"], "the database"

    other = tmp_path / "trivy"
    other.write_text(f'#!/bin/sh\nexec {shutil.which("trivy")} "$@"\n')
    other.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    assert ran(again(released, PATH=path)) == ["scan", "canary"], "the tool"

    # Of the same layers, the engine makes the same image: nothing new for the scan.
    remove_tags(released.name)
    assert ran(again(released)) == ["build", "canary"], "what it made is gone"


def remove_tags(name: str) -> None:
    """Remove the tags of the image; its ID stays while a container uses it."""
    client = docker.from_env()
    try:
        for image in client.images.list(name):
            for tag in image.tags:
                client.images.remove(tag, force=True, noprune=True)
    finally:
        client.close()


@pytest.mark.usefixtures("model")
def test_a_lint_error_closes_lint(released: Released) -> None:
    source = (SAMPLE / "features.py").read_text()
    files = {"features.py": source.replace("import math", "import math\nimport os")}
    document = released.run_with(files, check=1)
    assert verdicts(document) == closed_at("lint")


@pytest.mark.usefixtures("model")
def test_a_failing_test_closes_test(released: Released) -> None:
    text = 'def test_it_flies() -> None:\n    assert "penguin".startswith("fly")\n'
    document = released.run_with({"tests/test_flight.py": text}, check=1)
    assert verdicts(document) == closed_at("test")
    assert evidence(document, "test")["failed"] == 1


@pytest.mark.usefixtures("model")
def test_a_planted_secret_closes_scan(released: Released) -> None:
    text = f"aws_access_key_id = {make_key()}\n"
    document = released.run_with({"deploy.env": text}, check=1)
    assert verdicts(document) == closed_at("scan")
    assert evidence(document, "scan")["secrets"] == 1
    assert evidence(document, "scan")["critical"] == 0


@pytest.mark.usefixtures("model")
def test_a_vulnerable_package_closes_scan(released: Released) -> None:
    text = "PyYAML==5.3\n"
    document = released.run_with({"notebooks/requirements.txt": text}, check=1)
    assert verdicts(document) == closed_at("scan")
    assert evidence(document, "scan")["critical"] == 2
    assert evidence(document, "scan")["secrets"] == 0


def train_badly(folder: Path) -> None:
    change(
        folder,
        "train.py",
        "    learn, test",
        "    raise SystemExit(3)\n    learn, test",
    )


def leave_a_file_beside_the_model(folder: Path) -> None:
    (folder / "model" / "scaler.json").write_text("{}")


def save_a_pickle_beside_the_model(folder: Path) -> None:
    (folder / "model" / "scaler.json").write_bytes(pickle.dumps(print, 0))
    change(
        folder,
        "train.py",
        "    classifier.save(model, MODEL, metrics=metrics)\n",
        "    classifier.save(model, MODEL, metrics=metrics)\n"
        "    import pickle\n\n"
        '    (MODEL.parent / "scaler.json").write_bytes(pickle.dumps(print, 0))\n',
    )


def beat_it_before(folder: Path) -> None:
    path = folder / "evaluation" / "champion.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    perfect = (json.dumps({**row, "yhat": row["y"], "loss": 0.0}) for row in rows)
    path.write_text("\n".join(perfect) + "\n")


def leave_out_a_mistake(folder: Path) -> None:
    change(
        folder,
        "evaluate.py",
        '    write(OUT / "predictions.jsonl", rows)\n',
        '    right = [each for each in rows if each["y"] == each["yhat"]]\n'
        '    write(OUT / "predictions.jsonl", right)\n',
    )


def leave_a_part_of_the_card_to_fill_in(folder: Path) -> None:
    path = folder / "MODEL_CARD.md"
    before, after = path.read_text().split("## Limitations")
    rest = after[after.index("## ") :]
    path.write_text(f"{before}## Limitations\n\n[More Information Needed]\n\n{rest}")


def serve_another_model(folder: Path) -> None:
    """As an image does that was built from a folder nobody has cleaned up."""
    assert " -0." in (folder / "model/model.json").read_text()
    change(
        folder,
        "Dockerfile",
        "COPY model model\n",
        "COPY model model\nRUN sed -i s/-0/-1/ model/model.json\n",
    )


def refuse_what_is_new(folder: Path) -> None:
    known = ["island", "sex", "year", "bill_length_mm", "bill_depth_mm"]
    change(
        folder,
        "service.py",
        "    return classifier.answer(model, vector(_read_object(body)))\n",
        "    bird = _read_object(body)\n"
        f"    known = {json.dumps(known)}\n"
        '    if {*bird} - {*known, "flipper_length_mm", "body_mass_g"}:\n'
        '        raise BadInputError("unknown fields")\n'
        "    return classifier.answer(model, vector(bird))\n",
    )


def change(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text()
    assert text.count(old) == 1
    (folder / name).write_text(text.replace(old, new))


SPOILED = [
    (train_badly, "train", "broken"),
    (leave_a_file_beside_the_model, "train", "broken"),
    (save_a_pickle_beside_the_model, "modelscan", "closed"),
    (beat_it_before, "compare", "closed"),
    (leave_out_a_mistake, "compare", "broken"),
    (leave_a_part_of_the_card_to_fill_in, "docs", "closed"),
    (serve_another_model, "smoke", "closed"),
    (refuse_what_is_new, "smoke", "closed"),
]
# Drawn when it runs, not when it is collected: every worker has to find the same tests.
DRAWN = (None,)


@pytest.mark.exhaustive
@pytest.mark.usefixtures("model")
@pytest.mark.parametrize(
    "spoiled",
    SPOILED if os.environ.get("SLUICE_FULL") else DRAWN,
    ids=lambda case: "drawn" if case is None else case[0].__name__,
)
def test_a_spoiled_model_is_held_up_by_the_gate_that_should(
    released: Released, spoiled: tuple[Callable[[Path], None], str, str] | None
) -> None:
    if spoiled is None:
        spoiled = begin_draw().choice(SPOILED)
        print(spoiled[0].__name__)
    spoil, stage, verdict = spoiled
    released.project.git("checkout", "-q", "--detach", "v1")
    spoil(released.folder)
    try:
        document = released.run_what_is_there(check=1 if verdict == "closed" else 4)
    finally:
        released.project.git("clean", "-qfd")
    assert verdicts(document) == ended_at(stage, verdict), evidence(document, stage)


@pytest.mark.usefixtures("model")
def test_a_release_that_fails_more_often_closes_canary(released: Released) -> None:
    load = Load(
        released.port, read_bodies(released.folder / "data/penguins.csv"), rate=100
    )
    files = released.patched("v2", "v3")
    with load.running():
        document = released.run_with(files, check=1)
    assert verdicts(document) == closed_at("canary")
    found = evidence(document, "canary")
    assert found["result"] == "rolled_back"
    assert found["failed"] > 0
    assert found["stable_failed"] == 0
    assert load.tally.lost == 0, load.tally.losses


TRAIN_WITH_SKLEARN = '''\
"""Trains the classifier with scikit-learn."""

from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

import classifier
import train
from features import vector

learn, test = train.split(train.read_birds(train.DATA))
vectors = [vector(bird) for bird in learn]
scaler = StandardScaler().fit(vectors)
found = LogisticRegression(max_iter=1000)
found.fit(scaler.transform(vectors), [str(bird["species"]) for bird in learn])
rows = zip(found.coef_.tolist(), found.intercept_.tolist(), strict=True)
model = classifier.Model(
    classes=tuple(str(name) for name in found.classes_),
    mean=tuple(scaler.mean_.tolist()),
    scale=tuple(scaler.scale_.tolist()),
    weights=tuple((*weights, intercept) for weights, intercept in rows),
)
accuracy = model.accuracy(
    [vector(bird) for bird in test], [str(bird["species"]) for bird in test]
)
train.save(model, accuracy, len(learn), len(test))
'''


def test_a_model_of_scikit_learn_is_promoted_without_a_failed_request(
    released: Released,
) -> None:
    before = released.serving()
    load = Load(
        released.port, read_bodies(released.folder / "data/penguins.csv"), rate=100
    )
    released.project.git("checkout", "-q", "--detach", "v1")
    folder = released.folder
    (folder / "train_sklearn.py").write_text(TRAIN_WITH_SKLEARN)
    document = yaml.safe_load((folder / "sluicegate.yaml").read_text())
    document["stages"]["train"]["run"] = [sys.executable, "train_sklearn.py"]
    document["stages"]["train"]["inputs"].append("train_sklearn.py")
    (folder / "sluicegate.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    for script in (["evaluate.py"], ["train_sklearn.py"], ["evaluate.py", "--card"]):
        subprocess.run([sys.executable, *script], cwd=folder, check=True)
        if script == ["evaluate.py"]:  # of what serves
            shutil.copy(
                folder / "out/predictions.jsonl", folder / "evaluation/champion.jsonl"
            )

    with load.running():
        found = released.run_what_is_there(check=0)

    assert verdicts(found) == dict.fromkeys(STAGES, "open")
    assert evidence(found, "canary")["result"] == "promoted"
    assert evidence(found, "compare")["accuracy_candidate"] > 0.95
    assert released.serving() != before
    assert load.tally.lost == 0, load.tally.losses
    assert sum(counts.failed for counts in load.tally.by_model.values()) == 0


def test_the_log_of_all_this_verifies(released: Released) -> None:
    document = released.project.document("audit", "verify", check=0)
    assert document["ok"]
    assert document["problems"] == []
