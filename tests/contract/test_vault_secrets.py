"""What a login to a real OpenBao can read, for how long, and what is left of it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from openbao_service import AnsweredNoError, Bao, Issuer, World, await_refusal, openbao
from prometheus_service import await_until
from scripted_server import Script, Server, answer, scripted
from vault_logins import PURPOSE, Hidden, build, by_token, settings
from webhook_server import make_certificate

from sluicegate.adapters.secrets.vault import VaultLogin
from sluicegate.errors import ExternalError, PermanentError, TransientError, UsageError
from sluicegate.ports.secrets import SecretLogin

_PATH = "ml/prod/registry"
_VALUE = "canary-secret-9f31"


@pytest.fixture
def world(bao: Bao, issuer: Issuer) -> World:
    made = bao.world(issuer)
    made.put(_PATH, value=_VALUE)
    made.allow(_PATH)
    made.role()
    return made


@pytest.fixture
def login(world: World, tmp_path: Path) -> Iterator[SecretLogin]:
    made = by_token(world, tmp_path, world.issuer.token()).login(PURPOSE)
    yield made
    made.end()


def _log_in(world: World, folder: Path, ttl: str = "15m") -> tuple[SecretLogin, str]:
    """A login, and its token."""
    hidden = Hidden()
    provider = by_token(world, folder, world.issuer.token(), hidden=hidden, ttl=ttl)
    return provider.login(PURPOSE), hidden.values[-1]


_BATCH = {"token_type": "batch"}


def _lasting(time: str) -> dict[str, str]:
    return {"token_ttl": time, "token_max_ttl": time}


def _read(world: World, token: str, path: str = _PATH) -> object:
    return world.bao.call("GET", f"{world.mount}/data/{path}", token=token)


def test_the_version_is_that_of_the_server(world: World, login: SecretLogin) -> None:
    world.put(_PATH, value="newer")
    assert login.fetch(_PATH, None, None).version == "2"
    assert login.fetch(_PATH, None, "1").value == _VALUE
    assert login.fetch(_PATH, None, "2").value == "newer"


def test_one_of_several_fields_has_to_be_named(
    world: World, login: SecretLogin
) -> None:
    world.put(_PATH, user="mona", word="hunter-2-hunter")
    with pytest.raises(PermanentError, match="several fields: user, word") as error:
        login.fetch(_PATH, None, None)
    assert "field:" in (error.value.hint or "")
    assert "hunter" not in str(error.value)
    assert login.fetch(_PATH, "word", None).value == "hunter-2-hunter"
    with pytest.raises(PermanentError, match="has no field passwd") as error:
        login.fetch(_PATH, "passwd", None)
    assert "user, word" in (error.value.hint or "")


def test_what_is_no_text_or_empty_is_refused(world: World, login: SecretLogin) -> None:
    world.put(_PATH, number=5, nested={"a": "hunter-2-hunter"}, empty="")
    for field in ("number", "nested"):
        with pytest.raises(PermanentError, match="no text but JSON") as error:
            login.fetch(_PATH, field, None)
        assert "hunter" not in str(error.value)
    with pytest.raises(PermanentError, match="is empty"):
        login.fetch(_PATH, "empty", None)
    world.put(_PATH)
    with pytest.raises(PermanentError, match="is empty"):
        login.fetch(_PATH, None, None)


def test_a_secret_of_many_lines_is_given_byte_for_byte(
    world: World, login: SecretLogin
) -> None:
    value = "-----BEGIN X-----\n\tünïcode \x00\r\n-----END X-----\n"
    world.put(_PATH, key=value)
    assert login.fetch(_PATH, "key", None).value == value


def test_a_deleted_version_says_when_and_how_it_comes_back(
    world: World, login: SecretLogin
) -> None:
    world.put(_PATH, value="newer")
    world.call("POST", f"{world.mount}/delete/{_PATH}", {"versions": [1]})
    with pytest.raises(PermanentError, match=r"version 1 of .* was deleted at 20") as e:
        login.fetch(_PATH, None, "1")
    assert "undelete -versions=1" in (e.value.hint or "")
    world.call("POST", f"{world.mount}/undelete/{_PATH}", {"versions": [1]})
    assert login.fetch(_PATH, None, "1").value == _VALUE
    world.call("PUT", f"{world.mount}/destroy/{_PATH}", {"versions": [1]})
    with pytest.raises(PermanentError, match=r"version 1 of .* was destroyed"):
        login.fetch(_PATH, None, "1")
    world.call("DELETE", f"{world.mount}/data/{_PATH}")
    with pytest.raises(PermanentError, match="version 2 of"):
        login.fetch(_PATH, None, None)


def test_what_is_not_there_is_told(world: World, login: SecretLogin) -> None:
    world.allow(_PATH, "ml/prod/nothing")
    with pytest.raises(PermanentError, match=r"has no secret .*/ml/prod/nothing"):
        login.fetch("ml/prod/nothing", None, None)
    with pytest.raises(PermanentError, match="of version 9"):
        login.fetch(_PATH, None, "9")


def test_a_store_of_version_1_is_told(
    world: World, issuer: Issuer, tmp_path: Path
) -> None:
    old = f"old-{world.name}"
    world.call("POST", f"sys/mounts/{old}", {"type": "kv"})
    world.call("POST", f"{old}/data/{_PATH}", {"token": _VALUE})  # a path like any
    more = f'path "{old}/*" {{capabilities=["read"]}}'
    world.allow(_PATH, more=more)
    login = by_token(world, tmp_path, issuer.token(), mount=old).login(PURPOSE)
    with pytest.raises(PermanentError, match="not in version 2") as error:
        login.fetch(_PATH, None, None)
    assert "enable-versioning" in (error.value.hint or "")
    assert login.end() is None


def test_another_path_is_denied_with_the_line_that_the_policy_lacks(
    world: World, login: SecretLogin
) -> None:
    world.put("ml/prod/other", value="x")
    with pytest.raises(PermanentError, match="does not let this login read") as error:
        login.fetch("ml/prod/other", None, None)
    line = f'path "{world.mount}/data/ml/prod/other"'
    assert line in (error.value.hint or "")


@pytest.mark.parametrize(
    "path",
    [
        "../../sys/policies/acl/x",
        "ml/../../x",
        "/ml",
        "ml//x",
        "ml/",
        "",
        "ml/./x",
        "ml/x?version=1",
        "ml/x#y",
        "ml/%2e%2e/x",
        "ml/*",
        "+/x",
        "ml\\x",
        "ml/\nx",
        "data/ml/prod",
    ],
)
def test_no_path_leads_elsewhere(path: str, login: SecretLogin) -> None:
    with pytest.raises(PermanentError, match=r"no path|address of the API"):
        login.fetch(path, None, None)


@pytest.mark.parametrize("version", ["0", "-1", "1.0", "latest", "", "٣", "1&x=y"])
def test_a_version_is_a_number(version: str, login: SecretLogin) -> None:
    with pytest.raises(PermanentError, match="is no version"):
        login.fetch(_PATH, None, version)


def test_a_revoked_login_is_good_for_nothing(world: World, tmp_path: Path) -> None:
    login, token = _log_in(world, tmp_path)
    assert _read(world, token)
    assert login.end() is None
    with pytest.raises(AnsweredNoError, match="permission denied"):
        _read(world, token)
    with pytest.raises(PermanentError):
        login.fetch(_PATH, None, None)
    assert login.end() is None  # twice is no error


def test_what_was_made_with_a_login_ends_with_it(world: World, tmp_path: Path) -> None:
    create = 'path "auth/token/create" {capabilities=["update"]}'
    world.allow(_PATH, more=create)
    login, token = _log_in(world, tmp_path)
    body = {"policies": [world.policy], "no_default_policy": True}
    made = world.bao.call("POST", "auth/token/create", body, token=token)
    child = made["auth"]["client_token"]
    assert _read(world, child)
    assert login.end() is None
    with pytest.raises(AnsweredNoError, match="permission denied"):
        _read(world, child)


def test_a_login_that_nobody_revokes_runs_out(world: World, tmp_path: Path) -> None:
    world.role(**_lasting("2s"))
    login, token = _log_in(world, tmp_path, ttl="1m")
    assert _read(world, token)
    await_refusal(lambda: _read(world, token))
    with pytest.raises(PermanentError):
        login.fetch(_PATH, None, None)
    await_until(lambda: login.end() is None, "the end of the lease")


@pytest.mark.parametrize(
    "lasts", [{"token_ttl": "901s", "token_max_ttl": "0s"}, {"token_ttl": "0s"}]
)
def test_a_login_that_lasts_too_long_is_revoked_and_refused(
    lasts: dict[str, str], world: World, tmp_path: Path
) -> None:
    world.role(**{"token_max_ttl": "0s", **lasts})
    hidden = Hidden()
    provider = by_token(world, tmp_path, world.issuer.token(), hidden=hidden)
    with pytest.raises(PermanentError, match="ttl: allows 15m") as error:
        provider.login(PURPOSE)
    assert "token_ttl=15m" in (error.value.hint or "")
    assert hidden.values[-1] not in str(error.value)
    with pytest.raises(AnsweredNoError, match="permission denied"):
        _read(world, hidden.values[-1])


def test_a_batch_token_cannot_be_revoked_and_says_so(
    world: World, tmp_path: Path
) -> None:
    world.role(**_BATCH)
    login, _ = _log_in(world, tmp_path)
    assert login.fetch(_PATH, None, None).value == _VALUE
    problem = login.end()
    assert problem is not None
    assert "cannot revoke a batch token; it lasts until 20" in problem


def test_a_policy_that_forbids_to_revoke_is_told(world: World, tmp_path: Path) -> None:
    rule = f'path "{world.mount}/data/{_PATH}" {{capabilities=["read"]}}'
    world.call("POST", f"sys/policies/acl/{world.policy}", {"policy": rule})
    login, token = _log_in(world, tmp_path)
    problem = login.end()
    assert problem is not None
    assert "does not revoke its login: permission denied; it lasts until" in problem
    assert _read(world, token)  # it said the truth


def test_the_log_of_the_server_says_which_run_and_stage_asked(
    bao: Bao, world: World, tmp_path: Path
) -> None:
    for name in ("user-agent", "x-correlation-id"):
        path = f"sys/config/auditing/request-headers/{name}"
        bao.call("POST", path, {"hmac": False})
    world.role(claim_mappings={"run_id": "run_id", "repository": "repository"})
    login, token = _log_in(world, tmp_path)
    login.fetch(_PATH, None, None)
    assert login.end() is None
    asked = f"{world.mount}/data/{_PATH}"
    [_, entry] = [
        each
        for each in bao.audit
        if each["request"]["path"] == asked and each["request"]["operation"] == "read"
    ]
    headers = entry["request"]["headers"]
    assert headers["x-correlation-id"] == [f"{PURPOSE.run_id}/deploy"]
    [agent] = headers["user-agent"]
    for part in (PURPOSE.pipeline, f"run {PURPOSE.run_id}", "stage deploy"):
        assert part in agent
    auth = entry["auth"]
    assert auth["metadata"]["repository"] == "acme/churn"
    assert auth["metadata"]["run_id"] == "7700123"
    assert auth["entity_id"]
    text = json.dumps(bao.audit)
    assert _VALUE not in text
    assert token not in text


class TestTroubles:
    """Servers that do not answer, or do worse."""

    @pytest.fixture
    def own(self, tmp_path: Path, issuer: Issuer) -> Iterator[World]:
        with openbao(tmp_path / "bao") as server:
            world = server.world(issuer)
            world.put(_PATH, value=_VALUE)
            world.allow(_PATH)
            world.role()
            yield world

    def test_a_sealed_server_is_worth_another_try(
        self, own: World, tmp_path: Path
    ) -> None:
        login, _ = _log_in(own, tmp_path)
        own.bao.seal()
        with pytest.raises(TransientError, match="is sealed") as error:
            login.fetch(_PATH, None, None)
        assert "unseal" in (error.value.hint or "")
        with pytest.raises(TransientError, match="is sealed"):
            _log_in(own, tmp_path)
        problem = login.end()
        assert problem is not None
        assert "sealed; it lasts until" in problem
        own.bao.unseal()
        assert login.fetch(_PATH, None, None).value == _VALUE
        assert login.end() is None

    def test_a_server_that_goes_away_leaves_word_of_the_login(
        self, own: World, tmp_path: Path
    ) -> None:
        login, _ = _log_in(own, tmp_path)
        own.bao.kill()
        with pytest.raises(TransientError, match="cannot be reached"):
            login.fetch(_PATH, None, None)
        problem = login.end()
        assert problem is not None
        assert "cannot be reached" in problem
        assert "it lasts until 20" in problem
        with pytest.raises(TransientError, match="cannot be reached"):
            _log_in(own, tmp_path)


_GOOD = {
    "auth": {
        "client_token": "s.the-token-of-a-login",
        "policies": ["p"],
        "lease_duration": 600,
        "token_type": "service",
    }
}


def _login_to(server: Server, world: World, folder: Path) -> SecretLogin:
    (folder / "token").write_text(world.issuer.token())
    auth = {"method": "jwt", "role": "prod", "token_file": "token"}
    found = settings(world, auth, address=server.url)
    return build(found, None, folder).login(PURPOSE)


def test_a_redirect_is_not_followed(world: World, tmp_path: Path) -> None:
    """It would take the login's token to whomever it names."""
    there = answer(200, json.dumps(_GOOD).encode())
    with scripted(there) as other:
        location = f"Location: {other.url}/v1/evil"
        good = answer(200, json.dumps(_GOOD).encode())
        moved = answer(307, b"", location)
        with scripted(good, moved) as server:
            login = _login_to(server, world, tmp_path)
            with pytest.raises(PermanentError, match=r"redirects to .* not followed"):
                login.fetch(_PATH, None, None)
            problem = login.end()
    assert problem is not None
    assert "redirects" in problem


