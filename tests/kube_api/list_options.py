"""Which options a list and a watch may have together.

Source: k8s.io/apimachinery/pkg/apis/meta/internalversion/validation/validation.go.
"""

from collections.abc import Mapping

from kube_api.problem import Cause, invalid

_MATCH = "resourceVersionMatch"
_NEWER = "NotOlderThan"
_CONTINUES = "resourceVersionMatch is forbidden when continue is provided"


def check_list(query: Mapping[str, str]) -> None:
    """Raises:
    Problem: 422: they do not go together.
    """
    causes = []
    match, version = query.get(_MATCH, ""), query.get("resourceVersion", "")
    if match:
        if not version:
            why = "resourceVersionMatch is forbidden unless resourceVersion is provided"
            causes.append(_forbidden(_MATCH, why))
        if query.get("continue"):
            causes.append(_forbidden(_MATCH, _CONTINUES))
        causes += _not_one_of(match, ("Exact", _NEWER, ""))
        if match == "Exact" and version == "0":
            why = 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
            causes.append(_forbidden(_MATCH, why))
    if "sendInitialEvents" in query:
        why = "sendInitialEvents is forbidden for list"
        causes.append(_forbidden("sendInitialEvents", why))
    _refuse(causes)


def check_watch(query: Mapping[str, str]) -> None:
    """Raises:
    Problem: 422: they do not go together.
    """
    causes = []
    match = query.get(_MATCH, "")
    if "sendInitialEvents" in query and match != _NEWER:
        why = f"sendInitialEvents requires setting resourceVersionMatch to {_NEWER}"
        causes.append(_forbidden(_MATCH, why))
    if match:
        if "sendInitialEvents" not in query:
            why = (
                "resourceVersionMatch is forbidden for watch unless sendInitialEvents"
                " is provided"
            )
            causes.append(_forbidden(_MATCH, why))
        causes += _not_one_of(match, (_NEWER,))
        if query.get("continue"):
            causes.append(_forbidden(_MATCH, _CONTINUES))
    _refuse(causes)


def _forbidden(field: str, why: str) -> Cause:
    return Cause("FieldValueForbidden", f"Forbidden: {why}", field)


def _not_one_of(match: str, supported: tuple[str, ...]) -> list[Cause]:
    if match in supported:
        return []
    listed = ", ".join(f'"{each}"' for each in sorted(supported))
    message = f'Unsupported value: "{match}": supported values: {listed}'
    return [Cause("FieldValueNotSupported", message, _MATCH)]


def _refuse(causes: list[Cause]) -> None:
    if causes:
        raise invalid("meta.k8s.io", "ListOptions", "", causes)
