"""Unit tests of `sluicegate.engine.hand_over_form`."""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.engine.hand_over_form import (
    MAX_BYTES,
    format_hand_over,
    parse_hand_over,
)
from sluicegate.errors import UsageError
from sluicegate.model.command import ResourceUsage
from sluicegate.model.digest import Digest
from sluicegate.model.event_secrets import SecretsGiven, SecretsRevoked
from sluicegate.model.hand_over import (
    HandedFile,
    HandedImage,
    HandedOutput,
    HandedStage,
    HandedStep,
    HandOver,
)
from sluicegate.model.secret import EndedLogin, GivenSecret
from sluicegate.model.tool import Tool

NOW = datetime(2026, 11, 22, 1, 2, 3, 417_000, tzinfo=UTC)
FILE = HandedFile(Digest.of(b"x"), 1)
STAGE = HandedStage(
    "build",
    "docker-build",
    NOW,
    NOW,
    ResourceUsage(5, None, 1 << 20),
    {"docker": Tool("docker", ("/usr/bin/docker",), "20.10", None, "on PATH")},
    (Digest.of(b"image"),),
    (HandedStep("docker build", -9, FILE, FILE, ResourceUsage(4), {"id.txt": FILE}),),
    None,
    (HandedOutput("out/model é.bin", FILE, executable=True),),
    HandedImage(Digest.of(b"image"), "image-2.tar", FILE),
    (
        SecretsGiven(
            "build", (GivenSecret("T", "bao", "openbao", "ml/t", "f", "3"),), NOW
        ),
        SecretsRevoked("build", (EndedLogin("bao", "it lasts"),), NOW),
    ),
)
HANDED = HandOver(
    "1.2.0",
    "churn_release_v1.0",
    Digest.of(b"definition"),
    "a" * 40,
    {"os": "linux"},
    "/home/runner/work/churn",
    (STAGE,),
    "build",
)

WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=9)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
COUNTS = st.integers(0, 2**53 - 1)
DIGESTS = st.binary(max_size=4).map(Digest.of)
FILES = st.builds(HandedFile, DIGESTS, COUNTS)
USAGES = st.builds(ResourceUsage, COUNTS, *[st.none() | COUNTS] * 6)
TIMES = st.integers(0, 4_000_000_000_000).map(
    lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
)
TOOLS = st.builds(
    Tool,
    WORDS,
    st.lists(TEXTS, max_size=2).map(tuple),
    TEXTS,
    st.none() | DIGESTS,
    TEXTS,
)
STAGES = st.builds(
    HandedStage,
    WORDS,
    WORDS,
    TIMES,
    TIMES,
    USAGES,
    st.dictionaries(WORDS, TOOLS, max_size=2),
    st.lists(DIGESTS, max_size=2).map(tuple),
    st.lists(
        st.builds(
            HandedStep,
            WORDS,
            st.integers(-255, 255),
            FILES,
            FILES,
            USAGES,
            st.dictionaries(WORDS, FILES, max_size=2),
        ),
        max_size=2,
    ).map(tuple),
    st.none() | TEXTS,
    st.none() | st.just(STAGE.outputs),
    st.none() | st.just(STAGE.image),
)


def with_secrets(stage: HandedStage) -> st.SearchStrategy[HandedStage]:
    """*stage* and what happened to its secrets, which names the stage anew."""
    given = st.builds(
        SecretsGiven,
        st.just(stage.stage),
        st.lists(
            st.builds(GivenSecret, *[WORDS] * 4, st.none() | WORDS, st.none() | WORDS),
            max_size=2,
        ).map(tuple),
        TIMES,
    )
    ended = st.builds(
        SecretsRevoked,
        st.just(stage.stage),
        st.lists(st.builds(EndedLogin, WORDS, st.none() | TEXTS), max_size=2).map(
            tuple
        ),
        TIMES,
    )
    return st.lists(given | ended, max_size=3).map(
        lambda events: replace(stage, secrets=tuple(events))
    )


