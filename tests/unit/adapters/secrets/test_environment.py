"""Secrets in variables."""

import pytest

from sluicegate.adapters.secrets.environment import EnvironmentSecrets
from sluicegate.errors import PermanentError
from sluicegate.model.secret import FetchedSecret, Purpose

PURPOSE = Purpose("churn", "01J9Z3NDEKTSV4RRFFQ69G5FAV", "build")
CANARY = "c4nary-value"


def fetch(
    environ: dict[str, str],
    name: str = "TOKEN",
    field: str | None = None,
    version: str | None = None,
) -> FetchedSecret:
    return EnvironmentSecrets(environ).login(PURPOSE).fetch(name, field, version)


def test_a_variable_is_a_secret_without_a_version() -> None:
    assert fetch({"TOKEN": CANARY}) == FetchedSecret(CANARY, None)


def test_a_variable_is_given_as_it_is_with_its_spaces_and_lines() -> None:
    assert fetch({"TOKEN": " a\nb \n"}).value == " a\nb \n"


@pytest.mark.parametrize("environ", [{}, {"token": CANARY}])
def test_a_variable_that_is_not_set_is_an_error(environ: dict[str, str]) -> None:
    with pytest.raises(PermanentError, match="TOKEN is not set") as caught:
        fetch(environ)
    assert caught.value.hint == "export TOKEN where sluice runs"


@pytest.mark.parametrize("value", ["", " ", "\n"])
def test_a_variable_that_is_empty_is_an_error(value: str) -> None:
    with pytest.raises(PermanentError, match="TOKEN is empty"):
        fetch({"TOKEN": value})


@pytest.mark.parametrize(("field", "version"), [("password", None), (None, "3")])
def test_a_variable_has_no_parts(field: str | None, version: str | None) -> None:
    with pytest.raises(PermanentError, match="a variable is one value") as caught:
        fetch({"TOKEN": CANARY}, "TOKEN", field, version)
    assert CANARY not in str(caught.value)


def test_there_is_nothing_to_revoke() -> None:
    login = EnvironmentSecrets({"TOKEN": CANARY}).login(PURPOSE)
    assert login.end() is None
    assert login.end() is None


def test_no_secret_is_shown_by_what_holds_it() -> None:
    provider = EnvironmentSecrets({"TOKEN": CANARY})
    login = provider.login(PURPOSE)
    shown = f"{provider!r} {login!r} {login.fetch('TOKEN', None, None)!r}"
    assert CANARY not in shown
