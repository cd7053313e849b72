"""A real OpenBao as a process of a test, and an issuer that stands for GitHub's.

A server starts in a second, so a session of tests shares one, and every test makes
places of its own in it (`Bao.world`). Its storage is its memory; what happens is
written to an audit file, as it would be in a company.
"""

import base64
import contextlib
import http.client
import itertools
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from prometheus_service import free_port, serving
from typing_extensions import override

AUDIENCE = "https://bao.acme.example"
GITHUB = "https://token.actions.githubusercontent.com"
BOUND = {
    "repository_id": "861234567",
    "repository_owner_id": "9912345",
    "environment": "production",
    "ref": "refs/heads/main",
    "job_workflow_ref": "acme/churn/.github/workflows/release.yml@refs/heads/main",
}
"""What a role is bound to, and a good token says."""

_STARTS_WITHIN_SECONDS = 60
_CONFIG = """\
ui            = false
disable_mlock = true
api_addr      = "http://127.0.0.1:{port}"
storage "inmem" {{}}
listener "tcp" {{
  address     = "127.0.0.1:{port}"
  tls_disable = true
}}
audit "file" "file" {{
  options {{
    file_path = "{audit}"
  }}
}}
"""
Json = dict[str, Any]


class AnsweredNoError(Exception):
    """What the server refused, for the test's own requests."""