def test_a_certificate_that_nobody_vouches_for_gets_no_token(
    world: World, tmp_path: Path
) -> None:
    path, context = make_certificate(tmp_path)
    (tmp_path / "token").write_text(world.issuer.token())
    auth = {"method": "jwt", "role": "prod", "token_file": "token"}
    good = answer(200, json.dumps(_GOOD).encode())
    with scripted(good, tls=context) as server:
        found = settings(world, auth, address=_tls(server))
        with pytest.raises(PermanentError, match="no secure connection") as error:
            build(found, None, tmp_path).login(PURPOSE)
        assert "ca: of the provider" in (error.value.hint or "")
    with scripted(good, tls=context) as server:
        found = settings(world, auth, address=_tls(server), ca=path.name)
        assert build(found, None, tmp_path).login(PURPOSE).end() is None
    missing = settings(world, auth, ca="nowhere.pem")
    with pytest.raises(UsageError, match=r"ca: of vault is no file: .*nowhere\.pem"):
        build(missing, None, tmp_path)


def _tls(server: Server) -> str:
    return server.url.replace("http://", "https://")


def test_no_login_of_whoever_runs_it_is_taken_along(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clients of Vault take a token from the environment, the home, or a .netrc."""
    seen: list[bytes] = []
    good = answer(200, json.dumps(_GOOD).encode())

    def watch(script: Script) -> None:
        seen.append(script.request)
        good(script)

    theirs = "a-token-of-their-own-42"
    for name in ("VAULT_TOKEN", "BAO_TOKEN"):
        monkeypatch.setenv(name, theirs)
    monkeypatch.setenv("VAULT_ADDR", "http://127.0.0.1:9")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".vault-token").write_text(theirs)
    netrc = tmp_path / ".netrc"
    netrc.write_text(f"machine 127.0.0.1 login me password {theirs}\n")
    netrc.chmod(0o600)
    with scripted(watch) as server:
        login = _login_to(server, world, tmp_path)
        assert login.end() is None
    assert len(seen) == 2
    assert theirs.encode() not in b"".join(seen)
    assert b"authorization" not in b"".join(seen).lower()


_GARBAGE = [
    b"",
    b"no json",
    b"[]",
    b"null",
    b"{}",
    b'{"auth": null}',
    b'{"auth": []}',
    b'{"auth": {"client_token": 5, "lease_duration": 60, "policies": []}}',
    b'{"auth": {"client_token": "\\u00e9", "lease_duration": 60, "policies": []}}',
    b'{"auth": {"client_token": "x", "lease_duration": "60", "policies": []}}',
    b'{"auth": {"client_token": "x", "lease_duration": -1, "policies": []}}',
    b'{"auth": {"client_token": "x", "lease_duration": true, "policies": []}}',
    b'{"auth": {"client_token": "x", "lease_duration": 60}}',
    b"[" * 100_000,
    b"\xff\xfe",
]


@pytest.mark.parametrize("body", _GARBAGE, ids=range(len(_GARBAGE)))
@pytest.mark.parametrize("status", [200, 204, 400, 403, 404, 500, 503])
def test_no_answer_to_a_login_raises_anything_but_what_the_port_names(
    body: bytes, status: int, world: World, tmp_path: Path
) -> None:
    with scripted(answer(status, body)) as server, pytest.raises(ExternalError):
        _login_to(server, world, tmp_path)


@pytest.mark.parametrize(
    "body",
    [
        *_GARBAGE,
        b'{"data": null}',
        b'{"data": {"data": null, "metadata": null}}',
        b'{"data": {"data": {"a": "b"}, "metadata": {"version": "1"}}}',
        b'{"data": {"data": {"a": "b"}, "metadata": {"version": true}}}',
        b'{"data": {"data": ["a"], "metadata": {"version": 1}}}',
        b'{"data": {"metadata": {"deletion_time": 5, "destroyed": "x"}}}',
    ],
    ids=range(len(_GARBAGE) + 6),
)
@pytest.mark.parametrize("status", [200, 403, 404, 500])
def test_no_answer_to_a_fetch_raises_anything_but_what_the_port_names(
    body: bytes, status: int, world: World, tmp_path: Path
) -> None:
    good = answer(200, json.dumps(_GOOD).encode())
    with scripted(good, answer(status, body)) as server:
        login = _login_to(server, world, tmp_path)
        with pytest.raises(ExternalError) as error:
            login.fetch(_PATH, None, None)
        assert isinstance(login, VaultLogin)
        login.end()
    assert "s.the-token" not in f"{error.value} {error.value.hint}"


def test_a_server_that_repeats_the_login_gives_nothing_away(
    world: World, tmp_path: Path
) -> None:
    auth = {**_GOOD["auth"], "client_token": "of-no-known-shape-77"}
    good = answer(200, json.dumps({"auth": auth}).encode())
    said = json.dumps({"errors": ["what is of-no-known-shape-77?"]}).encode()
    with scripted(good, answer(400, said)) as server:
        login = _login_to(server, world, tmp_path)
        with pytest.raises(PermanentError, match="what is") as error:
            login.fetch(_PATH, None, None)
        problem = login.end()
    assert problem is not None
    assert "what is" in problem
    assert "of-no-known-shape" not in f"{error.value} {error.value.hint} {problem}"


def test_a_server_that_repeats_a_secret_id_gives_nothing_away(world: World) -> None:
    said = json.dumps({"errors": ["no such id: of-no-known-shape-77"]}).encode()
    auth = {"method": "approle", "role_id": "r", "secret_id_env": "S"}
    with scripted(answer(400, said)) as server:
        found = settings(world, auth, address=server.url)
        with pytest.raises(PermanentError, match="no such id") as error:
            build(found, {"S": "of-no-known-shape-77"}).login(PURPOSE)
    assert "of-no-known-shape" not in f"{error.value} {error.value.hint}"


def test_a_server_that_repeats_what_it_got_gives_nothing_away(
    world: World, tmp_path: Path
) -> None:
    token = world.issuer.token()
    said = json.dumps({"errors": [f"cannot parse {token}"]}).encode()
    (tmp_path / "token").write_text(token)
    auth = {"method": "jwt", "role": "prod", "token_file": "token"}
    with scripted(answer(400, said)) as server:
        found = settings(world, auth, address=server.url)
        with pytest.raises(PermanentError, match="cannot parse") as error:
            build(found, None, tmp_path).login(PURPOSE)
    for part in token.split("."):
        assert part not in f"{error.value} {error.value.hint}"
