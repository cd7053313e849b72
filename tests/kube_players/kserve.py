"""The controllers of KServe and Knative, played: the predictor of InferenceServices.

Knative's Service, Configuration and Route are played inside; its revisions are objects,
and their pods come from a Deployment each. Left out are transformers, explainers,
runtimes, scaling to zero, and the webhooks.

Source: kserve/kserve (0.20, commit aaac4e29), pkg/controller/v1beta1/inferenceservice:
components/predictor.go, reconcilers/knative/ksvc_reconciler.go, reconcilers/ingress/
httproute_reconciler.go; pkg/apis/serving/v1beta1/inference_service_status.go
(PropagateStatus). knative/serving: pkg/reconciler/{configuration,route,revision}.
"""

import copy
import hashlib
import json
import math
from dataclasses import dataclass, field

from kube_players.deployments import DeploymentPlayer
from kube_players.documents import Document, condition, owner_reference
from typing_extensions import override

REVISION = "serving.knative.dev/revision"
_SOURCE = "internal.serving.kserve.io/storage-initializer-sourceuri"
_MODE = "serving.kserve.io/deploymentMode"
_NOT_PASSED_ON = {
    "autoscaling.knative.dev/min-scale",
    "autoscaling.knative.dev/max-scale",
    _SOURCE,
    "kubectl.kubernetes.io/last-applied-configuration",
    "modelFormat",
}


@dataclass
class _Knative:
    """What Knative has of one predictor."""

    template: str = ""
    made: int = 0
    created: str = ""
    ready: str = ""
    traffic: list[Document] = field(default_factory=list)
    due: str | None = None


