"""Whether a real OpenBao tells what a login may do beside its secrets."""

import json
from pathlib import Path

import pytest
from openbao_service import Bao, Issuer, World
from scripted_server import answer, scripted
from vault_logins import PURPOSE, build, by_token, settings

from sluicegate.errors import PermanentError
from sluicegate.model.secret_access import Excess, SecretPlace, Survey
from sluicegate.ports.secrets_survey import SurveyedLogin

_PATH = "ml/prod/registry"
_TWO = "ml/prod/registry/spare"
_WITH_DEFAULT = {"token_no_default_policy": False}


@pytest.fixture
def world(bao: Bao, issuer: Issuer) -> World:
    made = bao.world(issuer)
    made.put(_PATH, value="x")
    made.role()
    return made


def _survey(world: World, folder: Path, *paths: str) -> Survey:
    login = by_token(world, folder, world.issuer.token()).login(PURPOSE)
    assert isinstance(login, SurveyedLogin)
    try:
        return login.survey([SecretPlace(path) for path in paths])
    finally:
        assert login.end() is None


def test_just_enough_is_just_enough(world: World, tmp_path: Path) -> None:
    world.allow(_PATH, _TWO)
    found = _survey(world, tmp_path, _PATH, _TWO)
    assert (found.excess, found.unknown) == ((), ())
    assert found.identity == f"policies {world.policy}; lasts 15m"


def test_a_secret_that_the_file_no_longer_names_is_too_much(
    world: World, tmp_path: Path
) -> None:
    world.allow(_PATH, "ml/prod")
    found = _survey(world, tmp_path, _PATH)
    assert [each.place for each in found.excess] == [f"{world.mount}/data/ml/prod"]
    assert _survey(world, tmp_path, _PATH, "ml/prod").excess == ()


def test_the_policy_called_default_is_not_held_against_it(
    world: World, tmp_path: Path
) -> None:
    world.allow(_PATH)
    world.role(**_WITH_DEFAULT)
    found = _survey(world, tmp_path, _PATH)
    assert found.excess == ()
    assert "default" in found.identity


_BROAD = {
    "a folder": ("{}/data/ml/*", "read", "{}/data/ml/*"),
    "a store's secrets": ("{}/data/*", "read", "{}/data/*"),
    "a beginning of a name": (
        "{}/data/ml/prod/reg*",
        "read",
        "{}/data/ml/prod/registry*",
    ),
    "what is below": (
        "{}/data/ml/prod/registry/*",
        "read",
        "{}/data/ml/prod/registry/*",
    ),
    "any folder": ("{}/data/+/prod/registry", "read", "{}/data/+/prod/registry"),
    "any name": ("{}/data/ml/prod/+", "read", "{}/data/ml/prod/*"),
    "a folder in any": ("{}/data/+/+/registry", "read", "{}/data/+/prod/registry"),
    "a whole store": ("{}/*", "read", "{}/*"),
    "everything": ("*", "read", "*"),
    "every store": ("+/data/*", "read", "+/data/*"),
    "writing it": ("{}/data/ml/prod/registry", "update", "{}/data/ml/prod/registry"),
    "deleting it": ("{}/data/ml/prod/registry", "delete", "{}/data/ml/prod/registry"),
    "its versions": (
        "{}/metadata/ml/prod/registry",
        "read",
        "{}/metadata/ml/prod/registry",
    ),
    "destroying it": (
        "{}/destroy/ml/prod/registry",
        "update",
        "{}/destroy/ml/prod/registry",
    ),
    "deleting versions": (
        "{}/delete/ml/prod/registry",
        "update",
        "{}/delete/ml/prod/registry",
    ),
    "names of its folder": ("{}/metadata/ml/prod/", "list", "{}/metadata/ml/prod/"),
    "names of all": ("{}/metadata/*", "list", "{}/metadata/*"),
    "names of the top": ("{}/metadata/", "list", "{}/metadata/"),
    "the store's settings": ("{}/config", "update", "{}/config"),
    "tokens": ("auth/token/create", "update", "auth/token/create"),
    "policies": ("sys/policies/acl/*", "update", "sys/policies/acl/*"),
    "ways to log in": ("sys/auth/*", "update", "sys/auth/*"),
}


