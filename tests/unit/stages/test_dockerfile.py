"""Unit tests of `sluicegate.stages.dockerfile`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.stages.dockerfile import Dockerfile, parse_dockerfile

STAGES = """\
# escape=`
ARG VERSION=3.12
ARG VARIANT
FROM --platform=linux/amd64 python:${VERSION}${VARIANT:+-$VARIANT} AS Build
RUN pip install `
    # a comment between
    numpy
FROM scratch AS empty
FROM build AS tests
COPY --from=ghcr.io/acme/uv:1 /uv /bin/
FROM debian:12
COPY --from=0 /x /x
COPY --from=build /y /y
RUN --mount=type=bind,from=tools:2,target=/t --network=none /t/go
"""


def read(text: str, **args: str) -> Dockerfile:
    return parse_dockerfile(text.encode(), args)


def test_images_are_told_from_stages_and_arguments_are_put_in() -> None:
    found = read(STAGES, VARIANT="slim")

    assert found.images() == (
        "python:3.12-slim", "debian:12", "ghcr.io/acme/uv:1", "tools:2"
    )  # fmt: skip
    assert read(STAGES).images()[0] == "python:3.12"


@pytest.mark.parametrize(
    ("target", "base"),
    [
        (None, "debian:12"),
        ("tests", "python:3.12"),
        ("BUILD", "python:3.12"),
        ("0", "python:3.12"),
        ("empty", "scratch"),
        ("nowhere", None),
        ("99", "debian:12"),
        ("²", None),
    ],
)
def test_the_base_is_that_of_the_stage_that_is_built(
    target: str | None, base: str | None
) -> None:
    assert read(STAGES).base_of(target) == base


@pytest.mark.parametrize(
    ("text", "image"),
    [
        ("FROM a:${TAG:-1}", "a:1"),
        ("FROM a:${TAG-1}", "a:1"),
        ("FROM a:$TAG", ""),
        ("FROM a:\\$TAG", "a:$TAG"),
        ("ARG TAG='7'\nFROM a:$TAG", "a:7"),
        ("ARG A=1 TAG=2\nFROM a:$TAG", "a:2"),
        ("ARG X=3\nARG TAG=$X\nFROM a:$TAG", "a:3"),
        ("from a:1 as b", "a:1"),
        ("FROM a:1 AS", "a:1"),
        ("FROM \\\n  a:1 \\\n  AS b", "a:1"),
        ("\ufeffFROM a:1", "a:1"),
    ],
)
def test_a_reference_is_what_docker_makes_of_it(text: str, image: str) -> None:
    assert read(text).images() == (image,)


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("FROM a\nRUN --mount=type=cache,target=/c x", ("RUN --mount",)),
        ("FROM a\nCOPY --link --chmod=1 x y", ("COPY --link", "COPY --chmod")),
        ("FROM a\nADD --checksum=sha256:1 x y", ("ADD --checksum",)),
        ("#syntax=docker/dockerfile:1\nFROM a", ("# syntax=",)),
        ("FROM a\nRUN <<EOF\nFROM b\nEOF\nRUN x", ("heredocs",)),
        ('FROM a\nCOPY <<-"END" /x\n\tFROM b\n\tEND\n', ("heredocs",)),
        ("FROM a\nCOPY --chown=1 --from=0 x y", ()),
        ("FROM a\nRUN cat <<< word", ()),
        ("FROM a\nRUN echo $((1<<2)) --mount=x", ()),
        ("FROM a\n# syntax=docker/dockerfile:1", ()),
    ],
)
def test_what_only_buildkit_knows_is_named(text: str, needs: tuple[str, ...]) -> None:
    found = read(text)

    assert found.buildkit == needs
    assert found.images() == ("a",)


@given(st.binary(), st.text())
def test_anything_can_be_read(data: bytes, target: str) -> None:
    found = parse_dockerfile(data, {})

    assert found.base_of(target) is None or found.bases
