"""What the API answers when it does not do a thing: a Status, worded as it words it.

Source: k8s.io/apimachinery/pkg/api/errors/errors.go (1.36), the New… functions.
"""

import json
from dataclasses import dataclass, field

from typing_extensions import override

from kube_api.resources import Resource
from kube_api.values import Json


@dataclass(frozen=True)
class Cause:
    """One thing that is wrong with a field.

    Attributes:
        reason: ``FieldValueInvalid``, ``FieldValueRequired``, … or
            ``FieldManagerConflict``.
        message: what `field.Error.ErrorBody` says: without the field's name.
        field: its path, like ``spec.replicas``.
    """

    reason: str
    message: str
    field: str = ""

    def as_json(self) -> Json:
        told = {"reason": self.reason, "message": self.message}
        return {**told, "field": self.field} if self.field else told

    @override
    def __str__(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message


@dataclass(frozen=True)
class Details:
    """Of what the Status speaks."""

    name: str = ""
    group: str = ""
    kind: str = ""
    uid: str = ""
    causes: tuple[Cause, ...] = ()
    retry_after: int | None = None  # seconds

    def as_json(self) -> Json:
        told: Json = {
            key: value
            for key, value in (
                ("name", self.name),
                ("group", self.group),
                ("kind", self.kind),
                ("uid", self.uid),
                ("causes", [each.as_json() for each in self.causes]),
                ("retryAfterSeconds", self.retry_after),
            )
            if value
        }
        return told


@dataclass(eq=False)
class Problem(Exception):  # noqa: N818 - it is what the API calls a Status
    """An answer that is a Failure."""

    code: int
    reason: str
    message: str
    details: Details | None = None
    headers: dict[str, str] = field(default_factory=dict)
    continues: str = ""  # metadata.continue of an expired list

    @override
    def __str__(self) -> str:
        return f"{self.code} {self.reason}: {self.message}"

    def status(self) -> Json:
        """The body."""
        told: Json = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {"continue": self.continues} if self.continues else {},
            "status": "Failure",
            "message": self.message,
            "code": self.code,
        }
        if self.reason:
            told["reason"] = self.reason
        if self.details is not None:
            told["details"] = self.details.as_json()
        return told


def _of(resource: Resource, name: str, **more: object) -> Details:
    return Details(name, resource.group, resource.plural, **more)  # type: ignore[arg-type]


def not_found(resource: Resource, name: str) -> Problem:
    message = f"{resource.qualified} {quoted(name)} not found"
    return Problem(404, "NotFound", message, _of(resource, name))


def no_such_path() -> Problem:
    """For a path that nothing serves: a group, a version or a resource is unknown."""
    message = "the server could not find the requested resource"
    return Problem(404, "NotFound", message, Details())


def already_exists(resource: Resource, name: str, *, deleting: bool = False) -> Problem:
    message = f"{resource.qualified} {quoted(name)} already exists"
    if deleting:
        message = f"object is being deleted: {message}"
    return Problem(409, "AlreadyExists", message, _of(resource, name))


def conflict(resource: Resource, name: str, why: str) -> Problem:
    message = (
        f"Operation cannot be fulfilled on {resource.qualified} {quoted(name)}: {why}"
    )
    return Problem(409, "Conflict", message, _of(resource, name))


def changed_since(resource: Resource, name: str) -> Problem:
    """Somebody else wrote since this writer read."""
    why = (
        "the object has been modified; please apply your changes to the latest"
        " version and try again"
    )
    return conflict(resource, name, why)


def apply_conflict(causes: list[Cause], message: str) -> Problem:
    return Problem(409, "Conflict", message, Details(causes=tuple(causes)))


def invalid(group: str, kind: str, name: str, causes: list[Cause]) -> Problem:
    """The object is not a valid one: 422; one cause alone stands without brackets."""
    of = f"{kind}.{group}" if group else kind
    said = list(dict.fromkeys(str(cause) for cause in causes))
    why = said[0] if len(said) == 1 else f"[{', '.join(said)}]"
    message = f"{of} {quoted(name)} is invalid: {why}"
    details = Details(name, group, kind, causes=tuple(causes))
    return Problem(422, "Invalid", message, details)


def forbidden(resource: Resource, name: str, why: str) -> Problem:
    of = f"{resource.qualified} {quoted(name)}" if name else resource.qualified
    message = f"{of} is forbidden: {why}"
    return Problem(403, "Forbidden", message, _of(resource, name))


def unauthorized() -> Problem:
    return Problem(401, "Unauthorized", "Unauthorized")


def bad_request(message: str) -> Problem:
    return Problem(400, "BadRequest", message)


def method_not_allowed() -> Problem:
    """The path is one, but not for this method."""
    message = "the server does not allow this method on the requested resource"
    return Problem(405, "MethodNotAllowed", message, Details())


def unsupported_media_type(accepted: list[str]) -> Problem:
    message = (
        "the body of the request was in an unknown format - accepted media types"
        f" include: {', '.join(accepted)}"
    )
    return Problem(415, "UnsupportedMediaType", message)


def not_acceptable(available: list[str]) -> Problem:
    """Nothing that the client takes can be made."""
    message = f"only the following media types are accepted: {', '.join(available)}"
    return Problem(406, "NotAcceptable", message)


def too_large(limit: int) -> Problem:
    """A body of more than *limit* bytes."""
    message = f"Request entity too large: limit is {limit}"
    return Problem(413, "RequestEntityTooLarge", message)


def expired(message: str) -> Problem:
    return Problem(410, "Expired", message)


def too_many_requests(seconds: int) -> Problem:
    message = "the server has received too many requests and has asked us to try again"
    details = Details(retry_after=seconds)
    headers = {"Retry-After": str(seconds)}
    return Problem(429, "TooManyRequests", f"{message} later", details, headers)


def internal_error(why: str) -> Problem:
    details = Details(causes=(Cause("", why),))
    return Problem(500, "InternalError", f"Internal error occurred: {why}", details)


def quoted(text: str) -> str:
    """As Go's %q writes it."""
    return json.dumps(text, ensure_ascii=False)
