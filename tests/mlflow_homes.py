"""Where a champion can be registered: the stand-in, and a real server if there is one.

`SLUICE_TEST_MLFLOW` is the address of a real one, in which the tests leave models and
runs: `pip install mlflow` in an environment of its own, `mlflow server --port 5000
--backend-store-uri sqlite:///tests.db --artifacts-destination ./artifacts`, and
`SLUICE_TEST_MLFLOW=http://127.0.0.1:5000 pytest tests/contract/test_model_registry.py`.
"""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote

import requests
from fake_mlflow import serve_mlflow

_REAL = os.environ.get("SLUICE_TEST_MLFLOW", "")
HOMES = ("stand-in", "real") if _REAL else ("stand-in",)


class Home(Protocol):
    """A registry that a test fills."""

    @property
    def url(self) -> str:
        """What stands before ``/api/2.0``."""
        ...

    def begin_run(self) -> str:
        """Make a run; its id."""
        ...

    def log(self, run: str, path: str, data: bytes) -> None:
        """Let *run* have a file."""
        ...

    def register(self, model: str, run: str | None, alias: str | None) -> str:
        """Make a version of *model* out of *run*; its number."""
        ...


@dataclass
class RealMlflow:
    """A real server, filled over its own API."""

    url: str
    places: dict[str, str] = field(default_factory=dict)

    def begin_run(self) -> str:
        name = f"tests-{uuid.uuid4().hex}"
        experiment = self._post("experiments/create", name=name)["experiment_id"]
        run = self._post("runs/create", experiment_id=experiment)["run"]["info"]
        self.places[run["run_id"]] = run["artifact_uri"]
        return str(run["run_id"])

    def log(self, run: str, path: str, data: bytes) -> None:
        place = self.places[run].removeprefix("mlflow-artifacts:/")
        url = f"{self.url}/api/2.0/mlflow-artifacts/artifacts/{place}/{quote(path)}"
        requests.put(url, data=data, timeout=30).raise_for_status()

    def register(self, model: str, run: str | None, alias: str | None) -> str:
        if not self._knows(model):
            self._post("registered-models/create", name=model)
        named = {} if run is None else {"run_id": run}
        source = "models:/m-1" if run is None else f"{self.places[run]}/model"
        made = self._post("model-versions/create", name=model, source=source, **named)
        version = str(made["model_version"]["version"])
        if alias is not None:
            self._post(
                "registered-models/alias", name=model, alias=alias, version=version
            )
        return version

    def _knows(self, model: str) -> bool:
        url = f"{self.url}/api/2.0/mlflow/registered-models/get"
        return requests.get(url, params={"name": model}, timeout=30).ok

    def _post(self, path: str, **body: object) -> Any:  # noqa: ANN401 - JSON of others
        url = f"{self.url}/api/2.0/mlflow/{path}"
        answer = requests.post(url, json=body, timeout=30)
        assert answer.ok, answer.text
        return answer.json()


@contextmanager
def mlflow_home(name: str) -> Iterator[Home]:
    """The home called *name*: ``stand-in`` or ``real``."""
    if name == "stand-in":
        with serve_mlflow() as fake:
            yield fake
        return
    yield RealMlflow(_REAL.rstrip("/"))
