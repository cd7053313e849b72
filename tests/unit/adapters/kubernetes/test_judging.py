import json
from datetime import UTC, datetime

import pytest

from sluicegate.adapters.kubernetes.errors import (
    ContestedError,
    ForbiddenError,
    InvalidError,
    UnservedError,
)
from sluicegate.adapters.kubernetes.judging import Wish, judge
from sluicegate.adapters.kubernetes.objects import DEPLOYMENT, SUBJECT_REVIEW
from sluicegate.adapters.kubernetes.refusal import parse_refusal
from sluicegate.errors import ExternalError, PermanentError, TransientError

NOW = datetime(2026, 11, 23, tzinfo=UTC)
WEB = Wish("patch", DEPLOYMENT, "shop", "web")


def judged(code: int, wish: Wish = WEB, **status: object) -> ExternalError:
    body = json.dumps({"kind": "Status", "code": code, **status}).encode()
    return judge(parse_refusal(code, {}, body, NOW), wish, "context shop")


@pytest.mark.parametrize(
    "said",
    [
        'pods "web" is forbidden: exceeded quota: small, requested: pods=1',
        'pods "web" is forbidden: violates PodSecurity "restricted:latest": runAsRoot',
        "unable to create new content in namespace shop because it is being terminated",
    ],
)
def test_a_rule_of_the_cluster_is_told_from_what_our_role_lacks(said: str) -> None:
    error = judged(403, reason="Forbidden", message=said)
    assert isinstance(error, InvalidError)
    assert str(error) == f"context shop refuses Deployment web in shop: {said}"


def test_who_may_not_act_as_another_is_told_so() -> None:
    said = 'users "bob" is forbidden: User "ann" cannot impersonate resource "users"'
    error = judged(403, message=said, details={"kind": "users"})
    assert isinstance(error, ForbiddenError)
    assert (error.verb, error.resource) == ("impersonate", "users")
    assert "impersonate:" in (error.hint or "")


def test_a_subresource_and_a_kind_without_namespace_are_named_as_rbac_has_them() -> (
    None
):
    status = Wish("patch", DEPLOYMENT, "shop", "web", "status")
    error = judged(403, status, message='User "ann" cannot patch resource "x"')
    assert "we may not patch deployments.apps/status in namespace shop" in str(error)
    error = judged(403, Wish("create", SUBJECT_REVIEW, "shop"))
    assert "selfsubjectreviews.authentication.k8s.io in the cluster" in str(error)


def test_many_contested_fields_are_counted_and_their_owners_listed_once() -> None:
    causes = [
        {
            "reason": "FieldManagerConflict",
            "message": f'conflict with "m{number % 2}\x1b" using apps/v1',
            "field": f".spec.f{number}",
        }
        for number in range(8)
    ]
    error = judged(409, reason="Conflict", details={"causes": causes})
    assert isinstance(error, ContestedError)
    assert len(error.claims) == 8
    assert "and 3 more fields are others'" in str(error)
    assert "take_over: [m0, m1]" in (error.hint or "")
    assert str(error).isprintable()


def test_a_missing_page_is_a_missing_kind_whatever_it_looks_like() -> None:
    for body in (b"404 page not found", b'{"kind":"Status","reason":"NotFound"}'):
        error = judge(parse_refusal(404, {}, body, NOW), WEB, "context shop")
        assert isinstance(error, UnservedError)


@pytest.mark.parametrize("code", [408, 429, 500, 502, 503, 504])
def test_what_may_pass_can_be_tried_again(code: int) -> None:
    assert isinstance(judged(code), TransientError)


@pytest.mark.parametrize("code", [301, 302, 405, 413, 415, 501])
def test_what_will_not_pass_is_not(code: int) -> None:
    assert type(judged(code)) is PermanentError


@pytest.mark.parametrize(
    "odd",
    [
        {"message": ["no"], "details": {"causes": [{"field": 7}], "kind": []}},
        {"details": "none", "reason": 3},
        {"details": {"causes": "none", "retryAfterSeconds": "soon"}},
    ],
)
def test_a_refusal_of_an_odd_form_is_a_refusal_all_the_same(
    odd: dict[str, object],
) -> None:
    for code in (400, 403, 404, 409, 422, 429):
        assert str(judged(code, WEB, **odd))