@dataclass
class KServePlayer(DeploymentPlayer):
    """Plays KServe, Knative and the pods, see `DeploymentPlayer`.

    Attributes:
        is_late: whether Knative's Route is reconciled before its Configuration, so that
            the shares are seen before the revision that they are for.
        has_gateway_api: whether it makes HTTPRoutes in mode Standard.
        without_canaries: whether it is older than the list of canaries.
    """

    is_late: bool = False
    has_gateway_api: bool = True
    without_canaries: bool = False
    _knative: dict[str, _Knative] = field(default_factory=dict)

    @override
    def step(self) -> bool:
        changed = super().step()
        self._changed = changed
        if self.asleep:
            return False
        for service in self._all("InferenceService"):
            if "deletionTimestamp" in service["metadata"]:
                continue
            mode = service["metadata"].get("annotations", {}).get(_MODE, "Knative")
            if mode == "Knative":
                self._play_knative(service)
            else:
                self._play_standard(service)
        return self._changed

    # --- mode Knative

    def _play_knative(self, service: Document) -> None:
        name = service["metadata"]["name"]
        state = self._knative.setdefault(name, _Knative())
        before = copy.deepcopy((service.get("status") or {}).get("components") or {})
        component: Document = before.get("predictor") or {}
        self._configure(service, state)
        state.ready = self._newest_ready(service, state)
        state.traffic = self._resolve(_targets(service, component), state)
        _propagate(component, state)
        self._scale_revisions(service, state)
        self._report_knative(service, component)

    def _configure(self, service: Document, state: _Knative) -> None:
        """A new template makes a new revision."""
        predictor = service["spec"]["predictor"]
        spec, annotations = self._pod_of(service, predictor)
        text = json.dumps([spec, annotations], sort_keys=True)
        if state.due is not None:
            self._make_revision(service, state, spec, annotations)
            state.due = None
        elif text != state.template:
            state.template = text
            if self.is_late and state.made:
                state.due = text
                self._changed = True
            else:
                self._make_revision(service, state, spec, annotations)

    def _make_revision(
        self, service: Document, state: _Knative, spec: Document, annotations: Document
    ) -> None:
        state.made += 1
        state.created = f"{service['metadata']['name']}-predictor-{state.made:05d}"
        labels = {REVISION: state.created, "serving.knative.dev/service": "predictor"}
        revision = self._create(
            {
                "apiVersion": "serving.knative.dev/v1",
                "kind": "Revision",
                "metadata": {
                    "name": state.created,
                    "annotations": annotations,
                    "labels": labels,
                    "ownerReferences": [owner_reference(service)],
                },
                "spec": spec,
            }
        )
        replicas = service["spec"]["predictor"].get("minReplicas", 1)
        made = _deployment(f"{state.created}-deployment", labels, spec, {}, replicas)
        made["metadata"]["ownerReferences"] = [owner_reference(revision)]
        self._create(made)

    def _newest_ready(self, service: Document, state: _Knative) -> str:
        ready = state.ready
        for number in range(1, state.made + 1):
            name = f"{service['metadata']['name']}-predictor-{number:05d}"
            if self._report_revision(name) and name > ready:
                ready = name
        return ready

    def _report_revision(self, name: str) -> bool:
        """Whether it is ready, or was: a revision without traffic has no pods."""
        revision = self.hand.get("Revision", self.namespace, name)
        deployment = self.hand.get("Deployment", self.namespace, f"{name}-deployment")
        if revision is None or deployment is None:
            return False
        was = (revision.get("status") or {}).get("conditions") or []
        status = deployment.get("status") or {}
        wanted = deployment["spec"]["replicas"]
        if status.get("availableReplicas", 0) >= max(wanted, 1):
            ready = condition("Ready", "True", "")
        elif not wanted and was:
            ready = was[0]
        else:
            ready = self._why(name)
        self._put_status(revision, {"conditions": [ready]})
        return bool(ready["status"] == "True")

    def _why(self, revision: str) -> Document:
        """What the revision says of its container, of the first pod that tells."""
        for pod in self._all("Pod"):
            if pod["metadata"]["labels"].get(REVISION) != revision:
                continue
            for each in (pod.get("status") or {}).get("containerStatuses", []):
                ended = (each.get("lastState") or {}).get("terminated")
                if ended is not None:
                    said = f"Container failed with: {ended['message']}"
                    return condition(
                        "Ready", "False", f"ExitCode{ended['exitCode']}", said
                    )
                waits = (each.get("state") or {}).get("waiting")
                if waits is not None:
                    return condition(
                        "Ready", "False", waits["reason"], waits["message"]
                    )
        return condition("Ready", "Unknown", "Deploying")

    def _resolve(self, targets: list[Document], state: _Knative) -> list[Document]:
        """The Route: *latest* is the newest revision that is ready."""
        if not state.ready:
            return []
        resolved = []
        for target in targets:
            is_latest = target["latestRevision"]
            name = state.ready if is_latest else target["revisionName"]
            resolved.append({**target, "revisionName": name})
        return resolved

    def _scale_revisions(self, service: Document, state: _Knative) -> None:
        """What no target names has no pods."""
        named = {each["revisionName"] for each in state.traffic} | {state.created}
        wanted = service["spec"]["predictor"].get("minReplicas", 1)
        for deployment in self._all("Deployment"):
            revision = deployment["spec"]["selector"]["matchLabels"].get(REVISION)
            if revision is None:
                continue
            replicas = wanted if revision in named else 0
            if deployment["spec"]["replicas"] != replicas:
                self._merge(deployment, {"spec": {"replicas": replicas}})

    def _report_knative(self, service: Document, component: Document) -> None:
        ready = component.get("latestReadyRevision")
        is_ready = ready is not None and ready == component["latestCreatedRevision"]
        conditions = [
            condition(kind, str(is_ready), "" if is_ready else "RevisionMissing")
            for kind in ("PredictorReady", "Ready")
        ]
        status = {
            "deploymentMode": "Knative",
            "components": {"predictor": component},
            "conditions": conditions,
        }
        self._put_status(service, status)

    # --- mode Standard

    def _play_standard(self, service: Document) -> None:
        spec, name = service["spec"], service["metadata"]["name"]
        canaries = [] if self.without_canaries else spec.get("canary", [])
        before = (service.get("status") or {}).get("canaryStatuses") or []
        ready_before = {each["name"]: each["ready"] for each in before}
        expected = {f"{name}-predictor"}
        statuses = []
        for canary in canaries:
            merged = _merge_over(spec["predictor"], canary["predictor"])
            variant = canary["predictor"]["name"]
            deployment = f"{name}-{variant}-predictor"
            expected.add(deployment)
            self._deploy(service, deployment, merged, _replicas(spec, canary))
            statuses.append(
                {
                    "name": variant,
                    "ready": self._is_available(deployment),
                    "trafficPercent": canary["trafficPercent"],
                }
            )
        reserved = sum(
            _replicas(spec, each)
            for each in canaries
            if ready_before.get(each["predictor"]["name"])
        )
        least = spec["predictor"].get("minReplicas", 1)
        replicas = max(least - reserved, 1)
        self._deploy(service, f"{name}-predictor", spec["predictor"], replicas)
        self._clean(service, expected)
        is_ready = self._is_available(f"{name}-predictor")
        if self.has_gateway_api and is_ready:
            for route in (name, f"{name}-predictor"):
                self._route(service, route, canaries, statuses)
        conditions = [
            condition(kind, str(is_ready), "" if is_ready else "MinimumReplicas")
            for kind in ("PredictorReady", "Ready")
        ]
        self._put_status(
            service,
            {
                "deploymentMode": "Standard",
                "components": {"predictor": {}},
                "canaryStatuses": statuses,
                "conditions": conditions,
            },
        )

    def _deploy(
        self, service: Document, name: str, predictor: Document, replicas: int
    ) -> None:
        spec, annotations = self._pod_of(service, predictor)
        labels = {
            "app": f"isvc.{name}",
            "serving.kserve.io/inferenceservice": service["metadata"]["name"],
        }
        wanted = _deployment(name, labels, spec, annotations, replicas)
        found = self.hand.get("Deployment", self.namespace, name)
        if found is None:
            wanted["metadata"]["ownerReferences"] = [owner_reference(service)]
            self._create(wanted)
            return
        template = found["spec"]["template"]
        now = (
            template["spec"]["containers"][0]["image"],
            template["metadata"].get("annotations", {}),
            found["spec"]["replicas"],
        )
        if now != (spec["containers"][0]["image"], annotations, replicas):
            gone = dict.fromkeys(set(now[1]) - set(annotations))
            changed = copy.deepcopy(wanted["spec"])
            changed["template"]["metadata"]["annotations"] = {**gone, **annotations}
            del changed["selector"]
            self._merge(found, {"spec": changed})

    def _is_available(self, name: str) -> bool:
        found = self.hand.get("Deployment", self.namespace, name)
        status = {} if found is None else found.get("status") or {}
        return bool(status.get("availableReplicas"))

    def _clean(self, service: Document, expected: set[str]) -> None:
        """Deployments of canaries that are not listed any more."""
        for each in self._own("Deployment", service):
            name = each["metadata"]["name"]
            if name not in expected:
                for owned in self._own("ReplicaSet", each):
                    for pod in self._own("Pod", owned):
                        self._drop("Pod", pod)
                    self._drop("ReplicaSet", owned)
                self._drop("Deployment", each)

    def _drop(self, kind: str, found: Document) -> None:
        if self.hand.get(kind, self.namespace, found["metadata"]["name"]) is not None:
            self._wrote(kind)
            self.hand.delete(kind, self.namespace, found["metadata"]["name"])

    def _route(
        self,
        service: Document,
        name: str,
        canaries: list[Document],
        statuses: list[Document],
    ) -> None:
        """createRawTopLevelHTTPRoute, applyCanaryWeights."""
        own = service["metadata"]["name"]
        ready = {each["name"] for each in statuses if each["ready"]}
        stable: Document = {"name": f"{own}-predictor", "port": 80}
        refs = [stable]
        if canaries:
            taken = sum(
                each["trafficPercent"]
                for each in canaries
                if each["predictor"]["name"] in ready
            )
            refs = [{**stable, "weight": 100 - taken}]
            refs += [
                {
                    "name": f"{own}-{each['predictor']['name']}-predictor",
                    "port": 80,
                    "weight": each["trafficPercent"],
                }
                for each in canaries
                if each["predictor"]["name"] in ready
            ]
        rules = [{"backendRefs": refs}]
        found = self.hand.get("HTTPRoute", self.namespace, name)
        if found is None:
            self._create(
                {
                    "apiVersion": "gateway.networking.k8s.io/v1",
                    "kind": "HTTPRoute",
                    "metadata": {
                        "name": name,
                        "ownerReferences": [owner_reference(service)],
                    },
                    "spec": {"parentRefs": [{"name": "web"}], "rules": rules},
                }
            )
        elif _weights(found["spec"]["rules"]) != _weights(rules):
            self._merge(found, {"spec": {"rules": rules}})

    # --- both

    def _pod_of(
        self, service: Document, predictor: Document
    ) -> tuple[Document, Document]:
        """buildPredictorResources: annotations and labels go on to the pods."""
        meta = service["metadata"]
        annotations = {
            name: value
            for name, value in meta.get("annotations", {}).items()
            if name not in _NOT_PASSED_ON
        }
        if "model" not in predictor:
            container = predictor["containers"][0]
            return {"containers": [container]}, annotations
        model = predictor["model"]
        image = model.get("image", "registry.example/runtime:1")
        if "storageUri" in model:
            annotations[_SOURCE] = model["storageUri"]
            # The pods of a model as an image are as good as that image is.
            image = model["storageUri"].removeprefix("oci://")
        container = {"name": "kserve-container", "image": image}
        return {"containers": [container]}, annotations

    def _put_status(self, found: Document, status: Document) -> None:
        """Update the status whole, as the typed client does, if it differs."""
        before = found.get("status") or {}
        known = {k: v for k, v in before.items() if k != "sluicegate"}
        if known == status:
            return
        self._wrote(found["kind"])
        meta = found["metadata"]
        gone = dict.fromkeys(set(before) - set(status))
        told = {
            "metadata": {"resourceVersion": meta["resourceVersion"]},
            "status": {**gone, **status},
        }
        kind = found["kind"]
        self.hand.merge(kind, self.namespace, meta["name"], told, "status")


