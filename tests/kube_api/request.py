"""A request and what it is about: verb, resource, namespace, name, subresource.

Source: k8s.io/apiserver/pkg/endpoints/request/requestinfo.go (1.36).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from kube_api.problem import bad_request
from kube_api.values import Json

_TAKEN = {"*/*", "application/*", "application/json"}
_METHODS = {
    "POST": "create",
    "GET": "get",
    "HEAD": "get",
    "PUT": "update",
    "PATCH": "patch",
    "DELETE": "delete",
}
_NAMESPACE_SUBRESOURCES = ("status", "finalize")
_FALSE = ("", "false", "0", "f", "F", "False", "FALSE")


@dataclass(frozen=True)
class Request:
    """What came in; names of headers are in lower case.

    ``certificate`` is the common name and the organizations of the client's
    certificate, which the server has checked.
    """

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    certificate: tuple[str, tuple[str, ...]] | None = None
    several: tuple[tuple[str, str], ...] = ()  # headers, each as often as it came

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> dict[str, str]:
        """The first value of each parameter, as Kubernetes reads them."""
        found: dict[str, str] = {}
        pairs = parse_qsl(urlsplit(self.target).query, keep_blank_values=True)
        for key, value in pairs:
            found.setdefault(key, value)
        return found

    def flag(self, name: str) -> bool:
        return self.query.get(name, "false") not in _FALSE

    def number(self, name: str) -> int | None:
        """A whole number of the query.

        Raises:
            Problem: 400: it is no number.
        """
        text = self.query.get(name, "")
        if not text:
            return None
        try:
            return int(text)
        except ValueError as error:
            raise bad_request(
                f'strconv.ParseInt: parsing "{text}": invalid syntax'
            ) from error

    @property
    def takes_json(self) -> bool:
        """Whether the client takes JSON; as a Table is not what is made here."""
        taken = [each.strip() for each in self.headers.get("accept", "").split(",")]
        kinds = [each.split(";")[0] for each in taken if ";as=" not in each]
        return taken == [""] or bool(_TAKEN & set(kinds))

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").split(";")[0].strip()


@dataclass(frozen=True)
class Answer:
    """What goes out: a body, or a stream of watch events, or a text."""

    status: int = 200
    body: Json | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    events: Iterator[Json] | None = None
    text: str | None = None


@dataclass(frozen=True)
class Target:
    """What a request is about, as the authorizer sees it."""

    verb: str
    path: str
    is_resource: bool = False
    group: str = ""
    version: str = ""
    resource: str = ""
    namespace: str = ""
    name: str = ""
    subresource: str = ""


def target_of(request: Request) -> Target:
    """What *request* is about."""
    parts = [part for part in request.path.strip("/").split("/") if part]
    method = request.method.lower()
    if len(parts) < 3 or parts[0] not in ("api", "apis"):
        return Target(method, request.path)
    group = ""
    rest = parts[1:]
    if parts[0] == "apis":
        if len(rest) < 3:
            return Target(method, request.path)
        group, rest = rest[0], rest[1:]
    version, rest = rest[0], rest[1:]
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 1:
        namespace = rest[1]
        if len(rest) > 2 and rest[2] not in _NAMESPACE_SUBRESOURCES:
            rest = rest[2:]
    resource, name, subresource = (*rest, "", "", "")[:3]
    verb, name = _verb(request, name)
    return Target(
        verb,
        request.path,
        is_resource=True,
        group=group,
        version=version,
        resource=resource,
        namespace=namespace,
        name=name,
        subresource=subresource,
    )


def _verb(request: Request, name: str) -> tuple[str, str]:
    verb = _METHODS.get(request.method, "")
    if name:
        return verb, name
    if verb == "get":
        verb = "watch" if request.flag("watch") else "list"
        return verb, _selected_name(request.query.get("fieldSelector", ""))
    return ("deletecollection" if verb == "delete" else verb), name


def _selected_name(fields: str) -> str:
    """A list of one name is authorized as that name."""
    for term in fields.split(","):
        key, _, value = term.replace("==", "=").partition("=")
        if key == "metadata.name" and value:
            return value
    return ""