@pytest.mark.parametrize("name", _BROAD)
def test_every_rule_that_allows_more_is_found(
    name: str, world: World, tmp_path: Path
) -> None:
    path, capability, shown = _BROAD[name]
    # Of two rules for a path the server unites what they allow.
    also = '"read", ' if path.endswith("data/ml/prod/registry") else ""
    rule = f'path "{path.format(world.mount)}" {{capabilities=[{also}"{capability}"]}}'
    world.allow(*(() if also else (_PATH,)), more=rule)
    found = _survey(world, tmp_path, _PATH)
    [excess] = found.excess
    assert excess.place == shown.format(world.mount)
    assert excess.allows.startswith(f"{capability}: ")
    assert found.unknown == ()


def test_a_rule_that_lies_in_another_is_not_told_twice(
    world: World, tmp_path: Path
) -> None:
    store = world.mount
    world.allow(
        more=f'path "{store}/data/*" {{capabilities=["read"]}}\n'
        f'path "{store}/data/ml/*" {{capabilities=["read", "update"]}}\n'
    )
    found = _survey(world, tmp_path, _PATH, _TWO)
    beside = "secrets that the file does not name"
    assert set(found.excess) == {
        Excess(f"{store}/data/*", f"read: {beside}"),
        Excess(f"{store}/data/{_PATH}", "update: this secret"),
        Excess(f"{store}/data/{_TWO}", "update: this secret"),
    }


def test_a_login_that_may_not_ask_says_so(world: World, tmp_path: Path) -> None:
    rule = (
        f'path "{world.mount}/data/{_PATH}" {{capabilities=["read"]}}\n'
        'path "auth/token/revoke-self" {capabilities=["update"]}'
    )
    world.call("POST", f"sys/policies/acl/{world.policy}", {"policy": rule})
    with pytest.raises(PermanentError, match="does not say what") as error:
        _survey(world, tmp_path, _PATH)
    assert "sys/capabilities-self" in (error.value.hint or "")


def test_a_path_of_which_the_server_says_nothing_is_unknown(
    world: World, tmp_path: Path
) -> None:
    auth = {"client_token": "s.x-y-z", "policies": ["p"], "lease_duration": 60}
    good = answer(200, json.dumps({"auth": auth}).encode())
    (tmp_path / "token").write_text(world.issuer.token())
    method = {"method": "jwt", "role": "prod", "token_file": "token"}
    for said in (b"{}", b'{"data": {}}', b'{"data": []}', b'{"data": {"x": ["deny"]}}'):
        silent = answer(200, said)
        with scripted(good, silent) as server:
            found = settings(world, method, address=server.url)
            login = build(found, None, tmp_path).login(PURPOSE)
            assert isinstance(login, SurveyedLogin)
            survey = login.survey([SecretPlace(_PATH)])
        assert survey.excess == ()
        assert len(survey.unknown) > 10


def test_root_is_too_much(world: World, tmp_path: Path) -> None:
    auth = {"client_token": "s.x-y-z", "policies": ["root"], "lease_duration": 60}
    good = answer(200, json.dumps({"auth": auth}).encode())
    (tmp_path / "token").write_text(world.issuer.token())
    method = {"method": "jwt", "role": "prod", "token_file": "token"}
    with scripted(good) as server:
        found = settings(world, method, address=server.url)
        login = build(found, None, tmp_path).login(PURPOSE)
        assert isinstance(login, SurveyedLogin)
        survey = login.survey([SecretPlace(_PATH)])
    assert survey.excess == (Excess("*", "everything: it is root"),)
