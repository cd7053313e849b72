"""Which InferenceServices can be conducted, and what somebody else wants of them."""

from typing import Literal, NoReturn

from sluicegate.adapters.kubernetes.values import by
from sluicegate.adapters.kubernetes.words import show
from sluicegate.adapters.targets.kserve.predictor import SERVING, Form
from sluicegate.adapters.targets.kserve.service import CONFIG_MAP, Seen
from sluicegate.adapters.targets.kubernetes.marks import CANARY, STABLE
from sluicegate.adapters.targets.kubernetes.workload import by_whom
from sluicegate.adapters.targets.stranger import StrangerError, adopt_by
from sluicegate.errors import PermanentError
from sluicegate.model.rollout import Release

_ALL = 100  # percent
_GROUP = "serving.kserve.io"
_STOP = f"{_GROUP}/stop"
_NO_UPDATE = f"{_GROUP}/disable-auto-update"
MODE = f"{_GROUP}/deploymentMode"
_MODES = {"Serverless": "Knative", "RawDeployment": "Standard"}
_STORAGE = "STORAGE_URI"


def refuse_mode(seen: Seen, wanted: Literal["Knative", "Standard"]) -> None:
    """See to it that KServe deploys it in the mode *wanted*, and is not switched off.

    Raises:
        PermanentError: it does not, or cannot be seen to.
    """
    obj = seen.obj
    given = obj.text("status", "deploymentMode") or obj.annotations.get(MODE) or ""
    mode = _MODES.get(given, given)
    if mode != wanted:
        ignored = "canaryTrafficPercent" if wanted == "Knative" else "the list `canary`"
        other = "standard" if wanted == "Knative" else "knative"
        raise PermanentError(
            f"InferenceService {obj.name} is deployed in mode"
            f" {show(given) or 'unknown'}, not {wanted}: KServe ignores {ignored}",
            hint=f"write `mode: {other}` into the target if that is meant"
            if mode
            else f"give it the annotation {MODE}: {wanted}",
        )
    if obj.annotations.get(_STOP, "").lower() == "true":
        raise PermanentError(
            f"InferenceService {obj.name} is stopped", hint=f"remove {_STOP}"
        )
    if obj.annotations.get(_NO_UPDATE) == "true":
        raise PermanentError(
            f"KServe leaves InferenceService {obj.name} as it is ({_NO_UPDATE})",
            hint=f"remove {_NO_UPDATE}",
        )


def refuse_webhook(seen: Seen) -> None:
    """Refuse what KServe's webhook would, of an InferenceService with a canary.

    Raises:
        PermanentError: it would.
    """
    obj, predictor = seen.obj, seen.predictor
    if obj.annotations.get(MODE) != "Standard":
        raise PermanentError(
            f"KServe lets InferenceService {obj.name} have a canary only with the"
            f" annotation {MODE}: Standard",
            hint="give it that annotation; it is deployed in that mode already",
        )
    env = predictor.node("containers", by(name=SERVING), "env")
    if not predictor.has("model") and not env.has(by(name=_STORAGE)):
        raise PermanentError(
            f"KServe lets InferenceService {obj.name} have a canary only if its"
            f" predictor has a model: it has neither `model` nor {_STORAGE}",
            hint="write the predictor as `model:`, whose `image` may be yours, or give"
            f" the container {_STORAGE} in its environment",
        )


def refuse_stranger(seen: Seen, serving: str) -> NoReturn:
    """Say that something serves which nobody released, and how to adopt it.

    Raises:
        StrangerError: always.
    """
    obj = seen.obj
    record = f"sluicegate-{obj.name}"
    create = (
        ""
        if seen.record is not None
        else f"kubectl -n {obj.namespace} create {CONFIG_MAP.name.lower()} {record} && "
    )
    raise StrangerError(
        f"InferenceService {obj.name} serves"
        f" {show(serving) or 'the image of its runtime'}, and nobody has said which"
        " release that is: there is nothing to compare a canary with, or to go back to",
        hint=adopt_by(
            f"{create}kubectl -n {obj.namespace} annotate --overwrite configmap"
            f" {record}",
            serving,
        ),
    )


def refuse_unproven(seen: Seen, revision: str, serving: str) -> NoReturn:
    """Say that what is noted as stable is not what KServe rolled out.

    Args:
        seen: what is noted.
        revision: what was rolled out last.
        serving: its image.

    Raises:
        StrangerError: always.
    """
    record = f"sluicegate-{seen.obj.name}"
    raise StrangerError(
        f"{describe_unproven(seen, revision)}: it is not deployed as stable",
        hint="restore what the ConfigMap says, or "
        + adopt_by(
            f"kubectl -n {seen.obj.namespace} annotate --overwrite configmap {record}",
            serving,
        ),
    )


def describe_unproven(seen: Seen, revision: str) -> str:
    """How what is noted as stable differs from *revision*, rolled out last."""
    stable = seen.marks.stable
    record = f"ConfigMap sluicegate-{seen.obj.name}"
    says = f"that {show(stable.name)} is stable" if stable else "nothing of a stable"
    who = (
        ""
        if seen.record is None
        else by_whom(seen.record, "metadata", "annotations", STABLE)
    )
    return (
        f"{record} says {says}{who}, and the revision that was rolled out last,"
        f" {show(revision) or 'none'}, is none of it"
    )


def describe_marks_drift(seen: Seen, canary: Release, percent: int) -> str | None:
    """Whether it is noted that *canary* is on trial, or was promoted."""
    marks = seen.marks
    on_trial = marks.canary
    if on_trial is not None and on_trial.image == canary.image:
        return None
    if on_trial is None and (
        percent == 0 or (percent == _ALL and marks.is_stable(canary))
    ):
        return None
    says = "no canary" if on_trial is None else f"{show(on_trial.name)} as the canary"
    who = (
        ""
        if seen.record is None
        else by_whom(seen.record, "metadata", "annotations", CANARY)
    )
    return f"ConfigMap sluicegate-{seen.obj.name} says {says}, not {canary.name}{who}"


def describe_spec_drift(seen: Seen, release: Release, form: Form) -> str | None:
    """What somebody else wants of it, than to have *release* as its predictor."""
    obj = seen.obj
    if obj.is_going:
        return f"InferenceService {obj.name} is being deleted"
    if obj.annotations.get(_STOP, "").lower() == "true":
        return f"InferenceService {obj.name} was stopped" + by_whom(
            obj, "metadata", "annotations", _STOP
        )
    if not seen.runs(release):
        image = show(seen.image) or "of its runtime"
        return (
            f"InferenceService {obj.name} has the image {image}, not"
            f" {show(str(release.reference))}"
        ) + by_whom(obj, *form.where(seen.predictor))
    return None
