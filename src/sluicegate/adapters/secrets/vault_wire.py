"""How hvac reaches Vault or OpenBao: within a time and a size, and nobody else.

hvac's own way follows redirects and takes the token along to any host, takes a token
from ``VAULT_TOKEN`` or ``~/.vault-token`` where it has none, reads answers of any
length, and keeps them in its exceptions. This one does none of that.

Source:
    https://openbao.org/api-docs/, "HTTP status codes" and "The X-Vault-Request header".
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from hvac.adapters import Adapter  # type: ignore[import-untyped]
from typing_extensions import override

from sluicegate.adapters.github.answer import Answer, Limits, Question
from sluicegate.adapters.github.wire import Wire
from sluicegate.adapters.secrets.said import say
from sluicegate.errors import PermanentError

LIMITS = Limits(socket_seconds=(5.0, 10.0), total_seconds=30.0, bytes=4 << 20)

Answered = Mapping[str, object]
"""The JSON object of an answer; {} where it has none."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which server, and whom to trust there; ``kind`` is what people call it."""

    kind: str
    address: str
    namespace: str | None = None
    certificates: str | None = None

    @property
    def program(self) -> str:
        """Its command."""
        return "vault" if self.kind == "Vault" else "bao"

    @property
    def host(self) -> str:
        """What people call this one."""
        return f"{self.kind} at {urlsplit(self.address).netloc}"


class RefusedError(Exception):
    """The server said no: with ``status`` of HTTP, ``errors`` in its words."""

    def __init__(self, status: int, errors: tuple[str, ...], body: Answered) -> None:
        super().__init__(f"HTTP {status}")
        self.status, self.errors, self.body = status, errors, body


class WireAdapter(Adapter):  # type: ignore[misc]
    """Asks one server, and says in its own log who asks: *agent*, *correlation*.

    Its methods raise `RefusedError`, `github.answer.CutError`, and PermanentError for
    an answer that is none.
    """

    def __init__(self, place: Place, agent: str, correlation: str) -> None:
        # An empty token is none; None would be looked for on this machine.
        super().__init__(base_uri=place.address, token="", namespace=place.namespace)
        self._place = place
        parts = urlsplit(place.address)
        self._prefix = parts.path.rstrip("/")
        self._wire = Wire(
            f"{parts.scheme}://{parts.netloc}",
            place.certificates,
            lambda: None,
            LIMITS,
        )
        self._says = {"User-Agent": agent, "X-Correlation-Id": correlation}

    @override
    def get_login_token(self, response: Answered) -> str:
        raise NotImplementedError("a login is looked at before its token is used")

    @override
    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        raise_exception: bool = True,
        **kwargs: object,
    ) -> Answered:
        """Send one request to the API path *url*; ``json`` is its body."""
        del raise_exception
        params, body = kwargs.pop("params", None), kwargs.pop("json", None)
        assert not kwargs, f"hvac wants {sorted(kwargs)}"  # or it would be lost
        query = f"?{urlencode(params)}" if isinstance(params, dict) and params else ""
        question = Question(
            method.upper(),
            f"{self._prefix}{url}{query}",
            {
                **self._says,
                "Accept": "application/json",
                "Content-Type": "application/json",
                "X-Vault-Request": "true",
                **({"X-Vault-Token": self.token} if self.token else {}),
                **({"X-Vault-Namespace": self.namespace} if self.namespace else {}),
                **(headers or {}),
            },
            None if body is None else json.dumps(body).encode(),
        )
        try:
            answer = self._wire.ask(question)
        except PermanentError as error:
            if error.hint is None:
                raise
            raise PermanentError(
                str(error),
                hint="ca: of the provider names a file of the CA certificates to"
                " trust; without it, SSL_CERT_FILE does",
            ) from None
        return self._read(answer)

    def _read(self, answer: Answer) -> Answered:
        if 300 <= answer.status < 400:  # noqa: PLR2004 - HTTP's classes of answers
            where = say(answer.headers.get("location", "elsewhere"))
            raise PermanentError(
                f"{self._place.host} redirects to {where}, which is not followed: a"
                " token would go there",
                hint="write the address of the cluster's active server, or of what"
                " stands before it, as address:",
            )
        try:
            body = json.loads(answer.body) if answer.body else {}
        except (ValueError, RecursionError):
            body = None
        if not answer.is_good:
            known = body if isinstance(body, dict) else {}
            raise RefusedError(answer.status, self._errors(known), known)
        if not isinstance(body, dict):
            raise PermanentError(
                f"{self._place.host} does not answer as {self._place.kind} does",
                hint="is address: that of the server itself?",
            )
        return body

    def _errors(self, body: Answered) -> tuple[str, ...]:
        """What the server says is wrong, which may repeat the token it got."""
        found = body.get("errors")
        if not isinstance(found, list):
            return ()
        secrets = (self.token,) if self.token else ()
        return tuple(say(each, secrets) for each in found if isinstance(each, str))


def inside(body: Answered, name: str) -> Answered:
    """The object *name* of an answer; {} where it is none."""
    found = body.get(name)
    return found if isinstance(found, dict) else {}
