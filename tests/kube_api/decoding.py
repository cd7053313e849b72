"""From what was sent to an object of the kind: fields that there are not are dropped.

Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation,
k8s.io/apiserver/pkg/endpoints/handlers/create.go.
"""

from kube_api import schemas
from kube_api.call import Call
from kube_api.problem import bad_request
from kube_api.values import Json


def decode(call: Call) -> Json:
    """The object in the body of a create or an update.

    Raises:
        Problem: 400: it is none of that kind, or (Strict) has unknown fields.
    """
    sent = call.body()
    check_kind(call, sent)
    check_fields(call, sent)
    return sent


def check_kind(call: Call, sent: Json) -> None:
    """Take the path's kind where the object names none.

    Raises:
        Problem: 400: it is of another kind.
    """
    resource = call.resource
    if resource.custom:
        for key, told in (("Kind", "kind"), ("apiVersion", "apiVersion")):
            if not sent.get(told):
                raise bad_request(
                    f"the object provided is unrecognized (must be of type"
                    f" {resource.kind}): Object '{key}' is missing"
                )
    version = sent.setdefault("apiVersion", resource.api_version)
    kind = sent.setdefault("kind", resource.kind)
    if (version, kind) == (resource.api_version, resource.kind):
        return
    if resource.custom or kind == resource.kind:
        raise bad_request(
            f"the API version in the data ({version}) does not match the expected API"
            f" version ({resource.api_version})"
        )
    raise bad_request(
        f'{kind} in version "{resource.version}" cannot be handled as a'
        f' {resource.kind}: no kind "{kind}" is registered for version "{version}"'
    )


def check_fields(call: Call, sent: Json) -> None:
    """Refuse, tell of, or silently drop the fields that the kind does not have.

    Raises:
        Problem: 400: with ``fieldValidation=Strict``.
    """
    validation = call.field_validation
    if validation != "Ignore":
        unknown = [
            f'unknown field "{path}"'
            for path in schemas.unknown_fields(call.resource, sent)
        ]
        if unknown and validation == "Strict":
            kind, version = call.resource.kind, call.resource.version
            raise bad_request(
                f'{kind} in version "{version}" cannot be handled as a {kind}: strict'
                f" decoding error: {', '.join(unknown)}"
            )
        call.warnings.extend(unknown)
    schemas.prune(call.resource, sent)
