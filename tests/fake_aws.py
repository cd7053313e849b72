"""A strict stand-in for STS and Secrets Manager: it enforces policies; moto does not.

It verifies who signed a token, takes a role on under its trust policy alone, and lets a
session do what both the role's policy and the session's own allow, until it expires. Of
the policy language it knows what is used here, and refuses the rest.

Source:
    IAM user guide, "Policy evaluation logic" (session policies: the intersection) and
    "IAM JSON policy elements"; STS and Secrets Manager API references.
"""

import base64
import hashlib
import hmac
import json
import re
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from typing_extensions import override

Json = Any
Write = Callable[[str | None, Any], bytes]

REGION = "eu-central-1"
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/sluice"
ISSUER = "https://token.actions.githubusercontent.com"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER.removeprefix('https://')}"
OWN_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
_CREDENTIAL = re.compile(r"Credential=([^/]+)/[0-9]{8}/([a-z0-9-]+)/([a-z]+)/")
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)


def make_token(claims: Mapping[str, object], *, by: str = ISSUER) -> str:
    """A JWT that *by* has signed; a shared key stands for the issuer's pair."""
    parts = ({"alg": "HS256", "typ": "JWT"}, {"iss": by, **claims})
    text = ".".join(_encode(json.dumps(part).encode()) for part in parts)
    return f"{text}.{_encode(_sign(by, text))}"


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _sign(issuer: str, text: str) -> bytes:
    return hmac.digest(issuer.encode(), text.encode(), hashlib.sha256)


class RefusedError(Exception):
    """What AWS answers."""

    def __init__(self, status: int, code: str, words: str) -> None:
        super().__init__(words)
        self.status, self.code, self.words = status, code, words


@dataclass
class Session:
    """A role that somebody has taken on."""

    name: str
    token: str
    policy: Json
    expires: datetime


@dataclass
class Secret:
    """A secret: values by their versions, ids by their labels."""

    arn: str
    values: dict[str, bytes | str]
    labels: dict[str, str]
    key: str | None = None