@given(
    stages=st.lists(STAGES.flatmap(with_secrets), max_size=2).map(tuple),
    job=st.none() | st.just("a-b_c"),
)
@settings(max_examples=40)
def test_whatever_is_written_is_read_the_same(
    stages: tuple[HandedStage, ...], job: str | None
) -> None:
    handed = HandOver(
        "1.0", "p_r_v1.0", Digest.of(b""), "b" * 64, {}, "/p", stages, job
    )

    assert parse_hand_over(format_hand_over(handed)) == handed


@given(data=st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_nothing_but_the_error_that_is_named_is_raised(data: bytes) -> None:
    with suppress(UsageError):
        parse_hand_over(data)


def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(format_hand_over(HANDED))
    return found


def write(found: dict[str, Any]) -> bytes:
    return (
        json.dumps(found, sort_keys=True, indent=1, ensure_ascii=False) + "\n"
    ).encode()


def test_the_sample_is_written_in_the_one_way() -> None:
    assert write(document()) == format_hand_over(HANDED)


@pytest.mark.parametrize("place", [(), ("stages", 0), ("stages", 0, "steps", 0)])
def test_a_key_that_is_not_known_is_refused(place: tuple[str | int, ...]) -> None:
    found = document()
    node: Any = found
    for step in place:
        node = node[step]
    node["verdict"] = "open"

    with pytest.raises(UsageError, match="verdict"):
        parse_hand_over(write(found))


def test_a_key_that_is_missing_is_refused() -> None:
    found = document()
    for key in list(found):
        with pytest.raises(UsageError):
            parse_hand_over(write({k: v for k, v in found.items() if k != key}))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(b'"job": "build"', b'"job": "scan",\n "job": "build"', id="twice"),
        pytest.param(b'"job": "build"', b'"job":  "build"', id="spaces"),
        pytest.param(b'"job": "build"', b'"job": "\\u0062uild"', id="escapes"),
        pytest.param(b'"exit_code": -9', b'"exit_code": -9.0', id="a fraction"),
        pytest.param(b'"exit_code": -9', b'"exit_code": "-9"', id="a text"),
        pytest.param(b'"exit_code": -9', b'"exit_code": true', id="a boolean"),
        pytest.param(b'"size": 1', b'"size": -1', id="negative"),
        pytest.param(b'"size": 1', b'"size": 99999999999999999999', id="huge"),
        pytest.param(b"out/model", b"../model", id="out of the project"),
        pytest.param(b"out/model", b"/model", id="absolute"),
        pytest.param(b"out/model", b"out/../../model", id="out in the middle"),
        pytest.param(b"out/model", b"out//model", id="odd"),
        pytest.param(b"image-2.tar", b"../image.tar", id="archive elsewhere"),
        pytest.param(b"image-2.tar", b"handover.json", id="archive is the index"),
        pytest.param(b"2026-11-22T", b"2026-13-22T", id="no date"),
        pytest.param(b"/home/runner", b"home/runner", id="relative"),
        pytest.param(b"hand-over/v1", b"hand-over/v2", id="another schema"),
        pytest.param(b"}\n", b"}\n\n", id="more at the end"),
    ],
)
def test_another_way_to_write_it_is_refused(old: bytes, new: bytes) -> None:
    data = format_hand_over(HANDED)
    changed = data.replace(old, new)
    assert changed != data

    with pytest.raises(UsageError):
        parse_hand_over(changed)


def test_nothing_huge_and_nothing_deep_is_read() -> None:
    with pytest.raises(UsageError, match="more than"):
        parse_hand_over(b" " * (MAX_BYTES + 1))
    with pytest.raises(UsageError):
        parse_hand_over(b"[" * 500_000)


def test_a_mistake_is_told_without_what_is_there() -> None:
    found = document()
    found["commit"] = "s3cr3t-in-here"

    with pytest.raises(UsageError) as caught:
        parse_hand_over(write(found))

    assert "commit" in str(caught.value)
    assert "s3cr3t" not in str(caught.value)


def test_what_could_not_be_read_again_is_not_written() -> None:
    with pytest.raises(UsageError):
        format_hand_over(
            HandOver("1", "p", Digest.of(b""), "no commit", {}, "/p", (STAGE,))
        )
