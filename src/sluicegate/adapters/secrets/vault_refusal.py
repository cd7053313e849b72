"""Why Vault or OpenBao said no, in words for who has to mend it. Pure.

Source:
    Texts of OpenBao 2.7 and Vault 1.20 (builtin/credential/jwt, vault/core.go); where
    one is not known, it is shown as it is.
"""

import re
from collections.abc import Iterable, Mapping

from sluicegate.adapters.github.answer import CutError
from sluicegate.adapters.secrets.said import say
from sluicegate.adapters.secrets.vault_wire import Place, RefusedError
from sluicegate.errors import ExternalError, PermanentError, TransientError

FORBIDDEN, ABSENT = 403, 404
_NOT_INITIALIZED, _SERVER = 501, 500
_LATER = frozenset({412, 429, 472, 473})
_NOT_READY = "Upgrading from"  # a store that has just been made, or is being changed
# Says nothing, and what stands behind "token:" looks like one to who hides them.
_LEAD = re.compile("error (?:validating|verifying) (?:token signature|token|claims): ")
_CLAIM = re.compile(r'claim "([^"\s]{1,100})"')
_ADVICE = (
    ("audience", "audience: of the provider must be among bound_audiences of the role"),
    ("(iss)", "bound_issuer of the auth method must be who issued the token"),
    (
        "(exp)",
        "the token has run out: does its file get a new one, is the clock right?",
    ),
    ("(nbf)", "the token is not valid yet: is the clock of one of both hosts wrong?"),
    (
        "signature",
        "oidc_discovery_url or jwks_url of the auth method must be that of the issuer",
    ),
    ("could not be found", "role: must be a role of the auth method"),
    ("bound subject", "bind by repository_id, environment and ref: sub has two forms"),
)


def cut(place: Place, error: CutError) -> TransientError:
    """Nothing came back."""
    return TransientError(f"{place.host} cannot be reached: {say(str(error))}")


def refused(
    place: Place, error: RefusedError, doing: str, hint: str | None
) -> ExternalError:
    """It answered, but not with what was asked for; *hint* is for a real no."""
    said = words(error)
    if error.status == _NOT_INITIALIZED:
        return PermanentError(
            f"{place.host} was never initialized", hint=f"{place.program} operator init"
        )
    if "sealed" in said:
        return TransientError(
            f"{place.host} is sealed",
            hint=f"whoever runs it has to unseal it: {place.program} operator unseal",
        )
    is_later = error.status in _LATER or _NOT_READY in said
    if is_later or error.status >= _SERVER:
        return TransientError(f"{place.host} cannot {doing} now: {said}")
    return PermanentError(f"{place.host} does not {doing}: {said}", hint=hint)


def words(error: RefusedError, secrets: Iterable[str] = ()) -> str:
    """What the server said, or its status, without any of *secrets*."""
    said = "; ".join(error.errors).replace("1 error occurred:", "").replace("\n", " ")
    said = _LEAD.sub("", say(said.replace("* ", " "), secrets))
    return said or f"HTTP {error.status}"


def login_refused(
    place: Place,
    role: str,
    mount: str,
    error: RefusedError,
    claims: Mapping[str, str],
    token: str,
) -> ExternalError:
    """The role does not take the token, of which *claims* may be told."""
    said = words(error, (token,))
    if error.status in {FORBIDDEN, ABSENT}:
        return _no_such_mount(place, mount, said)
    if error.status != 400:  # noqa: PLR2004 - only that one is about the token
        return refused(place, error, "log in", None)
    named = _CLAIM.search(said)
    if named is not None:
        return _wrong_claim(place, role, named[1], claims)
    hint = next((advice for mark, advice in _ADVICE if mark in said), None)
    if "audience" in said and "aud" in claims:
        said = f"{said}; the token is for {claims['aud']}"
    if "(iss)" in said and "iss" in claims:
        said = f"{said}; the token is from {claims['iss']}"
    return PermanentError(
        f"{place.host}: role {role} refuses the token ({said})", hint=hint
    )


def _wrong_claim(
    place: Place, role: str, claim: str, claims: Mapping[str, str]
) -> PermanentError:
    has = f"is {claims[claim]}" if claim in claims else "is missing"
    advice = "compare it with bound_claims of the role"
    if claim == "environment":
        advice = (
            "the job of the workflow names its environment (`environment:`), and"
            " bound_claims of the role have to name the same one"
        )
    return PermanentError(
        f"{place.host}: role {role} refuses this token, whose claim {claim} {has}:"
        " bound_claims of the role want another",
        hint=advice,
    )


def _no_such_mount(place: Place, mount: str, said: str) -> PermanentError:
    where = f" in namespace {place.namespace}" if place.namespace else ""
    return PermanentError(
        f"{place.host} lets nobody log in at {mount}{where}: {said}",
        hint=f"is an auth method enabled at {mount}/, and is namespace: right?",
    )