@dataclass
class FakeAws:
    """One account in one region, with one role. Not to be used before it is served."""

    trust: Json = None
    policy: Json = field(default_factory=lambda: {"Statement": []})
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    longest: timedelta = timedelta(hours=1)
    secrets: dict[str, Secret] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    trail: list[tuple[str, str, str]] = field(default_factory=list)
    faults: dict[str, list[RefusedError]] = field(default_factory=dict)
    key_is_on: bool = True
    address: str = ""

    def keep(self, name: str, *values: str | bytes, key: str | None = None) -> str:
        """Keep a secret that has had *values*, the newest last. Returns its ARN."""
        suffix = hashlib.sha256(name.encode()).hexdigest()[:6]
        arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-{suffix}"
        ids = [
            f"{number:08x}-0000-4000-8000-000000000000" for number in range(len(values))
        ]
        labels = {"AWSCURRENT": ids[-1]}
        if len(ids) > 1:
            labels["AWSPREVIOUS"] = ids[-2]
        self.secrets[name] = Secret(
            arn, dict(zip(ids, values, strict=True)), labels, key
        )
        return arn

    def answer(self, action: str, asked: Json, headers: Mapping[str, str]) -> Json:
        """What is answered to *action*.

        Raises:
            RefusedError: it is refused.
        """
        if self.faults.get(action):
            raise self.faults[action].pop(0)
        if action == "AssumeRoleWithWebIdentity":
            return self._assume(asked)
        session = self._session(headers)
        name = asked.get("SecretId", "")
        secret = self._find(name)
        # Of a secret that is not there AWS knows no ARN: only what was asked for.
        resource = secret.arn if secret else name or "*"
        self.trail.append((session.name, action, resource))
        self._check(session, f"secretsmanager:{action}", resource, {})
        if action == "ListSecrets":
            return {"SecretList": [{"ARN": s.arn} for s in self.secrets.values()][:1]}
        if secret is None:
            words = "Secrets Manager can't find the specified secret."
            raise RefusedError(400, "ResourceNotFoundException", words)
        if action == "DescribeSecret":
            return {"ARN": secret.arn, "Name": name}
        assert action == "GetSecretValue", action
        return self._value(session, secret, asked)

    def _assume(self, asked: Json) -> Json:
        claims = self._verify(asked["WebIdentityToken"])
        if asked["RoleArn"] != ROLE or not self._trusts(claims):
            words = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
            raise RefusedError(403, "AccessDenied", words)
        duration = timedelta(seconds=int(asked["DurationSeconds"]))
        if not timedelta(minutes=15) <= duration <= self.longest:
            words = "The requested DurationSeconds exceeds the MaxSessionDuration"
            raise RefusedError(400, "ValidationError", words)
        assert _SESSION_NAME.fullmatch(asked["RoleSessionName"])
        assert len(asked.get("Policy", "")) <= 2048
        policy = json.loads(asked["Policy"]) if "Policy" in asked else None
        session = Session(
            asked["RoleSessionName"],
            secrets.token_urlsafe(48),
            policy,
            self.now + duration,
        )
        key = f"ASIA{secrets.token_hex(8).upper()}"
        self.sessions[key] = session
        self.trail.append((session.name, "AssumeRoleWithWebIdentity", ROLE))
        return {
            "Credentials": {
                "AccessKeyId": key,
                "SecretAccessKey": secrets.token_urlsafe(30),
                "SessionToken": session.token,
                "Expiration": f"{session.expires:%Y-%m-%dT%H:%M:%SZ}",
            },
            "AssumedRoleUser": {
                "AssumedRoleId": f"AROA:{session.name}",
                "Arn": _who(session),
            },
        }

    def _verify(self, token: str) -> Json:
        text, _, signature = token.rpartition(".")
        try:
            part = text.split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        except (ValueError, IndexError):
            words = "Provided token is not a valid JWT"
            raise RefusedError(400, "InvalidIdentityToken", words) from None
        if claims["iss"] != ISSUER or signature != _encode(_sign(ISSUER, text)):
            words = (
                f"No OpenIDConnect provider found in your account for {claims['iss']}"
            )
            raise RefusedError(400, "InvalidIdentityToken", words)
        if claims.get("exp", 2**40) <= self.now.timestamp():
            words = "Token expired: current date/time must be before the expiration"
            raise RefusedError(400, "ExpiredTokenException", words)
        return claims

    def _trusts(self, claims: Json) -> bool:
        known = {
            f"{ISSUER.removeprefix('https://')}:{name}": str(claims[name])
            for name in ("sub", "aud", "repository_id", "ref", "environment")
            if name in claims
        }
        return any(
            each["Principal"] == {"Federated": PROVIDER}
            and each["Action"] == "sts:AssumeRoleWithWebIdentity"
            and each["Effect"] == "Allow"
            and _holds(each.get("Condition", {}), known)
            for each in self.trust["Statement"]
        )

    def _session(self, headers: Mapping[str, str]) -> Session:
        found = _CREDENTIAL.search(headers.get("Authorization", ""))
        key, region, service = found.groups() if found else ("", "", "")
        session = self.sessions.get(key)
        if (region, service) != (REGION, "secretsmanager") or session is None:
            words = "The security token included in the request is invalid."
            raise RefusedError(400, "UnrecognizedClientException", words)
        if headers.get("X-Amz-Security-Token") != session.token:
            words = "The security token included in the request is invalid."
            raise RefusedError(400, "UnrecognizedClientException", words)
        if session.expires <= self.now:
            words = "The security token included in the request is expired"
            raise RefusedError(400, "ExpiredTokenException", words)
        return session

    def _check(
        self, session: Session, action: str, resource: str, known: Mapping[str, str]
    ) -> None:
        both = (
            [self.policy] if session.policy is None else [self.policy, session.policy]
        )
        if not all(_allows(each, action, resource, known) for each in both):
            words = (
                f"User: {_who(session)} is not"
                f" authorized to perform: {action} on resource: {resource} because no"
                f" policy allows the {action} action"
            )
            raise RefusedError(400, "AccessDeniedException", words)

    def _find(self, name: str) -> Secret | None:
        return next(
            (s for known, s in self.secrets.items() if name in {known, s.arn}), None
        )

    def _value(self, session: Session, secret: Secret, asked: Json) -> Json:
        label = asked.get("VersionStage", "AWSCURRENT")
        version = asked.get("VersionId", secret.labels.get(label))
        if version not in secret.values:
            words = "Secrets Manager can't find the specified secret value"
            raise RefusedError(400, "ResourceNotFoundException", words)
        if secret.key is not None:
            known = {
                "kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com",
                "kms:EncryptionContext:SecretARN": secret.arn,
            }
            try:
                self._check(session, "kms:Decrypt", secret.key, known)
            except RefusedError:
                words = "Access to KMS is not allowed"
                raise RefusedError(400, "AccessDeniedException", words) from None
            if not self.key_is_on:
                words = "Secrets Manager can't decrypt the protected secret text"
                raise RefusedError(400, "DecryptionFailure", words)
        value = secret.values[version]
        found = {"ARN": secret.arn, "Name": asked["SecretId"], "VersionId": version}
        if isinstance(value, bytes):
            return {**found, "SecretBinary": base64.b64encode(value).decode()}
        return {**found, "SecretString": value}


