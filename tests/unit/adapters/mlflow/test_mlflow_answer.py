"""Unit tests of `sluicegate.adapters.mlflow.answer`: good answers and others."""

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.adapters.mlflow.answer import (
    Refusal,
    parse_alias,
    parse_refusal,
    parse_run,
    show,
)
from sluicegate.errors import ExternalError, PermanentError, TransientError

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def model(**more: object) -> bytes:
    return json.dumps({"registered_model": {"name": "churn", **more}}).encode()


def version(**more: object) -> bytes:
    found = {"name": "churn", "version": "3", "status": "READY", "run_id": "abc"}
    return json.dumps({"model_version": {**found, **more}}).encode()


def test_an_alias_names_a_version() -> None:
    aliases = [{"alias": "old", "version": "1"}, {"alias": "champion", "version": "3"}]

    assert parse_alias(model(aliases=aliases), "churn", "champion") == "3"
    assert parse_alias(model(aliases=aliases), "churn", "new") is None
    assert parse_alias(model(), "churn", "champion") is None


def test_versions_as_numbers_are_the_same() -> None:
    aliases = [{"alias": "champion", "version": 3}]

    assert parse_alias(model(aliases=aliases), "churn", "champion") == "3"
    assert parse_run(version(version=3), "churn", "3") == "abc"


@pytest.mark.parametrize(
    "body",
    [
        b"<html>log in</html>",
        b"[]",
        b'{"registered_model": []}',
        model(name="other"),
        model(aliases={"champion": "3"}),
        model(aliases=["champion"]),
        model(aliases=[{"alias": "champion"}]),
        model(aliases=[{"alias": "champion", "version": True}]),
        model(aliases=[{"alias": "champion", "version": "03"}]),
        model(aliases=[{"alias": "champion", "version": "3; drop"}]),
        model(aliases=[{"alias": "champion", "version": v} for v in ("1", "2")]),
    ],
)
def test_an_answer_about_something_else_is_refused(body: bytes) -> None:
    with pytest.raises(PermanentError):
        parse_alias(body, "churn", "champion")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        model(),
        version(name="other"),
        version(version="4"),
        version(version=None),
        version(status=None),
        version(status="FAILED_REGISTRATION"),
        version(run_id=None),
        version(run_id=""),
        version(run_id=["abc"]),
        version(run_id="../../etc"),
        version(run_id="a b"),
    ],
)
def test_a_version_that_is_not_the_one_or_names_no_run_is_refused(body: bytes) -> None:
    with pytest.raises(PermanentError):
        parse_run(body, "churn", "3")


def test_a_version_that_is_being_made_may_be_asked_for_again() -> None:
    with pytest.raises(TransientError, match="not ready"):
        parse_run(version(status="PENDING_REGISTRATION"), "churn", "3")


def test_a_refusal_is_mlflows_own_word_or_none() -> None:
    said = b'{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "Not\\u001b[1m here"}'

    assert parse_refusal(said) == Refusal("RESOURCE_DOES_NOT_EXIST", "Not [1m here")
    assert parse_refusal(said).is_absent
    for other in (b"<title>404 Not Found</title>", b'{"error_code": 404}', b"\xff"):
        assert not parse_refusal(other).is_absent


@settings(max_examples=50)
@given(st.binary(max_size=200) | _JSON.map(lambda found: json.dumps(found).encode()))
def test_no_garbage_is_an_answer(body: bytes) -> None:
    with pytest.raises(PermanentError):
        parse_alias(body, "churn", "champion")
    with pytest.raises(ExternalError):
        parse_run(body, "churn", "3")
    assert not parse_refusal(body).is_absent


@settings(max_examples=50)
@given(
    st.fixed_dictionaries(
        {
            "name": st.just("churn"),
            "aliases": _JSON
            | st.lists(
                st.dictionaries(
                    st.sampled_from(["alias", "version"]), _JSON | st.just("champion")
                )
            ),
        }
    )
)
def test_aliases_are_read_or_refused(found: dict[str, object]) -> None:
    with suppress(PermanentError):
        read = parse_alias(model(**found), "churn", "champion")
        assert read is None or read.isdigit()


@given(st.text(max_size=400))
def test_what_is_shown_is_one_line_of_bounded_length(text: str) -> None:
    shown = show(text)

    assert len(shown) <= 201
    assert shown.isprintable()
