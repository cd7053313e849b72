"""The controller of Argo Rollouts, played: canaries, with a traffic router or without.

A turn reconciles each Rollout once, in the order of the real one; what is left out are
experiments, plug-ins, header routes, blue-green, and waiting by the clock before a
ReplicaSet that is not needed any more goes.

Source: argoproj/argo-rollouts (commit 9f8d111d), rollout/canary.go, sync.go, pause.go,
trafficrouting.go, service.go, analysis.go; utils/rollout/rolloututil.go.
"""

import copy
import hashlib
import json
from dataclasses import dataclass

from kube_players.argo_counts import (
    ALL,
    Sets,
    at_counts,
    available,
    created,
    current_step,
    set_weight_of,
    spec_replicas,
    status_of,
    steps_of,
    wanted_counts,
    weight_after_abort,
)
from kube_players.deployments import DeploymentPlayer, template_hash
from kube_players.documents import Document, condition, owner_reference
from typing_extensions import override

HASH = "rollouts-pod-template-hash"
_AT = "2026-11-22T00:00:00Z"
_AT_STEP = "CanaryPauseStep"
_INCONCLUSIVE = "InconclusiveAnalysisRun"


@dataclass
class ArgoPlayer(DeploymentPlayer):
    """Plays the controller and the pods, see `DeploymentPlayer`.

    Attributes:
        failed_analysis: what the AnalysisRun in the background says, if it fails.
        inconclusive: the same, if it cannot tell.
        unmade: what the cluster says if it lets no new ReplicaSet be made.
        unverified: whether the traffic router does not do what it is told.
    """

    failed_analysis: str | None = None
    inconclusive: str | None = None
    unmade: str | None = None
    unverified: bool = False

    @override
    def step(self) -> bool:
        self._changed = False
        self._listed.clear()
        if self.asleep:
            return False
        for rollout in self._all("Rollout"):
            is_canary = "canary" in rollout["spec"]["strategy"]
            if is_canary and "deletionTimestamp" not in rollout["metadata"]:
                self._play(rollout)
            for each in self._own("ReplicaSet", rollout):
                if spec_replicas(each) or created(each):
                    self._keep_pods(each)
        return self._changed

    def _play(self, rollout: Document) -> None:
        template = template_hash(rollout)
        owned = self._own("ReplicaSet", rollout)
        new = _find(owned, template)
        if new is None:
            self._make_set(rollout, template, len(owned) + 1)
            return
        stable = _find(owned, status_of(rollout).get("stableRS", ""))
        names = {new["metadata"]["name"]} | (
            set() if stable is None else {stable["metadata"]["name"]}
        )
        others = [each for each in owned if each["metadata"]["name"] not in names]
        turn = _Turn(self, rollout, Sets(new, stable, others), owned, template)
        turn.play()

    def _make_set(self, rollout: Document, template: str, revision: int) -> None:
        """createDesiredReplicaSet."""
        if self.unmade is not None:
            message = f'Failed to create new replica set "{template}": {self.unmade}'
            status = copy.deepcopy(status_of(rollout))
            status["observedGeneration"] = str(rollout["metadata"]["generation"])
            _set_condition(status, "Progressing", "False", "FailedRSCreate", message)
            self.put_status(rollout, status)
            return
        spec = rollout["spec"]
        labels = {**spec["template"]["metadata"]["labels"], HASH: template}
        selector = {**spec["selector"]["matchLabels"], HASH: template}
        made: Document = {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": f"{rollout['metadata']['name']}-{template}",
                "labels": labels,
                "ownerReferences": [owner_reference(rollout)],
            },
            "spec": {
                "replicas": 0,
                "selector": {"matchLabels": selector},
                "template": {
                    **spec["template"],
                    "metadata": {**spec["template"]["metadata"], "labels": labels},
                },
            },
        }
        self._create(made)
        annotation = {"rollout.argoproj.io/revision": str(revision)}
        self._merge(rollout, {"metadata": {"annotations": annotation}})

    def scale(self, replica_set: Document, replicas: int) -> bool:
        if spec_replicas(replica_set) == replicas:
            return False
        self._merge(replica_set, {"spec": {"replicas": replicas}})
        return True

    def put_status(self, rollout: Document, status: Document) -> None:
        """Patch what differs, if nobody changed it since."""
        before = status_of(rollout)
        change: Document = dict.fromkeys(set(before) - set(status))
        change |= {k: v for k, v in status.items() if before.get(k) != v}
        if not change:
            return
        self._wrote("Rollout")
        meta = rollout["metadata"]
        told = {
            "metadata": {"resourceVersion": meta["resourceVersion"]},
            "status": change,
        }
        self.hand.merge("Rollout", self.namespace, meta["name"], told, "status")

    def select(self, service: str | None, template: str) -> None:
        """switchServiceSelector."""
        found = self.hand.get("Service", self.namespace, service) if service else None
        if found is None or found["spec"]["selector"].get(HASH) == template:
            return
        self._merge(found, {"spec": {"selector": {HASH: template}}})


