"""What a refusal means for what was wanted: one of our errors, in one sentence."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sluicegate.adapters.kubernetes.errors import (
    AbsentError,
    Claim,
    ContestedError,
    ForbiddenError,
    InvalidError,
    StaleError,
    TakenError,
    UnauthorizedError,
    UnservedError,
)
from sluicegate.adapters.kubernetes.objects import Kind
from sluicegate.adapters.kubernetes.refusal import Refusal
from sluicegate.adapters.kubernetes.words import show
from sluicegate.errors import ExternalError, PermanentError, TransientError

_OWNED = "FieldManagerConflict"
_MOST_NAMED = 5
_NOT_ALLOWED = " cannot "  # `User "ann" cannot patch resource "deployments" ...`
_MAY_PASS = frozenset({408, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for: *verb* of RBAC on one or all of *kind*."""

    verb: str
    kind: Kind
    namespace: str
    name: str | None = None
    subresource: str = ""

    @property
    def what(self) -> str:
        """The object, for messages."""
        within = f" in {self.namespace}" if self.kind.namespaced else ""
        return (
            f"{self.kind.name} {self.name}{within}"
            if self.name
            else (f"{self.kind.name} objects{within}")
        )

    @property
    def resource(self) -> str:
        """As RBAC has it: ``rollouts.argoproj.io/status``."""
        sub = f"/{self.subresource}" if self.subresource else ""
        return f"{self.kind.resource}{sub}"


def judge(refusal: Refusal, wish: Wish, cluster: str) -> ExternalError:
    """The error that *refusal* of *wish* is."""
    if refusal.is_our_fault:
        return _invalid(refusal, wish, cluster)
    special = _JUDGES.get(refusal.code)
    if special is not None:
        return special(refusal, wish, cluster)
    if 300 <= refusal.code < 400:  # noqa: PLR2004 - HTTP's classes of answers
        return PermanentError(
            f"{cluster} sends us elsewhere (HTTP {refusal.code}): that is not followed",
            hint="see server of the cluster in the kubeconfig: is it a login page?",
        )
    said = f": {refusal.message}" if refusal.message else ""
    told = f"{cluster} answers HTTP {refusal.code} to {wish.verb} {wish.what}{said}"
    if refusal.code in _MAY_PASS:
        return TransientError(
            told, hint="is it overloaded or being upgraded? try again later"
        )
    return PermanentError(told)


def is_absent(refusal: Refusal, wish: Wish) -> bool:
    """Whether *refusal* says that the object is not there, and not its kind."""
    return (
        refusal.code == 404  # noqa: PLR2004
        and refusal.is_status
        and refusal.reason == "NotFound"
        and refusal.name == wish.name
    )


def claims_of(refusal: Refusal) -> tuple[Claim, ...]:
    """Who owns the fields that *refusal* is about, if it is about that.

    Source:
        k8s.io/apimachinery 1.36, ``util/managedfields/internal/conflict.go``: the
        message is ``conflict with "MANAGER"``, then with which subresource, version
        and time it last wrote.
    """
    return tuple(
        Claim(_manager(each.message), show(each.field, 200))
        for each in refusal.causes
        if each.reason == _OWNED
    )


def _manager(message: str) -> str:
    before, quote, rest = message.partition('"')
    return rest.partition('"')[0] if quote else before


def _unknown(refusal: Refusal, _wish: Wish, cluster: str) -> ExternalError:
    said = f": {refusal.message}" if refusal.message else ""
    return UnauthorizedError(
        f"{cluster} does not know who we are{said}",
        hint="log in again: the token has expired, or was taken back",
    )


def _forgotten(_refusal: Refusal, wish: Wish, cluster: str) -> ExternalError:
    return TransientError(f"{wish.what}: {cluster} has forgotten that far back")


def _forbidden(refusal: Refusal, wish: Wish, cluster: str) -> ExternalError:
    if refusal.message and _NOT_ALLOWED not in refusal.message:
        # Not what we may do, but what may be done there: quotas, admission policies,
        # a namespace that is being deleted.
        return InvalidError(
            f"{cluster} refuses {wish.what}: {refusal.message}",
            hint="a rule of the cluster is against it, not our role",
        )
    if refusal.is_status and "cannot impersonate" in refusal.message:
        return ForbiddenError(
            f"{cluster}: {refusal.message}",
            verb="impersonate",
            resource=refusal.kind,
            hint="let this login impersonate them, or take impersonate: out",
        )
    namespace = wish.namespace
    where = f"in namespace {namespace}" if wish.kind.namespaced else "in the cluster"
    return ForbiddenError(
        f"{cluster}: we may not {wish.verb} {wish.resource} {where}: {refusal.message}",
        verb=wish.verb,
        resource=wish.resource,
        hint="`sluice doctor --kubernetes ENVIRONMENT` prints the role that is needed",
    )


def _not_found(refusal: Refusal, wish: Wish, cluster: str) -> ExternalError:
    if refusal.is_status and refusal.kind == "namespaces":
        return AbsentError(
            f"{cluster} has no namespace {wish.namespace}",
            hint="make it, or correct namespace: of the target",
        )
    if is_absent(refusal, wish):
        return AbsentError(f"there is no {wish.what}")
    return UnservedError(
        f"{cluster} does not serve {wish.kind.name} of {wish.kind.api_version}",
        hint="install what brings it, or a version of it that has"
        f" {wish.kind.version}: `kubectl api-resources` shows what there is",
    )


def _conflict(refusal: Refusal, wish: Wish, _cluster: str) -> ExternalError:
    claims = claims_of(refusal)
    if claims:
        return contested(claims, wish)
    if refusal.reason == "AlreadyExists":
        return TakenError(f"there is a {wish.what} already")
    return StaleError(
        f"somebody changed {wish.what} at this moment: nothing was changed",
        hint="look at it and try again",
    )


def contested(claims: Sequence[Claim], wish: Wish) -> ContestedError:
    """*claims* stand against *wish*."""
    shown = [f"{show(each.manager, 80)} owns {each.field}" for each in claims]
    said = ", ".join(shown[:_MOST_NAMED])
    if len(shown) > _MOST_NAMED:
        said += f" and {len(shown) - _MOST_NAMED} more fields are others'"
    managers = ", ".join(sorted({show(each.manager, 80) for each in claims}))
    return ContestedError(
        f"fields of {wish.what} belong to others: {said}: nothing was changed",
        claims=claims,
        hint=f"have them leave these fields out, or set take_over: [{managers}] on the"
        " target to make them ours",
    )


def _invalid(refusal: Refusal, wish: Wish, _cluster: str) -> ExternalError:
    faults = "; ".join(
        f"{show(each.field, 120)}: {show(each.message, 200)}"
        for each in refusal.causes[:_MOST_NAMED]
    )
    return InvalidError(
        f"{wish.what} is not accepted: {faults or refusal.message or refusal.reason}"
    )


_JUDGES: Mapping[int, Callable[[Refusal, Wish, str], ExternalError]] = {
    400: _invalid,
    401: _unknown,
    403: _forbidden,
    404: _not_found,
    409: _conflict,
    410: _forgotten,
    422: _invalid,
}