@dataclass
class Bao:
    """A server; ``root`` is the token that may do everything in it."""

    folder: Path
    port: int = field(default_factory=free_port)
    root: str = ""
    _key: str = ""
    _process: subprocess.Popen[bytes] | None = None
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def audit(self) -> list[Json]:
        """What the server's own log says, oldest first."""
        lines = (self.folder / "audit.log").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def start(self) -> None:
        program = shutil.which("bao")
        if program is None:
            pytest.skip("OpenBao (bao) is not installed")
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "bao.hcl"
        audit = self.folder / "audit.log"
        config.write_text(_CONFIG.format(port=self.port, audit=audit))
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [program, "server", f"-config={config}"],
                stdout=log,
                stderr=log,
                env={"PATH": os.environ["PATH"], "HOME": str(self.folder)},
            )
        end = time.monotonic() + _STARTS_WITHIN_SECONDS
        while not self._answers():
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < end, "OpenBao does not answer"
            time.sleep(0.05)
        made = self.call("PUT", "sys/init", {"secret_shares": 1, "secret_threshold": 1})
        self.root, self._key = made["root_token"], made["keys"][0]
        self.unseal()

    def unseal(self) -> None:
        self.call("PUT", "sys/unseal", {"key": self._key})

    def seal(self) -> None:
        self.call("PUT", "sys/seal", {})

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            with contextlib.closing(connection):
                connection.request("GET", "/v1/sys/seal-status")
                return connection.getresponse().status == 200
        return False

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        token: str | None = None,
        **headers: str,
    ) -> Json:
        """Ask the server, as root unless *token* says otherwise."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        sent = {
            "X-Vault-Token": self.root if token is None else token,
            **{name.replace("_", "-"): each for name, each in headers.items()},
        }
        with contextlib.closing(connection):
            data = None if body is None else json.dumps(body)
            connection.request(method, f"/v1/{path}", data, sent)
            answer = connection.getresponse()
            found = answer.read()
        if answer.status >= 300:
            raise AnsweredNoError(f"{method} {path}: {answer.status} {found.decode()}")
        return json.loads(found) if found else {}

    def world(self, issuer: "Issuer", namespace: str | None = None) -> "World":
        """Places in the server, or in a *namespace*, that no other test knows."""
        world = World(self, issuer, f"t{next(self._numbers)}", namespace)
        world.call(
            "POST",
            f"sys/mounts/{world.mount}",
            {"type": "kv", "options": {"version": "2"}},
        )
        world.call("POST", f"sys/auth/{world.jwt}", {"type": "jwt"})
        world.call("POST", f"sys/auth/{world.approle}", {"type": "approle"})
        world.call(
            "POST",
            f"auth/{world.jwt}/config",
            {"jwt_validation_pubkeys": [issuer.public], "bound_issuer": GITHUB},
        )
        return world


@dataclass
class World:
    """A store, two ways to log in, and names of policies, of one test alone."""

    bao: Bao
    issuer: "Issuer"
    name: str
    namespace: str | None = None

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        **headers: str,
    ) -> Json:
        """Ask the server as root, in the namespace if there is one."""
        if self.namespace is not None:
            headers["X_Vault_Namespace"] = self.namespace
        return self.bao.call(method, path, body, **headers)

    @property
    def mount(self) -> str:
        return f"kv-{self.name}"

    @property
    def jwt(self) -> str:
        return f"jwt-{self.name}"

    @property
    def approle(self) -> str:
        return f"approle-{self.name}"

    @property
    def policy(self) -> str:
        return f"policy-{self.name}"

    def put(self, path: str, **fields: object) -> None:
        end = time.monotonic() + _STARTS_WITHIN_SECONDS
        while True:
            try:
                self.call("POST", f"{self.mount}/data/{path}", {"data": fields})
            except AnsweredNoError as error:  # a new store is not ready at once
                if "Upgrading from" not in str(error) or time.monotonic() > end:
                    raise
                time.sleep(0.02)
            else:
                return

    def allow(self, *paths: str, more: str = "") -> None:
        """Write the policy: to read *paths*, to end itself, and *more*."""
        rules = [
            *(
                f'path "{self.mount}/data/{each}" {{capabilities=["read"]}}'
                for each in paths
            ),
            'path "sys/capabilities-self" {capabilities=["update"]}',
            'path "auth/token/revoke-self" {capabilities=["update"]}',
            more,
        ]
        self.call(
            "POST", f"sys/policies/acl/{self.policy}", {"policy": "\n".join(rules)}
        )

    def role(self, **changed: object) -> None:
        """Write the role ``prod`` anew, as the documentation has it."""
        role = {
            "role_type": "jwt",
            "user_claim": "repository_id",
            "bound_audiences": [AUDIENCE],
            "bound_claims": BOUND,
            "token_policies": [self.policy],
            "token_no_default_policy": True,
            "token_type": "service",
            "token_ttl": "900s",
            "token_max_ttl": "900s",
            **changed,
        }
        path = f"auth/{self.jwt}/role/prod"
        self.call("DELETE", path)
        self.call("POST", path, role)

    def approle_role(self, **changed: object) -> str:
        """Write the AppRole ``prod`` anew; its role id."""
        role = {
            "token_policies": [self.policy],
            "token_no_default_policy": True,
            "token_type": "service",
            "token_ttl": "900s",
            "token_max_ttl": "900s",
            **changed,
        }
        path = f"auth/{self.approle}/role/prod"
        self.call("POST", path, role)
        role_id: str = self.call("GET", f"{path}/role-id")["data"]["role_id"]
        return role_id

    def secret_id_of_new_role(self, wrapped: str | None = None) -> tuple[str, str]:
        """A role id and a secret id, wrapped for a time such as ``60s``."""
        return self.approle_role(), self.secret_id(wrapped)

    def secret_id(self, wrapped: str | None = None) -> str:
        """A new secret id of that role; wrapped for a time such as ``60s``."""
        path = f"auth/{self.approle}/role/prod/secret-id"
        if wrapped is None:
            made = self.call("POST", path, {})
            return str(made["data"]["secret_id"])
        made = self.call("POST", path, {}, X_Vault_Wrap_TTL=wrapped)
        return str(made["wrap_info"]["token"])


class Issuer:
    """Who signs tokens, as GitHub does for its workflows."""

    @cached_property
    def key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @property
    def public(self) -> str:
        return (
            self.key.public_key()
            .public_bytes(
                serialization.Encoding.PEM,
                serialization.PublicFormat.SubjectPublicKeyInfo,
            )
            .decode()
        )

    def token(self, *without: str, alg: str = "RS256", **changed: object) -> str:
        """A token of a workflow; *changed* claims are others, *without* missing."""
        now = int(time.time())
        claims: dict[str, object] = {
            "iss": GITHUB,
            "aud": AUDIENCE,
            "sub": "repo:acme/churn:environment:production",
            "iat": now,
            "nbf": now - 5,
            "exp": now + 300,
            "repository": "acme/churn",
            "run_id": "7700123",
            "run_attempt": "1",
            "actor": "mona",
            **BOUND,
            **changed,
        }
        claims = {name: each for name, each in claims.items() if name not in without}
        signed = f"{_encode({'alg': alg, 'kid': 'k1', 'typ': 'JWT'})}.{_encode(claims)}"
        if alg == "none":
            return f"{signed}."
        signature = self.key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_base64(signature)}"

    def keys(self) -> Json:
        """Its public key as a set, as OpenID Connect has it."""
        numbers = self.key.public_key().public_numbers()
        return {
            "keys": [
                {
                    "kty": "RSA",
                    "use": "sig",
                    "alg": "RS256",
                    "kid": "k1",
                    "n": _base64(numbers.n.to_bytes(256, "big")),
                    "e": _base64(numbers.e.to_bytes(3, "big")),
                }
            ]
        }


def _encode(found: Mapping[str, object]) -> str:
    return _base64(json.dumps(found).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass
class ActionsPlatform:
    """What gives out tokens to a job, and publishes the key that signs them."""

    issuer: Issuer
    claims: Json = field(default_factory=dict)
    audiences: list[str] = field(default_factory=list)
    port: int = 0
    bearer: str = "the-job-s-own-request-token"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environ(self) -> dict[str, str]:
        """What a job with ``id-token: write`` finds in its environment."""
        return {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.url}/token?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": self.bearer,
        }


@contextmanager
def actions_platform(issuer: Issuer) -> Iterator[ActionsPlatform]:
    """A server that stands for GitHub's token service."""
    platform = ActionsPlatform(issuer)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            found: Json | None = None
            if parts.path == "/.well-known/openid-configuration":
                found = {"issuer": platform.url, "jwks_uri": f"{platform.url}/jwks"}
                found |= {"id_token_signing_alg_values_supported": ["RS256"]}
            elif parts.path == "/jwks":
                found = issuer.keys()
            elif (
                parts.path == "/token"
                and self.headers["Authorization"] == f"Bearer {platform.bearer}"
            ):
                audience = parse_qs(parts.query)["audience"][0]
                platform.audiences.append(audience)
                claims = {"iss": platform.url, "aud": audience, **platform.claims}
                found = {"count": 1, "value": issuer.token(**claims)}
            data = json.dumps(found or {"message": "no"}).encode()
            self.send_response(200 if found is not None else 401)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        @override
        def log_message(self, format: str, *args: object) -> None:
            pass

    with serving(Handler) as platform.port:
        yield platform


@contextmanager
def openbao(folder: Path) -> Iterator[Bao]:
    """A server of one's own."""
    server = Bao(folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def await_refusal(ask: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until *ask* is refused; give up only when no server could be so slow."""
    end = time.monotonic() + seconds
    while True:
        try:
            ask()
        except AnsweredNoError:
            return
        assert time.monotonic() < end, "it is still allowed"
        time.sleep(0.1)
