"""What a registry of models answers: the stand-in as the real MLflow does."""

import uuid
from collections.abc import Iterator

import pytest
from mlflow_homes import HOMES, Home, mlflow_home

from sluicegate.adapters.mlflow.api import MlflowApi
from sluicegate.adapters.mlflow.champion import Wanted, find_champion
from sluicegate.errors import PermanentError
from sluicegate.model.champion import Champion, NoChampion

DATA = b'{"id": "a", "y": 1, "yhat": 1}\n'


@pytest.fixture(params=HOMES)
def home(request: pytest.FixtureRequest) -> Iterator[Home]:
    with mlflow_home(request.param) as found:
        yield found


@pytest.fixture
def model() -> str:
    """A name that no other test has used, of what names may hold."""
    return f"churn model.ü-{uuid.uuid4().hex}"


def find(
    home: Home, model: str, path: str = "eval/p.jsonl", alias: str = "champion"
) -> Champion | NoChampion:
    wanted = Wanted(model, alias, path, 1 << 20)
    return find_champion(MlflowApi(home.url), wanted, 60)


@pytest.mark.parametrize("path", ["p.jsonl", "eval/p.csv", "eval/ü b+c&d=e.jsonl"])
def test_a_champion_is_what_the_run_of_the_version_has_logged(
    home: Home, model: str, path: str
) -> None:
    other, run = home.begin_run(), home.begin_run()
    home.log(other, path, b"others")
    home.log(run, path, DATA)
    home.register(model, other, "challenger")
    version = home.register(model, run, "champion")

    found = find(home, model, path)

    assert isinstance(found, Champion)
    assert found.data == DATA
    assert found.name == path.rsplit("/", 1)[-1]
    assert (found.version, found.run) == (f"{model} version {version}", run)
    assert found.origin["url"] == home.url
    assert found.origin["file"] == path


def test_an_alias_that_moves_is_another_champion(home: Home, model: str) -> None:
    runs = [home.begin_run(), home.begin_run()]
    for run in runs:
        home.log(run, "eval/p.jsonl", run.encode())
        home.register(model, run, "champion")
        found = find(home, model)

        assert isinstance(found, Champion)
        assert (found.run, found.data) == (run, run.encode())


def test_an_empty_file_is_an_answer(home: Home, model: str) -> None:
    run = home.begin_run()
    home.log(run, "eval/p.jsonl", b"")
    home.register(model, run, "champion")

    found = find(home, model)

    assert isinstance(found, Champion)
    assert found.data == b""


def test_no_model_and_no_version_of_that_alias_are_no_champion(
    home: Home, model: str
) -> None:
    assert "has no model" in _why(find(home, model))
    home.register(model, home.begin_run(), None)
    assert "called champion" in _why(find(home, model))
    home.register(model, home.begin_run(), "challenger")
    assert "called champion" in _why(find(home, model))


def _why(found: Champion | NoChampion) -> str:
    assert isinstance(found, NoChampion)
    return found.reason


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("eval/no.jsonl", "has no file eval/no.jsonl"),
        ("eval", "is no file|a directory"),
    ],
)
def test_a_version_without_that_file_is_broken(
    home: Home, model: str, path: str, why: str
) -> None:
    run = home.begin_run()
    home.log(run, "eval/p.jsonl", DATA)
    home.register(model, run, "champion")

    with pytest.raises(PermanentError, match=why):
        find(home, model, path)
