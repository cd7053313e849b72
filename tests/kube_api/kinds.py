"""The kinds that the stand-in has, by group.

Source: the strategies of k8s.io/kubernetes/pkg/registry/*/strategy.go (1.36) for what
is built in (which kinds count generations, take updates without a resourceVersion, may
be created by an update), the CustomResourceDefinitions for the others.
"""

from dataclasses import replace

from kube_api.resources import VERBS, Resource, Scale

_REVIEW = ("create",)
_NAMESPACE_VERBS = tuple(verb for verb in VERBS if verb != "deletecollection")
_ALL = ("all",)
_CUSTOM = Resource(
    "",
    "",
    "",
    "",
    custom=True,
    status=True,
    counts_generations=True,
    unconditional_update=False,
)


def _core(plural: str, kind: str, **more: object) -> Resource:
    return replace(Resource("", "v1", plural, kind), **more)  # type: ignore[arg-type]


def _of(api_version: str, plural: str, kind: str, **more: object) -> Resource:
    group, version = api_version.split("/")
    return replace(Resource(group, version, plural, kind), **more)  # type: ignore[arg-type]


def _custom(api_version: str, plural: str, kind: str, **more: object) -> Resource:
    group, version = api_version.split("/")
    named = replace(_CUSTOM, group=group, version=version, plural=plural, kind=kind)
    return replace(named, **more)  # type: ignore[arg-type]


CORE = (
    _core("configmaps", "ConfigMap", short=("cm",)),
    _core("endpoints", "Endpoints", short=("ep",), create_on_update=True),
    _core("events", "Event", short=("ev",), create_on_update=True),
    _core(
        "namespaces",
        "Namespace",
        namespaced=False,
        short=("ns",),
        status=True,
        verbs=_NAMESPACE_VERBS,
    ),
    _core("nodes", "Node", namespaced=False, short=("no",), status=True),
    _core(
        "pods",
        "Pod",
        short=("po",),
        categories=_ALL,
        status=True,
        counts_generations=True,
        grace=30,
    ),
    _core("resourcequotas", "ResourceQuota", short=("quota",), status=True),
    _core("secrets", "Secret"),
    _core("serviceaccounts", "ServiceAccount", short=("sa",)),
    _core(
        "services",
        "Service",
        short=("svc",),
        categories=_ALL,
        status=True,
        create_on_update=True,
    ),
)

BUILT_IN = (
    *CORE,
    _of(
        "apps/v1",
        "deployments",
        "Deployment",
        short=("deploy",),
        categories=_ALL,
        status=True,
        scale=Scale(selector=()),
        counts_generations=True,
    ),
    _of(
        "apps/v1",
        "replicasets",
        "ReplicaSet",
        short=("rs",),
        categories=_ALL,
        status=True,
        scale=Scale(selector=()),
        counts_generations=True,
    ),
    _of(
        "autoscaling/v2",
        "horizontalpodautoscalers",
        "HorizontalPodAutoscaler",
        short=("hpa",),
        categories=_ALL,
        status=True,
    ),
    _of(
        "coordination.k8s.io/v1",
        "leases",
        "Lease",
        unconditional_update=False,
        create_on_update=True,
    ),
    _of(
        "discovery.k8s.io/v1",
        "endpointslices",
        "EndpointSlice",
        counts_generations=True,
    ),
    _of("events.k8s.io/v1", "events", "Event", create_on_update=True),
    _of(
        "networking.k8s.io/v1",
        "ingresses",
        "Ingress",
        short=("ing",),
        status=True,
        counts_generations=True,
    ),
    _of(
        "networking.k8s.io/v1",
        "ingressclasses",
        "IngressClass",
        namespaced=False,
        counts_generations=True,
    ),
    _of(
        "policy/v1",
        "poddisruptionbudgets",
        "PodDisruptionBudget",
        short=("pdb",),
        status=True,
        counts_generations=True,
        unconditional_update=False,
    ),
    _of(
        "apiextensions.k8s.io/v1",
        "customresourcedefinitions",
        "CustomResourceDefinition",
        namespaced=False,
        short=("crd", "crds"),
        status=True,
        counts_generations=True,
    ),
)

