"""A target that is a Rollout of Argo Rollouts, whose controller moves the traffic.

What its fields mean and what the controller does with them, as its source says (after
v1.10.0-rc1, commit 9f8d111d; paths in github.com/argoproj/argo-rollouts):

``spec.template`` with another image is another pod template: the controller makes a
ReplicaSet ``NAME-HASH`` of it and starts the steps anew, whatever went on before
(``rollout/sync.go`` resetRolloutStatus: abort, pauses and promoteFull are cleared). If
it is the template of the stable ReplicaSet, the steps are skipped: that is the way back
(``rollout/canary.go`` syncRolloutStatusCanary, "Rollback to stable ReplicaSets").

``status.currentStepIndex`` is the step being done, or the one it waits at; the number
of the steps once all are done. A pause without duration waits: the controller adds a
``CanaryPauseStep`` to ``status.pauseConditions`` and sets ``status.controllerPause``.
Whoever clears ``pauseConditions`` lets it go on, for ``controllerPause`` without a
condition is a step completed (``rollout/pause.go`` CompletedCanaryPauseStep). Who sets
``currentStepIndex`` moves it to a step (``cmd/promote/promote.go``).

``status.abort`` takes the traffic from the canary at once, and its pods after
``abortScaleDownDelaySeconds``; with ``dynamicStableScale`` as stable's pods come back
(``rollout/trafficrouting.go``). The controller sets it, too: an analysis failed
(``rollout/analysis.go``), or ``progressDeadlineAbort``. The Rollout stays Degraded
until its template is the stable one again.

``status.promoteFull`` skips the remaining steps: the canary is scaled to full size, and
becomes the stable ReplicaSet once it is available (``rollout/sync.go``
shouldFullPromote, promoteStable). Stable is ``status.stableRS``, a hash; what is new is
``status.currentPodHash``; they are the same when nothing is under way.

``status.observedGeneration`` is a text, and is written before ``currentPodHash`` is if
the ReplicaSet cannot be made (``patchCondition``): that alone does not tell that the
status is about the template. So the image of a hash is read from its ReplicaSet.

``status.canary.weights`` is what the traffic router was told, None without one: then
the share is that of the pods (``utils/replicaset/canary.go``), and there is no weight 0
for a canary that has pods. ``setCanaryScale`` counts only with a traffic router.

Annotations of the Rollout are not part of the template: writing them rolls nothing.
"""
