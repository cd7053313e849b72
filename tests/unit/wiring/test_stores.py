"""Unit tests of `sluicegate.wiring.stores`."""

from pathlib import Path

import pytest

from sluicegate.adapters.stores.bucket_evidence import BucketEvidence
from sluicegate.adapters.stores.bucket_log import BucketLog
from sluicegate.adapters.stores.directory_log import DirectoryLog
from sluicegate.errors import PermanentError
from sluicegate.model.address import Address
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.stores import (
    log_variables,
    name_place,
    open_evidence,
    open_store,
)


@pytest.mark.parametrize(
    "spelling",
    [
        "log",
        "./log",
        "sub/../log",
        "sub//../log/",
        "link/log",
        "sub/up/log",
    ],
)
def test_a_place_is_the_same_however_it_is_spelt(
    spelling: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    (project / "sub").mkdir(parents=True)
    (project / "link").symlink_to(project)
    (project / "sub/up").symlink_to("..")
    monkeypatch.chdir(project)
    place = name_place(Machine({}), Address.parse(f"dir:{project / 'log'}"), Path())

    assert name_place(Machine({}), Address.parse(f"dir:{spelling}"), Path()) == place
    assert name_place(Machine({}), Address.parse(spelling), project) == place


def test_a_plain_path_is_a_folder_from_where_it_is_named(tmp_path: Path) -> None:
    store = open_store(Machine({}), Address.parse("a/b"), tmp_path)

    assert isinstance(store, DirectoryLog)
    assert store.root == tmp_path / "a/b"


@pytest.mark.parametrize(
    "text",
    [
        "s3://acme-audit/churn",
        "s3://acme-audit/churn/",
        "s3://acme-audit/churn?mode=governance",
        "s3://acme-audit/churn?control=acme-control",
    ],
)
def test_a_place_in_a_bucket_is_the_same_however_it_is_locked(text: str) -> None:
    place = name_place(Machine({}), Address.parse(text), Path())

    assert place == "s3://acme-audit/churn"


def test_a_log_in_a_bucket_is_opened_without_asking_the_bucket(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    address = Address.parse("s3://acme-audit/churn")

    assert isinstance(open_store(Machine({}), address, tmp_path), BucketLog)
    assert isinstance(open_evidence(Machine({}), address, tmp_path), BucketEvidence)


def test_aws_settings_that_cannot_be_used_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))

    with pytest.raises(PermanentError, match="nobody"):
        open_store(Machine({}), Address.parse("s3://acme-audit"), tmp_path)


CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "A",
    "AWS_SECRET_ACCESS_KEY": "B",
    "AWS_SESSION_TOKEN": "C",
    "AWS_PROFILE": "D",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "E",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "F",
}


def test_what_opens_a_log_in_a_bucket_is_kept_from_programs_of_stages() -> None:
    machine = Machine({**CREDENTIALS, "AWS_REGION": "eu-central-1", "PATH": "/bin"})

    found = log_variables(machine, Address.parse("s3://acme-audit"))
    assert found == CREDENTIALS.keys()
    assert log_variables(machine, Address.parse("dir:log")) == frozenset()


def test_a_log_with_credentials_of_its_own_leaves_the_usual_ones_to_stages() -> None:
    machine = Machine({**CREDENTIALS, "SLUICE_AWS_ACCESS_KEY_ID": "L"})

    assert log_variables(machine, Address.parse("s3://acme-audit")) == frozenset()
