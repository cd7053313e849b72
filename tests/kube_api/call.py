"""One request on its way through the verbs."""

import json
from dataclasses import dataclass, field, replace

import yaml

from kube_api.access import check_access
from kube_api.managed_fields import Writer
from kube_api.problem import (
    Cause,
    bad_request,
    invalid,
    not_acceptable,
    too_large,
    unsupported_media_type,
)
from kube_api.request import Request, Target
from kube_api.resources import Resource
from kube_api.state import State
from kube_api.store import Key
from kube_api.users import User
from kube_api.values import Json

_BODIES = ("application/json", "application/yaml")
_LARGEST_BODY = 3 * 1024 * 1024  # bytes
_LONGEST_MANAGER = 128  # bytes
_VALIDATIONS = ("Ignore", "Warn", "Strict")
_OPTIONS = {
    "create": "CreateOptions",
    "update": "UpdateOptions",
    "patch": "PatchOptions",
}


@dataclass
class Call:
    """What is asked, by whom, of which resource of which cluster.

    ``warnings`` are gathered on the way: each becomes a Warning header.
    """

    state: State
    request: Request
    target: Target
    resource: Resource
    user: User
    warnings: list[str] = field(default_factory=list)

    def check_representation(self) -> None:
        """Raises:
        Problem: 406: the client takes nothing that there is; 413: it sends too much.
        """
        if not self.request.takes_json:
            raise not_acceptable(["application/json"])
        if len(self.request.body) > _LARGEST_BODY:
            raise too_large(_LARGEST_BODY)

    def authorize(self, verb: str) -> None:
        """Ask for *verb*, too: an update that creates needs leave to create.

        Raises:
            Problem: 403.
        """
        check_access(self.state, self.user, replace(self.target, verb=verb))

    @property
    def namespace(self) -> str:
        return self.target.namespace if self.resource.namespaced else ""

    def key(self, name: str = "") -> Key:
        return Key(self.resource.qualified, self.namespace, name or self.target.name)

    @property
    def dry_run(self) -> bool:
        """Whether nothing shall be stored.

        Raises:
            Problem: 422: it is neither absent nor ``All``.
        """
        asked: list[object] = [self.request.query.get("dryRun", "")]
        if self.request.method == "DELETE" and self.request.body.strip():
            told = parse_object(self.request.body).get("dryRun") or []
            if not isinstance(told, list):
                raise bad_request("json: cannot unmarshal into DeleteOptions.dryRun")
            asked += told
        for each in filter(None, asked):
            if each != "All":
                message = f'Unsupported value: "{each}": supported values: "All"'
                cause = Cause("FieldValueNotSupported", message, "dryRun")
                raise self._bad_option(cause)
        return any(asked)

    @property
    def field_validation(self) -> str:
        """``Ignore``, ``Warn`` (the default) or ``Strict``.

        Raises:
            Problem: 422: it is something else.
        """
        asked = self.request.query.get("fieldValidation", "") or "Warn"
        if asked not in _VALIDATIONS:
            supported = ", ".join(f'"{each}"' for each in ("", *_VALIDATIONS))
            message = f'Unsupported value: "{asked}": supported values: {supported}'
            cause = Cause("FieldValueNotSupported", message, "fieldValidation")
            raise self._bad_option(cause)
        return asked

    @property
    def writer(self) -> Writer:
        """Who writes, by ``fieldManager=`` or else by the User-Agent's start.

        Source: managerOrUserAgent, k8s.io/apiserver/pkg/endpoints/handlers/create.go.

        Raises:
            Problem: 422: too long a name.
        """
        agent = self.request.headers.get("user-agent", "")
        named = self.request.query.get("fieldManager", "")
        if len(named.encode()) > _LONGEST_MANAGER:
            message = f"Too long: may not be more than {_LONGEST_MANAGER} bytes"
            cause = Cause("FieldValueTooLong", message, "fieldManager")
            raise self._bad_option(cause)
        manager = named or agent.split("/")[0][:_LONGEST_MANAGER]
        timestamp = self.state.timestamp()
        return Writer(manager or "unknown", self.target.subresource, timestamp)

    def body(self) -> Json:
        """The object that was sent.

        Raises:
            Problem: 400 or 415: there is none.
        """
        media_type = self.request.media_type or "application/json"
        if media_type not in _BODIES:
            raise unsupported_media_type(list(_BODIES))
        return parse_object(self.request.body, is_yaml=media_type.endswith("yaml"))

    def _bad_option(self, cause: Cause) -> Exception:
        kind = _OPTIONS.get(self.target.verb, "DeleteOptions")
        return invalid("meta.k8s.io", kind, "", [cause])


def parse_object(body: bytes, *, is_yaml: bool = False) -> Json:
    """An object of the API.

    Raises:
        Problem: 400: it is none.
    """
    try:
        found = yaml.safe_load(body) if is_yaml else json.loads(body)
    except (ValueError, yaml.YAMLError) as error:
        raise bad_request(f"the object provided is unrecognized: {error}") from error
    if not isinstance(found, dict):
        raise bad_request(
            "the object provided is unrecognized (must be of type object)"
        )
    return found
