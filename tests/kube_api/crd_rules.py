"""Rules of CustomResourceDefinitions that are beyond types and bounds.

In the definitions they are CEL expressions (x-kubernetes-validations); here each is a
function of its own, with the field and the words that the real API server answers with.
Rules that are not listed are not enforced.

Source: Gateway API config/crd/standard, Argo Rollouts manifests/crds.
"""

import json
from collections.abc import Callable, Iterator

from kube_api.problem import Cause
from kube_api.resources import Resource
from kube_api.shapes import Value
from kube_api.values import Json

Rule = Callable[[Json, Json | None], Iterator[Cause]]


def causes(resource: Resource, new: Json, old: Json | None) -> list[Cause]:
    """What the rules of its kind find wrong with *new*."""
    rules = _RULES.get(resource.qualified, ())
    return [cause for rule in rules for cause in rule(new, old)]


def unchecked(resource: Resource, found: list[Cause]) -> list[Cause]:
    """What is said instead where the object is too wrong for rules.

    Source: hasBlockingErr, k8s.io/apiextensions-apiserver/pkg/registry/customresource/
    strategy.go.
    """
    blocking = any(cause.reason in _BLOCKING for cause in found)
    if not blocking or resource.qualified not in _RULES:
        return []
    told = (
        "Invalid value: null: some validation rules were not checked because the object"
        " was invalid; correct the existing errors to complete validation"
    )
    return [Cause("FieldValueInvalid", told, "<nil>")]


_BLOCKING = frozenset(
    f"FieldValue{name}"
    for name in ("NotSupported", "Required", "TooLong", "TooMany", "TypeInvalid")
)


def _broken(field: str, value: Value, message: str) -> Cause:
    """An object or a list is not shown."""
    shown = "" if isinstance(value, (dict, list)) else f"{json.dumps(value)}: "
    return Cause("FieldValueInvalid", f"Invalid value: {shown}{message}", field)


def _services_have_ports(new: Json, old: Json | None) -> Iterator[Cause]:
    del old
    for r, rule in enumerate(_rules_of(new)):
        for b, backend in enumerate(rule.get("backendRefs") or ()):
            is_service = not backend.get("group") and backend.get("kind") == "Service"
            if is_service and "port" not in backend:
                path = f"spec.rules[{r}].backendRefs[{b}]"
                yield _broken(path, backend, "Must have port for Service reference")


def _paths_are_plain(new: Json, old: Json | None) -> Iterator[Cause]:
    del old
    for r, rule in enumerate(_rules_of(new)):
        for m, match in enumerate(rule.get("matches") or ()):
            path = match.get("path") or {}
            if path.get("type") in ("Exact", "PathPrefix"):
                for told in _wrong_with(path.get("value", "/")):
                    yield _broken(f"spec.rules[{r}].matches[{m}].path", path, told)


def _wrong_with(path: str) -> Iterator[str]:
    kinds = "when type one of ['Exact', 'PathPrefix']"
    if not path.startswith("/"):
        yield f"value must be an absolute path and start with '/' {kinds}"
    for part in ("//", "/./", "/../", "%2f", "%2F", "#"):
        if part in path:
            yield f"must not contain '{part}' {kinds}"
    for end in ("/..", "/."):
        if path.endswith(end):
            yield f"must not end with '{end}' {kinds}"


_FILTERS = (
    "RequestHeaderModifier",
    "ResponseHeaderModifier",
    "RequestMirror",
    "RequestRedirect",
    "URLRewrite",
    "ExtensionRef",
)


def _filters_are_what_they_say(new: Json, old: Json | None) -> Iterator[Cause]:
    del old
    for r, rule in enumerate(_rules_of(new)):
        for f, each in enumerate(rule.get("filters") or ()):
            path = f"spec.rules[{r}].filters[{f}]"
            for kind in _FILTERS:
                field = (
                    "urlRewrite" if kind == "URLRewrite" else kind[0].lower() + kind[1:]
                )
                is_it = each.get("type") == kind
                if field in each and not is_it:
                    told = (
                        f"filter.{field} must be nil if the filter.type is not {kind}"
                    )
                    yield _broken(path, each, told)
                elif is_it and field not in each:
                    told = f"filter.{field} must be specified for {kind} filter.type"
                    yield _broken(path, each, told)


def _redirects_have_no_backends(new: Json, old: Json | None) -> Iterator[Cause]:
    del old
    for r, rule in enumerate(_rules_of(new)):
        redirects = any("requestRedirect" in f for f in rule.get("filters") or ())
        if redirects and rule.get("backendRefs"):
            told = "RequestRedirect filter must not be used together with backendRefs"
            yield _broken(f"spec.rules[{r}]", rule, told)


def _rules_have_unlike_names(new: Json, old: Json | None) -> Iterator[Cause]:
    del old
    names = [rule["name"] for rule in _rules_of(new) if "name" in rule]
    if len(set(names)) != len(names):
        told = "Rule name must be unique within the route"
        yield _broken("spec.rules", _rules_of(new), told)


def _controller_name_stays(new: Json, old: Json | None) -> Iterator[Cause]:
    before = ((old or {}).get("spec") or {}).get("controllerName")
    after = (new.get("spec") or {}).get("controllerName")
    if before is not None and before != after:
        yield _broken("spec.controllerName", after, "field is immutable")


def _listeners_have_unlike_names(new: Json, old: Json | None) -> Iterator[Cause]:
    del old
    listeners = (new.get("spec") or {}).get("listeners") or []
    if len({each.get("name") for each in listeners}) != len(listeners):
        told = "Listener name must be unique within the Gateway"
        yield _broken("spec.listeners", listeners, told)


def _listeners_differ(new: Json, old: Json | None) -> Iterator[Cause]:
    del old
    listeners = (new.get("spec") or {}).get("listeners") or []
    keys = ("port", "protocol", "hostname")
    seen = {tuple(each.get(key) for key in keys) for each in listeners}
    if len(seen) != len(listeners):
        told = (
            "Combination of port, protocol and hostname must be unique for each"
            " listener"
        )
        yield _broken("spec.listeners", listeners, told)


def _selector_stays(new: Json, old: Json | None) -> Iterator[Cause]:
    before = ((old or {}).get("spec") or {}).get("selector")
    after = (new.get("spec") or {}).get("selector")
    if before is not None and after is not None and before != after:
        yield _broken("spec.selector", after, ".spec.selector is immutable")


def _rules_of(route: Json) -> list[Json]:
    found: list[Json] = (route.get("spec") or {}).get("rules") or []
    return found


_RULES: dict[str, tuple[Rule, ...]] = {
    "httproutes.gateway.networking.k8s.io": (
        _rules_have_unlike_names,
        _redirects_have_no_backends,
        _services_have_ports,
        _filters_are_what_they_say,
        _paths_are_plain,
    ),
    "gatewayclasses.gateway.networking.k8s.io": (_controller_name_stays,),
    "gateways.gateway.networking.k8s.io": (
        _listeners_have_unlike_names,
        _listeners_differ,
    ),
    "rollouts.argoproj.io": (_selector_stays,),
}