ACCESS = (
    _of("rbac.authorization.k8s.io/v1", "roles", "Role", create_on_update=True),
    _of(
        "rbac.authorization.k8s.io/v1",
        "rolebindings",
        "RoleBinding",
        create_on_update=True,
    ),
    _of(
        "rbac.authorization.k8s.io/v1",
        "clusterroles",
        "ClusterRole",
        namespaced=False,
        create_on_update=True,
    ),
    _of(
        "rbac.authorization.k8s.io/v1",
        "clusterrolebindings",
        "ClusterRoleBinding",
        namespaced=False,
        create_on_update=True,
    ),
    _of(
        "authorization.k8s.io/v1",
        "selfsubjectaccessreviews",
        "SelfSubjectAccessReview",
        namespaced=False,
        verbs=_REVIEW,
    ),
    _of(
        "authorization.k8s.io/v1",
        "selfsubjectrulesreviews",
        "SelfSubjectRulesReview",
        namespaced=False,
        verbs=_REVIEW,
    ),
    _of(
        "authentication.k8s.io/v1",
        "selfsubjectreviews",
        "SelfSubjectReview",
        namespaced=False,
        verbs=_REVIEW,
    ),
)

_GATEWAY = ("gateway-api",)
GATEWAY_API = (
    _custom(
        "gateway.networking.k8s.io/v1",
        "gatewayclasses",
        "GatewayClass",
        namespaced=False,
        short=("gc",),
        categories=_GATEWAY,
    ),
    _custom(
        "gateway.networking.k8s.io/v1",
        "gateways",
        "Gateway",
        short=("gtw",),
        categories=_GATEWAY,
    ),
    _custom(
        "gateway.networking.k8s.io/v1",
        "httproutes",
        "HTTPRoute",
        categories=_GATEWAY,
    ),
    _custom(
        "gateway.networking.k8s.io/v1",
        "grpcroutes",
        "GRPCRoute",
        categories=_GATEWAY,
    ),
    _custom(
        "gateway.networking.k8s.io/v1beta1",
        "referencegrants",
        "ReferenceGrant",
        short=("refgrant",),
        categories=_GATEWAY,
        status=False,
    ),
    _custom(
        "gateway.networking.k8s.io/v1",
        "backendtlspolicies",
        "BackendTLSPolicy",
        short=("btlspolicy",),
        categories=_GATEWAY,
    ),
    _custom(
        "gateway.networking.k8s.io/v1",
        "tlsroutes",
        "TLSRoute",
        categories=_GATEWAY,
    ),
)

ARGO = (
    _custom(
        "argoproj.io/v1alpha1",
        "rollouts",
        "Rollout",
        short=("ro",),
        scale=Scale(status_replicas=("status", "HPAReplicas")),
    ),
    _custom(
        "argoproj.io/v1alpha1",
        "analysistemplates",
        "AnalysisTemplate",
        short=("at",),
        status=False,
    ),
    _custom(
        "argoproj.io/v1alpha1",
        "clusteranalysistemplates",
        "ClusterAnalysisTemplate",
        namespaced=False,
        short=("cat",),
        status=False,
    ),
    _custom(
        "argoproj.io/v1alpha1",
        "analysisruns",
        "AnalysisRun",
        short=("ar",),
        status=False,
    ),
    _custom(
        "argoproj.io/v1alpha1",
        "experiments",
        "Experiment",
        short=("exp",),
        status=True,
    ),
)

KSERVE = (
    _custom(
        "serving.kserve.io/v1beta1",
        "inferenceservices",
        "InferenceService",
        short=("isvc",),
    ),
    _custom("serving.knative.dev/v1", "services", "Service", short=("ksvc",)),
    _custom("serving.knative.dev/v1", "revisions", "Revision", short=("rev",)),
    _custom("serving.knative.dev/v1", "routes", "Route", short=("rt",)),
)

ALL = (*BUILT_IN, *ACCESS, *GATEWAY_API, *ARGO, *KSERVE)
__all__ = [
    "ACCESS",
    "ALL",
    "ARGO",
    "BUILT_IN",
    "CORE",
    "GATEWAY_API",
    "KSERVE",
    "VERBS",
]