class _Turn:
    """One reconciliation of one Rollout: `rolloutCanary` and what is before it."""

    def __init__(
        self,
        player: ArgoPlayer,
        rollout: Document,
        sets: Sets,
        owned: list[Document],
        template: str,
    ) -> None:
        self.player, self.rollout, self.sets = player, rollout, sets
        self.owned, self.template = owned, template
        self.before = status_of(rollout)
        self.canary = rollout["spec"]["strategy"]["canary"]
        self.status = self._base()
        self.aborted = bool(self.before.get("abort"))
        if self.before.get("stableRS") == self.before.get("currentPodHash"):
            self.aborted = False
        self.why = ""
        self.pauses: list[Document] = list(self.before.get("pauseConditions") or [])
        self.held = bool(self.before.get("controllerPause"))
        self.index: int | None = self.before.get("currentStepIndex", 0)

    def play(self) -> None:
        if self._is_changed():
            self._reset()
            return
        self._switch_services()
        self._route()
        if self._analyse():
            self._sync()
            return
        if not self._is_halted() and self._scale():
            self._sync()
            return
        self._pause()
        self._sync()

    def _base(self) -> Document:
        """calculateBaseStatus."""
        current = self.template
        stable = self.before.get("stableRS", "")
        status: Document = {
            "currentPodHash": current,
            "stableRS": stable,
            "currentStepHash": _hash(steps_of(self.rollout)),
            "replicas": sum(map(created, self.owned)),
            "HPAReplicas": sum(map(created, self.owned)),
            "updatedReplicas": created(self.sets.new),
            "readyReplicas": sum(map(available, self.owned)),
            "availableReplicas": sum(map(available, self.owned)),
            "conditions": copy.deepcopy(self.before.get("conditions") or []),
            "canary": copy.deepcopy(self.before.get("canary") or {}),
        }
        if self.before.get("promoteFull") and current != stable:
            status["promoteFull"] = True
        return status

    def _is_changed(self) -> bool:
        """PodTemplateOrStepsChanged."""
        steps = _hash(steps_of(self.rollout))
        before = self.before.get("currentPodHash", "")
        return self.before.get("currentStepHash") != steps or (
            before not in {"", self.template}
        )

    def _reset(self) -> None:
        """resetRolloutStatus, and the steps are skipped on the way back to stable."""
        self.pauses, self.held, self.aborted = [], False, False
        self.status.pop("promoteFull", None)
        self.status["canary"].pop("currentBackgroundAnalysisRunStatus", None)
        is_back = self.before.get("stableRS") == self.template
        self.index = len(steps_of(self.rollout)) if is_back else 0
        self._persist()

    def _is_halted(self) -> bool:
        """haltProgress."""
        stray = any(each["reason"] == _INCONCLUSIVE for each in self.pauses)
        return bool(self.rollout["spec"].get("paused")) or stray

    def _is_promoted(self) -> bool:
        return bool(self.before.get("stableRS") == self.before.get("currentPodHash"))

    def _switch_services(self) -> None:
        """reconcileStableAndCanaryService; a set without pods is not selected."""
        stable, new = self.sets.stable, self.sets.new
        if stable is not None and available(stable):
            self.player.select(self.canary.get("stableService"), _name(stable))
        is_routed = "trafficRouting" in self.canary
        if self.aborted and not is_routed:
            if stable is not None and available(stable):
                self.player.select(self.canary.get("canaryService"), _name(stable))
        elif not self.aborted and available(new):
            self.player.select(self.canary.get("canaryService"), _name(new))

    def _route(self) -> None:
        """reconcileTrafficRouting."""
        if "trafficRouting" not in self.canary:
            self.status["canary"].pop("weights", None)
            return
        weight = self._desired_weight()
        replicas = self.rollout["spec"]["replicas"]
        if self.sets.stable is None or (
            available(self.sets.stable) < (ALL - weight) * replicas // ALL
        ):
            return
        if self.aborted and not weight:
            service = self.canary.get("canaryService")
            self.player.select(service, _name(self.sets.stable))
        self.status["canary"]["weights"] = {
            "canary": _destination(weight, self.template, self.canary, "canaryService"),
            "stable": _destination(
                ALL - weight, _name(self.sets.stable), self.canary, "stableService"
            ),
            "verified": not self.player.unverified,
        }

    def _desired_weight(self) -> int:
        status, new = self.before, self.sets.new
        replicas = self.rollout["spec"]["replicas"]
        is_dynamic = self.canary.get("dynamicStableScale")
        weights = (status.get("canary") or {}).get("weights") or {}
        now = (weights.get("canary") or {}).get("weight", 0)
        if self._is_promoted():
            return 0
        if self.aborted:
            return weight_after_abort(self.rollout, self.sets)
        if not available(new):
            return 0
        if status.get("promoteFull"):
            if is_dynamic:
                return ALL * available(new) // int(replicas)
            return int(now)
        steps, index = steps_of(self.rollout), status.get("currentStepIndex", 0)
        if not at_counts(self.rollout, self.sets, None):
            earlier = [s["setWeight"] for s in steps[:index] if "setWeight" in s]
            return int(earlier[-1]) if earlier else 0
        return set_weight_of(self.rollout) if index < len(steps) else ALL

    def _analyse(self) -> bool:
        """reconcileAnalysisRuns; whether it paused."""
        player = self.player
        if self._is_promoted() or self.aborted or not self.before.get("stableRS"):
            return False
        said = player.failed_analysis or player.inconclusive
        if said is None:
            return False
        failed = player.failed_analysis is not None
        self.status["canary"]["currentBackgroundAnalysisRunStatus"] = {
            "name": f"{_name(self.sets.new)}-2",
            "status": "Failed" if failed else "Inconclusive",
            "message": said,
        }
        if failed:
            self.aborted, self.why = True, said
            return False
        if not any(each["reason"] == _INCONCLUSIVE for each in self.pauses):
            self.pauses.append({"reason": _INCONCLUSIVE, "startTime": _AT})
            self.held = True
        return True

    def _scale(self) -> bool:
        """reconcileCanaryReplicaSets; whether something was scaled."""
        canary, stable = wanted_counts(self.rollout, self.sets)
        old = self.sets.stable
        is_apart = old is not None and _name(old) != self.template
        if old is not None and is_apart and self.player.scale(old, stable):
            return True
        if self._is_scale_down_delayed() and old is not None:
            # The deadline comes at once; it is set when stable can serve all.
            has_all = available(old) >= self.rollout["spec"]["replicas"]
            canary = 0 if has_all else spec_replicas(self.sets.new)
        if self.player.scale(self.sets.new, canary):
            return True
        scaled = [self.player.scale(each, 0) for each in self.sets.others]
        return any(scaled)

    def _is_scale_down_delayed(self) -> bool:
        """shouldDelayScaleDownOnAbort."""
        delay = self.canary.get("abortScaleDownDelaySeconds")
        if not self.aborted or "trafficRouting" not in self.canary or delay == 0:
            return False
        return not (self.canary.get("dynamicStableScale") and delay is None)

    def _pause(self) -> None:
        """reconcileCanaryPause."""
        step = current_step(self.rollout)
        if self.rollout["spec"].get("paused") or self.before.get("promoteFull"):
            return
        if step is None or "pause" not in step or self.aborted:
            return
        here = any(each["reason"] == _AT_STEP for each in self.pauses)
        if not here and not self.held:
            self.pauses.append({"reason": _AT_STEP, "startTime": _AT})
            self.held = True

    def _sync(self) -> None:
        """syncRolloutStatusCanary, but for a changed template."""
        count = len(steps_of(self.rollout))
        if self.before.get("promoteFull"):
            self.pauses, self.held, self.aborted = [], False, False
            self.index = count
        if self._may_promote():
            self.pauses, self.held, self.aborted = [], False, False
            self.status.pop("promoteFull", None)
            self.status["stableRS"] = self.template
            self.index = count
        elif self.aborted:
            back = self.status["stableRS"] == self.template
            self.index = count if back else 0
        elif self._is_step_done():
            self.index = (self.index or 0) + 1
            self.pauses = [p for p in self.pauses if p["reason"] != _AT_STEP]
        self._persist()

    def _may_promote(self) -> bool:
        """shouldFullPromote."""
        if self.sets.stable is None:
            return True
        if self.aborted:
            return False
        if available(self.sets.new) < self.rollout["spec"]["replicas"]:
            return False
        is_back = self.before.get("stableRS") == self.template
        done = self.before.get("currentStepIndex", 0) == len(steps_of(self.rollout))
        return bool(self.before.get("promoteFull")) or is_back or done

    def _is_step_done(self) -> bool:
        """completedCurrentCanaryStep."""
        step = current_step(self.rollout)
        if self.rollout["spec"].get("paused") or step is None:
            return False
        weights = self.status["canary"].get("weights")
        if "pause" in step:
            was = self.before.get("pauseConditions") or []
            at_step = any(each["reason"] == _AT_STEP for each in was)
            return bool(self.before.get("controllerPause")) and not at_step
        if "setCanaryScale" in step:
            return at_counts(self.rollout, self.sets, weights)
        if "setWeight" in step:
            verified = weights is None or weights.get("verified") is not False
            return at_counts(self.rollout, self.sets, weights) and verified
        return True

    def _persist(self) -> None:
        """persistRolloutStatus: pauses, conditions, phase."""
        status = self.status
        status["observedGeneration"] = str(self.rollout["metadata"]["generation"])
        if steps_of(self.rollout):
            status["currentStepIndex"] = self.index
        if self.aborted:
            status["abort"] = True
            status["abortedAt"] = self.before.get("abortedAt", _AT)
        elif self.pauses:
            status["controllerPause"] = self.held
            status["pauseConditions"] = self.pauses
        self._say_conditions()
        status["phase"], status["message"] = self._phase()
        self.player.put_status(self.rollout, status)

    def _say_conditions(self) -> None:
        status, replicas = self.status, self.rollout["spec"]["replicas"]
        healthy = (
            not self.pauses
            and not self.rollout["spec"].get("paused")
            and status["updatedReplicas"] == replicas
            and status["availableReplicas"] == status["replicas"] == replicas
            and status["stableRS"] == status["currentPodHash"]
            and self.before.get("observedGeneration") == status["observedGeneration"]
        )
        was = any(each["type"] == "Healthy" for each in status["conditions"])
        if healthy or was:
            _set_condition(status, "Healthy", str(healthy), "RolloutHealthy", "")
        if self.aborted:
            message = "Rollout aborted update to revision 2"
            why = self.why or _said_before(self.before)
            message += f": {why}" if why else ""
            _set_condition(status, "Progressing", "False", "RolloutAborted", message)
        else:
            reason = "NewReplicaSetAvailable" if healthy else "ReplicaSetUpdated"
            _set_condition(status, "Progressing", "True", reason, "")

    def _phase(self) -> tuple[str, str]:
        """CalculateRolloutPhase."""
        status, replicas = self.status, self.rollout["spec"]["replicas"]
        if self.aborted:
            progress = next(
                each for each in status["conditions"] if each["type"] == "Progressing"
            )
            return "Degraded", f"RolloutAborted: {progress['message']}"
        if self.rollout["spec"].get("paused"):
            return "Paused", "manually paused"
        if self.pauses:
            return "Paused", self.pauses[0]["reason"]
        if status["updatedReplicas"] < replicas:
            return "Progressing", "more replicas need to be updated"
        if status["availableReplicas"] < status["updatedReplicas"]:
            return "Progressing", "updated replicas are still becoming available"
        if status["stableRS"] != status["currentPodHash"]:
            return "Progressing", "waiting for all steps to complete"
        return "Healthy", ""


def _said_before(status: Document) -> str:
    for each in status.get("conditions") or []:
        if each["type"] == "Progressing" and each["reason"] == "RolloutAborted":
            message: str = each["message"]
            return message.partition(": ")[2]
    return ""


def _find(sets: list[Document], template: str) -> Document | None:
    return next((s for s in sets if s["metadata"]["labels"][HASH] == template), None)


def _name(replica_set: Document) -> str:
    name: str = replica_set["metadata"]["labels"][HASH]
    return name


def _hash(steps: list[Document]) -> str:
    return hashlib.sha256(json.dumps(steps, sort_keys=True).encode()).hexdigest()[:10]


def _destination(weight: int, template: str, canary: Document, of: str) -> Document:
    found: Document = {"weight": weight, "podTemplateHash": template}
    return {**found, "serviceName": canary[of]} if canary.get(of) else found


def _set_condition(
    status: Document, kind: str, value: str, reason: str, message: str
) -> None:
    listed = [each for each in status.get("conditions") or [] if each["type"] != kind]
    made = {**condition(kind, value, reason, message), "lastUpdateTime": _AT}
    status["conditions"] = [*listed, made]
