"""The manifest of a role: what an account may do, and why. Pure.

Texts are written as JSON, which YAML reads: no name can be anything else there.

Source:
    https://kubernetes.io/docs/reference/access-authn-authz/rbac/
"""

import json
from collections.abc import Iterator, Sequence

from sluicegate.model.permission import Permission, Subject

_API = "rbac.authorization.k8s.io"


def role_manifest(
    name: str, namespace: str, subject: Subject, permissions: Sequence[Permission]
) -> str:
    """A Role with these *permissions*, and the RoleBinding that gives it to *subject*.

    Its service account comes first, if it is one of the same namespace.
    """
    documents = []
    if subject.kind == "ServiceAccount" and subject.namespace == namespace:
        documents.append(_head("v1", "ServiceAccount", subject.name, namespace))
    documents += [
        [
            *_head(f"{_API}/v1", "Role", name, namespace),
            "rules:",
            *(line for each in permissions for line in rule_lines(each)),
        ],
        [
            *_head(f"{_API}/v1", "RoleBinding", name, namespace),
            f"roleRef: {{apiGroup: {_API}, kind: Role, name: {_text(name)}}}",
            "subjects:",
            f"  - {_subject(subject)}",
        ],
    ]
    return "".join("---\n" + "".join(f"{line}\n" for line in one) for one in documents)


def rule_lines(permission: Permission) -> Iterator[str]:
    """The rule of one permission, as an entry of ``rules``."""
    note = "" if permission.is_needed else " (it works without)"
    yield f"  # {permission.why}{note}"
    yield f"  - apiGroups: [{_text(permission.group)}]"
    yield f"    resources: [{_text(permission.resource)}]"
    if permission.names:
        yield f"    resourceNames: [{', '.join(map(_text, permission.names))}]"
    yield f"    verbs: [{', '.join(permission.verbs)}]"


def _head(version: str, kind: str, name: str, namespace: str) -> list[str]:
    return [
        f"apiVersion: {version}",
        f"kind: {kind}",
        f"metadata: {{name: {_text(name)}, namespace: {_text(namespace)}}}",
    ]


def _subject(subject: Subject) -> str:
    if subject.kind == "ServiceAccount":
        return (
            f"{{kind: ServiceAccount, name: {_text(subject.name)}, namespace:"
            f" {_text(subject.namespace)}}}"
        )
    return f"{{apiGroup: {_API}, kind: {subject.kind}, name: {_text(subject.name)}}}"


def _text(value: str) -> str:
    return json.dumps(value)
