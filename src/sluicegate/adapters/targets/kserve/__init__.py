"""A target that is an InferenceService of KServe, whose controller moves the traffic.

What its fields mean and what the controller does with them, as its source says (0.20,
commit aaac4e29; paths in github.com/kserve/kserve):

Annotations and labels of an InferenceService become those of its pods, but for a few
names that an administrator lists (``.../components/predictor.go``
buildPredictorResources, ``pkg/constants`` ServiceAnnotationDisallowedList). Each one
written there makes a new Knative revision, or restarts the pods of a Deployment. So
what we know is in a ConfigMap beside it, and nothing of it in the InferenceService.

Mode ``knative``. Another image makes another revision. ``canaryTrafficPercent`` is the
share of the *latest ready* revision; the rest goes to ``LatestRolledoutRevision``, the
last one that had 100 % (``.../knative/ksvc_reconciler.go`` createKnativeService). While
the newest revision is not ready, the one before it is the latest ready one: so taking
the percentage away in the same write as the image would give a bad canary everything.
The way back is 0 first, then the old image, whose revision is a new one; only when that
is ready the percentage goes (``inference_service_status.go`` PropagateStatus makes it
the last one rolled out). A percentage of 0 without a new image is taken for a rollback
to the revision before (the same function): both are written at once, and what is
rolled out is looked at after.

Mode ``standard``. ``canaryTrafficPercent`` is ignored. ``spec.canary`` (0.20) is an
atomic list of whole predictors with ``trafficPercent``; each is a Deployment of its own
with a fixed number of pods, no more than ``minReplicas`` of the stable one
(``inference_service_validation.go`` validateCanarySpecs, which asks for the annotation
``deploymentMode: Standard``, and for a model or ``STORAGE_URI`` besides). A list such
as ``containers`` replaces the stable one's as a whole (``buildCanaryPredictor``). Only
an HTTPRoute of the Gateway API has the weights, and only of canaries that are ready
(``.../ingress/httproute_reconciler.go`` applyCanaryWeights); with a transformer the
canary's share goes around it. Other ingresses ignore them.

``spec.predictor.containers`` is an atomic list, too: whoever sets the image owns all of
it. ``spec.predictor.model`` is not, which is the better place for an image.

``status.observedGeneration`` is that of the Knative Service, or of the Deployment: it
tells nothing of the InferenceService. What was done is seen from its effects.
"""
