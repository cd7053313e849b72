"""Unit tests of `sluicegate.audit.attested.cutting`: the kept reads as the whole."""

import json
from dataclasses import replace
from typing import Any

import pytest
from fakes_code_host import BOB, NOW
from hosted_runs import said_comment, said_review, said_run

from sluicegate.audit.attested.cutting import cut_comment, cut_review, cut_run
from sluicegate.audit.attested.said import read_comment, read_review, read_run
from sluicegate.errors import IntegrityError

MORE: dict[str, Any] = {"head_commit": {"author": {"email": "ann@home.example"}}}


def with_more(document: dict[str, Any]) -> dict[str, Any]:
    """*document* with much in it, at every depth, that nobody reads."""
    deeper = {
        key: with_more(value)
        if isinstance(value, dict)
        else [with_more(each) for each in value]
        if isinstance(value, list)
        else value
        for key, value in document.items()
    }
    return {**deeper, **MORE}


def test_a_run_that_was_cut_is_read_as_the_whole_one() -> None:
    whole = json.dumps(with_more(said_run(31, "sluice approve", BOB, NOW)))

    cut = cut_run(whole.encode())

    assert "home.example" not in cut
    read = read_run(whole)
    assert replace(read_run(cut), raw=b"") == replace(read, raw=b"")
    assert cut_run(cut.encode()) == cut


@pytest.mark.parametrize("app", [None, {"id": 5, "slug": "writer", **MORE}])
def test_a_comment_that_was_cut_is_read_as_the_whole_one(
    app: dict[str, Any] | None,
) -> None:
    document = said_comment(
        55, "b\u00f6se \ud83d", BOB, NOW, performed_via_github_app=app
    )
    whole = json.dumps(with_more(document))

    cut = cut_comment(whole.encode())

    assert "home.example" not in cut
    before, after = read_comment(whole), read_comment(cut)
    assert after.by_app == before.by_app == (app is not None)
    assert replace(after.comment, raw=b"") == replace(before.comment, raw=b"")


def test_a_review_that_was_cut_is_read_as_the_whole_one() -> None:
    whole = json.dumps(with_more(said_review("fine", BOB)))

    cut = cut_review(whole.encode())

    assert "home.example" not in cut
    assert replace(read_review(cut), raw=b"") == replace(read_review(whole), raw=b"")


@pytest.mark.parametrize("raw", [b"", b"[]", b'{"id":1,"id":2}', b"\xff", b"[" * 9999])
def test_what_is_no_object_is_not_cut(raw: bytes) -> None:
    with pytest.raises(IntegrityError):
        cut_run(raw)


@pytest.mark.parametrize("key", ["actor", "repository", "created_at", "id"])
def test_what_a_host_leaves_out_is_not_made_up(key: str) -> None:
    document = said_run(31, "sluice approve", BOB, NOW)
    del document[key]
    cut = cut_run(json.dumps(document).encode())

    assert key not in json.loads(cut)
