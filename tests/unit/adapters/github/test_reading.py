import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.adapters.github.node import Node
from sluicegate.adapters.github.reading import (
    read_account,
    read_comment,
    read_deployment,
    read_deployment_state,
    read_repository,
    read_review,
    read_run,
    read_status,
)
from sluicegate.errors import PermanentError
from sluicegate.model.code_host import DeploymentState

USER = {"login": "ann", "id": 1, "type": "User"}
RUN: dict[str, Any] = {
    "id": 9,
    "run_attempt": 1,
    "display_title": "sluice approve",
    "path": ".github/workflows/approve.yml@main",
    "event": "workflow_dispatch",
    "head_branch": "main",
    "head_sha": "a" * 40,
    "status": "completed",
    "conclusion": None,
    "actor": USER,
    "triggering_actor": USER,
    "created_at": "2026-11-23T08:00:00Z",
    "html_url": "https://github.com/acme/app/actions/runs/9",
    "repository": {"id": 7001},
}
DEPLOYMENT = {"id": 4, "sha": "a" * 40, "environment": "production"}
READERS: tuple[Callable[[Node], object], ...] = (
    read_repository,
    read_account,
    read_run,
    read_review,
    read_comment,
    read_status,
    read_deployment_state,
    lambda node: read_deployment(node, None),
)


@pytest.mark.parametrize("path", ["approve.yml", "approve.yml@main", "approve.yml@a@b"])
def test_the_path_of_a_workflow_is_known_with_and_without_its_ref(path: str) -> None:
    run = read_run(Node({**RUN, "path": path}, "x"))

    assert run.path == "approve.yml"


@pytest.mark.parametrize("missing", sorted(RUN.keys() - {"conclusion", "head_branch"}))
def test_a_run_without_something_that_counts_is_none(missing: str) -> None:
    cut = {name: value for name, value in RUN.items() if name != missing}

    if missing in {"actor", "triggering_actor"}:  # deleted accounts are null
        run = read_run(Node(cut, "x"))
        assert None in {run.actor, run.again_by}
    else:
        with pytest.raises(PermanentError, match=f"no '{missing}'"):
            read_run(Node(cut, "x"))


@pytest.mark.parametrize(
    ("login", "kind", "is_person"),
    [
        ("ann", "User", True),
        ("ann", "Bot", False),
        ("acme", "Organization", False),
        ("ann", "Mannequin", False),
        ("ann", "user", False),
        ("dependabot[bot]", "User", False),
    ],
)
def test_a_person_is_a_user_and_no_bot(login: str, kind: str, is_person: bool) -> None:  # noqa: FBT001
    account = read_account(Node({"login": login, "id": 1, "type": kind}, "x"))

    assert account is not None
    assert account.is_person is is_person


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        ({"a": "b", "c": 3}, {"a": "b"}),
        ('{"a": "b"}', {"a": "b"}),
        ("", {}),
        ("somebody's words", {}),
        ("[" * 100_000, {}),
        ("[]", {}),
        (None, {}),
    ],
)
def test_a_payload_is_an_object_or_the_text_of_one(
    payload: object, found: dict[str, str]
) -> None:
    node = Node({**DEPLOYMENT, "payload": payload}, "x")

    assert read_deployment(node, None).payload == found


def test_words_of_a_later_github_are_none_that_we_know() -> None:
    assert read_deployment_state(Node({"state": "canary"}, "x")) is None
    assert read_deployment_state(Node({"state": "success"}, "x")) == (
        DeploymentState.SUCCESS
    )
    assert read_status(Node({"state": "canary"}, "x")) is None


KNOWN = sorted(
    {*RUN, *USER, *DEPLOYMENT, "payload", "private", "full_name", "default_branch"}
    | {"environments", "name", "state", "comment", "user", "body", "updated_at"}
    | {"context", "description", "target_url", "creator"}
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["2026-11-23T08:00:00Z", "success", "User"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KNOWN), inner, max_size=8)
    ),
    max_leaves=30,
)


@settings(max_examples=40)
@given(VALUES)
def test_no_answer_makes_anything_but_a_value_or_an_error_of_ours(
    value: object,
) -> None:
    for read in READERS:
        with suppress(PermanentError):
            read(Node(value, "x"))


@settings(max_examples=40)
@given(
    st.dictionaries(st.sampled_from(sorted(RUN)), VALUES, max_size=3).map(
        lambda changes: {**RUN, **changes}
    )
)
def test_a_run_that_is_read_is_what_the_host_has_said(document: dict[str, Any]) -> None:
    with suppress(PermanentError):
        run = read_run(Node(document, "x"))
        assert json.loads(run.raw)["id"] == run.number == document["id"]
        assert run.title.replace("\ufffd", "") in document["display_title"]
