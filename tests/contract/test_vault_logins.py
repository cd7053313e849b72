"""Who may log in to a real OpenBao, and who is refused, one by one."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from openbao_service import BOUND, Bao, Issuer, World
from vault_logins import PURPOSE, Hidden, by_secret_id, by_token

from sluicegate.audit.redaction import Redactor
from sluicegate.errors import ExternalError, PermanentError

_PATH = "ml/prod/registry"
_VALUE = "canary-secret-9f31"


@pytest.fixture
def world(bao: Bao, issuer: Issuer) -> World:
    """A store with one secret, which the role may read."""
    made = bao.world(issuer)
    made.put(_PATH, value=_VALUE)
    made.allow(_PATH)
    made.role()
    return made


def test_a_token_that_says_all_that_the_role_wants_is_taken(
    world: World, issuer: Issuer, tmp_path: Path
) -> None:
    hidden, token = Hidden(), issuer.token()
    login = by_token(world, tmp_path, token, hidden=hidden).login(PURPOSE)
    try:
        found = login.fetch(_PATH, None, None)
    finally:
        assert login.end() is None
    assert (found.value, found.version) == (_VALUE, "1")
    assert token in hidden.values  # and what came of it, before it was used
    assert len(hidden.values) == 2


def _another(name: str) -> Callable[[Issuer], str]:
    return lambda issuer: issuer.token(**{name: f"other-{BOUND[name]}"})


def _without(name: str) -> Callable[[Issuer], str]:
    return lambda issuer: issuer.token(name)


_NOW = int(time.time())
_WRONG: dict[str, tuple[Callable[[Issuer], str], str]] = {
    **{
        f"another {name}": (_another(name), f"claim {name} is other-{BOUND[name]}")
        for name in BOUND
    },
    **{f"no {name}": (_without(name), f"claim {name} is missing") for name in BOUND},
    "a part of the ref": (
        lambda issuer: issuer.token(ref="refs/heads/main-2"),
        "claim ref is refs/heads/main-2",
    ),
    "another audience": (
        lambda issuer: issuer.token(aud="https://other.example"),
        "the token is for https://other.example",
    ),
    "another issuer": (
        lambda issuer: issuer.token(iss="https://evil.example"),
        "the token is from https://evil.example",
    ),
    "expired": (
        lambda issuer: issuer.token(exp=_NOW - 900, iat=_NOW - 1200, nbf=_NOW - 1200),
        "token is expired",
    ),
    "not valid yet": (
        lambda issuer: issuer.token(nbf=_NOW + 3600, exp=_NOW + 7200),
        "not yet valid",
    ),
    "another key": (lambda _: Issuer().token(), "signature"),
    "no signature": (lambda issuer: issuer.token(alg="none"), "signature"),
    "another one's claims": (
        lambda issuer: _swapped(issuer.token(), issuer.token(environment="x")),
        "signature",
    ),
}


def _swapped(token: str, other: str) -> str:
    """The claims of *token* under the signature of *other*."""
    head, claims, _ = token.split(".")
    return ".".join((head, claims, other.split(".")[2]))


@pytest.mark.parametrize("wrong", _WRONG)
def test_every_wrong_claim_is_refused_and_named(
    wrong: str, world: World, issuer: Issuer, tmp_path: Path
) -> None:
    make, said = _WRONG[wrong]
    token = make(issuer)
    with pytest.raises(PermanentError) as error:
        by_token(world, tmp_path, token).login(PURPOSE)
    assert said in str(error.value)
    assert "prod" in str(error.value)
    assert error.value.hint
    _has_nothing_of(error.value, token)


def test_the_hint_for_a_wrong_environment_says_where_it_is_named(
    world: World, issuer: Issuer, tmp_path: Path
) -> None:
    with pytest.raises(PermanentError) as error:
        by_token(world, tmp_path, issuer.token(environment="staging")).login(PURPOSE)
    assert "claim environment is staging" in str(error.value)
    assert "`environment:`" in (error.value.hint or "")


def test_a_role_that_is_not_there_is_named(
    world: World, issuer: Issuer, tmp_path: Path
) -> None:
    provider = by_token(world, tmp_path, issuer.token(), role="nobody")
    with pytest.raises(PermanentError, match='role "nobody" could not be found'):
        provider.login(PURPOSE)


def test_a_mount_that_is_not_there_is_named(
    world: World, issuer: Issuer, tmp_path: Path
) -> None:
    world.bao.call("DELETE", f"sys/auth/{world.jwt}")
    with pytest.raises(PermanentError, match=f"log in at {world.jwt}") as error:
        by_token(world, tmp_path, issuer.token()).login(PURPOSE)
    assert "enabled" in (error.value.hint or "")


def test_a_namespace_is_another_world(
    world: World, issuer: Issuer, tmp_path: Path
) -> None:
    bao, name = world.bao, f"team-{world.name}"
    bao.call("POST", f"sys/namespaces/{name}", {})
    provider = by_token(world, tmp_path, issuer.token(), namespace=name)
    with pytest.raises(PermanentError, match=f"in namespace {name}"):
        provider.login(PURPOSE)  # the role is not there
    with pytest.raises(PermanentError, match="in namespace nowhere"):
        by_token(world, tmp_path, issuer.token(), namespace="nowhere").login(PURPOSE)


def test_a_secret_of_a_namespace_is_read_in_it(
    world: World, issuer: Issuer, tmp_path: Path
) -> None:
    bao, name = world.bao, f"team-{world.name}"
    bao.call("POST", f"sys/namespaces/{name}", {})
    inside = bao.world(issuer, name)
    inside.put(_PATH, url="of the team")
    inside.allow(_PATH)
    inside.role()
    provider = by_token(inside, tmp_path, issuer.token(), namespace=name)
    login = provider.login(PURPOSE)
    assert login.fetch(_PATH, None, None).value == "of the team"
    assert login.end() is None


def test_a_secret_id_logs_in_as_often_as_there_are_stages(world: World) -> None:
    secret_id = world.secret_id_of_new_role()
    provider = by_secret_id(world, *secret_id)
    for _ in range(2):
        login = provider.login(PURPOSE)
        assert login.fetch(_PATH, None, None).value == _VALUE
        assert login.end() is None


def test_a_wrong_secret_id_is_refused_and_not_repeated(world: World) -> None:
    role_id, secret_id = world.secret_id_of_new_role()
    wrong = f"{secret_id[:-4]}beef"
    with pytest.raises(PermanentError, match="refuses role_id or secret id") as error:
        by_secret_id(world, role_id, wrong).login(PURPOSE)
    _has_nothing_of(error.value, wrong)


def test_a_secret_id_that_is_destroyed_is_refused(world: World) -> None:
    role_id, secret_id = world.secret_id_of_new_role()
    path = f"auth/{world.approle}/role/prod/secret-id/destroy"
    world.bao.call("POST", path, {"secret_id": secret_id})
    with pytest.raises(PermanentError, match="refuses role_id or secret id"):
        by_secret_id(world, role_id, secret_id).login(PURPOSE)


def test_an_empty_variable_is_told_before_anybody_is_asked(world: World) -> None:
    with pytest.raises(PermanentError, match="BAO_SECRET_ID is empty or not set"):
        by_secret_id(world, "role", "").login(PURPOSE)


def test_a_wrapped_secret_id_is_unwrapped_once_for_all_stages(world: World) -> None:
    role_id, wrapping = world.secret_id_of_new_role("60s")
    hidden = Hidden()
    provider = by_secret_id(world, role_id, wrapping, wrapped=True, hidden=hidden)
    for _ in range(2):
        login = provider.login(PURPOSE)
        assert login.fetch(_PATH, None, None).value == _VALUE
        assert login.end() is None
    assert wrapping in hidden.values
    assert len(set(hidden.values)) == 4  # it, what it held, and two logins


def test_a_wrapped_secret_id_of_a_namespace_is_unwrapped_there(
    world: World, issuer: Issuer
) -> None:
    bao, name = world.bao, f"team-{world.name}"
    bao.call("POST", f"sys/namespaces/{name}", {})
    inside = bao.world(issuer, name)
    inside.put(_PATH, url="of the team")
    inside.allow(_PATH)
    role_id, wrapping = inside.secret_id_of_new_role("60s")
    provider = by_secret_id(inside, role_id, wrapping, wrapped=True, namespace=name)
    login = provider.login(PURPOSE)
    assert login.fetch(_PATH, None, None).value == "of the team"
    assert login.end() is None


def test_a_wrapping_token_that_somebody_else_used_is_an_alarm(world: World) -> None:
    role_id, wrapping = world.secret_id_of_new_role("60s")
    world.bao.call("POST", "sys/wrapping/unwrap", {}, token=wrapping)
    with pytest.raises(PermanentError, match="was used before") as error:
        by_secret_id(world, role_id, wrapping, wrapped=True).login(PURPOSE)
    assert "somebody else has the secret id" in (error.value.hint or "")
    _has_nothing_of(error.value, wrapping)


def test_what_somebody_wrapped_in_its_place_is_not_used(world: World) -> None:
    """Whoever stole the secret id may wrap it, or one of theirs, anew."""
    role_id, secret_id = world.secret_id_of_new_role()
    body = {"secret_id": secret_id}
    made = world.bao.call("POST", "sys/wrapping/wrap", body, X_Vault_Wrap_TTL="60s")
    wrapping = str(made["wrap_info"]["token"])
    with pytest.raises(PermanentError, match="was made at sys/wrapping/wrap") as error:
        by_secret_id(world, role_id, wrapping, wrapped=True).login(PURPOSE)
    _has_nothing_of(error.value, wrapping)
    again = world.bao.call("POST", "sys/wrapping/unwrap", {}, token=wrapping)
    assert again["data"] == body  # it is still there for who looks into it


def test_a_secret_id_of_another_mount_is_not_used(world: World, bao: Bao) -> None:
    other = bao.world(world.issuer)
    _, wrapping = other.secret_id_of_new_role("60s")
    with pytest.raises(PermanentError, match=f"made at auth/{other.approle}/"):
        by_secret_id(world, "role", wrapping, wrapped=True).login(PURPOSE)


def _has_nothing_of(error: ExternalError, secret: str) -> None:
    """Neither what is shown, nor what a traceback would show; the log has it all."""
    for text in (str(error), error.hint or ""):
        assert Redactor().text(text) == text
    shown: BaseException | None = error
    while shown is not None:
        for part in {secret, *(each for each in secret.split(".") if len(each) > 8)}:
            assert part not in f"{shown} {getattr(shown, 'hint', '')}"
        if shown.__suppress_context__:
            shown = shown.__cause__
        else:
            shown = shown.__cause__ or shown.__context__