def _who(session: Session) -> str:
    return f"arn:aws:sts::{ACCOUNT}:assumed-role/sluice/{session.name}"


def _allows(policy: Json, action: str, resource: str, known: Mapping[str, str]) -> bool:
    return any(
        each["Effect"] == "Allow"
        and any(fnmatchcase(action, one) for one in _several(each["Action"]))
        and any(fnmatchcase(resource, one) for one in _several(each["Resource"]))
        and _holds(each.get("Condition", {}), known)
        for each in policy["Statement"]
    )


def _holds(condition: Json, known: Mapping[str, str]) -> bool:
    """Whether all of *condition* is so; several values of one key are alternatives."""
    for operator, keys in condition.items():
        assert operator in {"StringEquals", "StringLike"}, operator
        for key, values in keys.items():
            value = known.get(key)
            if value is None:
                return False
            alike = fnmatchcase if operator == "StringLike" else str.__eq__
            if not any(alike(value, each) for each in _several(values)):
                return False
    return True


def _several(found: str | Sequence[str]) -> Sequence[str]:
    return [found] if isinstance(found, str) else found


@contextmanager
def serve_aws(aws: FakeAws) -> Iterator[FakeAws]:
    """*aws* on loopback, at its ``address``."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers["Content-Length"])).decode()
            target = self.headers.get("X-Amz-Target")
            if target is None:
                asked = {name: values[0] for name, values in parse_qs(data).items()}
                self._say(asked["Action"], asked, _to_xml)
            else:
                self._say(target.rpartition(".")[2], json.loads(data), _to_json)

        def _say(self, action: str, asked: Json, write: Write) -> None:
            try:
                status, body = (
                    200,
                    write(action, aws.answer(action, asked, dict(self.headers))),
                )
            except RefusedError as error:
                status, body = error.status, write(None, error)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        aws.address = f"http://127.0.0.1:{server.server_port}"
        try:
            yield aws
        finally:
            server.shutdown()
            thread.join()


def _to_json(action: str | None, said: Json) -> bytes:
    if action is None:
        return json.dumps({"__type": said.code, "Message": said.words}).encode()
    return json.dumps(said).encode()


def _to_xml(action: str | None, said: Json) -> bytes:
    namespace = "https://sts.amazonaws.com/doc/2011-06-15/"
    if action is None:
        inner = f"<Code>{said.code}</Code><Message>{escape(said.words)}</Message>"
        text = (
            f'<ErrorResponse xmlns="{namespace}"><Error>{inner}</Error></ErrorResponse>'
        )
    else:
        inner = f"<{action}Result>{_elements(said)}</{action}Result>"
        text = f'<{action}Response xmlns="{namespace}">{inner}</{action}Response>'
    return text.encode()


def _elements(found: Mapping[str, Any]) -> str:
    return "".join(
        f"<{name}>{_elements(v) if isinstance(v, dict) else escape(v)}</{name}>"
        for name, v in found.items()
    )