def _targets(service: Document, component: Document) -> list[Document]:
    """createKnativeService."""
    percent = service["spec"]["predictor"].get("canaryTrafficPercent")
    rolled_out = component.get("latestRolledoutRevision", "")
    latest: Document = {"latestRevision": True, "percent": 100}
    if percent is None or not rolled_out:
        return [latest]
    targets = [{**latest, "percent": percent}]
    if percent < 100:
        rest = {"latestRevision": False, "percent": 100 - percent, "tag": "prev"}
        targets.append({**rest, "revisionName": rolled_out})
    return targets


def _propagate(component: Document, state: _Knative) -> None:
    """PropagateStatus: who was rolled out last."""
    component["latestCreatedRevision"] = state.created
    by_revision: dict[str, int] = {}
    for each in state.traffic:
        name = each["revisionName"]
        by_revision[name] = by_revision.get(name, 0) + each["percent"]
    for each in state.traffic:
        if each["revisionName"] != state.ready or not each["latestRevision"]:
            continue
        if component.get("latestRolledoutRevision", "") != state.ready:
            if each["percent"] == 100:
                before = component.get("latestRolledoutRevision")
                if before:
                    component["previousRolledoutRevision"] = before
                component["latestRolledoutRevision"] = state.ready
        elif state.ready == state.created and each["percent"] < 100:
            previous = component.get("previousRolledoutRevision")
            if by_revision[state.ready] == 100 and previous:
                component["latestRolledoutRevision"] = previous
    if state.ready:
        component["latestReadyRevision"] = state.ready
    component["traffic"] = state.traffic


def _replicas(spec: Document, canary: Document) -> int:
    """canaryReplicaCount."""
    if "minReplicas" in canary["predictor"]:
        return int(canary["predictor"]["minReplicas"])
    stable = int(spec["predictor"].get("minReplicas", 1))
    return math.ceil(stable * int(canary["trafficPercent"]) / 100)


def _merge_over(stable: Document, canary: Document) -> Document:
    """buildCanaryPredictor: mergo.Merge with override; lists are replaced whole."""
    merged = copy.deepcopy(stable)
    for name, value in canary.items():
        if isinstance(value, dict) and isinstance(merged.get(name), dict):
            merged[name] = _merge_over(merged[name], value)
        else:
            merged[name] = value
    return merged


def _deployment(
    name: str,
    labels: dict[str, str],
    spec: Document,
    annotations: Document,
    replicas: int,
) -> Document:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels, "annotations": annotations},
                "spec": spec,
            },
        },
    }


def _weights(rules: list[Document]) -> str:
    told = [
        [(ref["name"], ref.get("weight", 1)) for ref in rule["backendRefs"]]
        for rule in rules
    ]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()
