"""Unit tests of `sluicegate.stages.docker_build`."""

import json
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from stage_harness import COMMIT, make_context
from tool_vectors import load_results, make_result

from sluicegate.errors import PermanentError
from sluicegate.model.digest import Digest
from sluicegate.model.tool import Tool
from sluicegate.stages.docker_build import DockerBuildStage, parse_image
from sluicegate.stages.stage import Report, StageContext

IMAGE = "sluicegate-test/vectors"
STAGE = DockerBuildStage(uses="docker-build", image=IMAGE)
MANIFEST, CONFIG = "sha256:" + "aa" * 32, "sha256:" + "bb" * 32


def with_docker(version: str) -> StageContext:
    docker = Tool("docker", ("/usr/bin/docker",), version, None, "on PATH")
    return make_context("/project", "/out", tools={"docker": docker})


CONTEXT = with_docker("20.10.24+dfsg1")


def interpret(case: str) -> Report:
    return STAGE.interpret(CONTEXT, load_results(case))


def options(
    stage: DockerBuildStage, context: StageContext = CONTEXT
) -> tuple[str, ...]:
    return stage.plan(context)[0].command.argv


def test_the_image_says_what_it_was_made_from() -> None:
    argv = options(STAGE)

    assert f"--label=org.opencontainers.image.revision={COMMIT}" in argv
    pipeline = "dev.sluicegate.pipeline=sample_release_v1.0@sha256:" + "ab" * 32
    assert f"--label={pipeline}" in argv
    assert f"--tag={IMAGE}:v1.2.0" in argv


def test_buildkit_is_asked_for() -> None:
    assert STAGE.plan(CONTEXT)[0].command.env["DOCKER_BUILDKIT"] == "1"


@pytest.mark.parametrize(
    ("release", "tag"),
    [
        ("v1.2.0", "v1.2.0"),
        ("release/2026+1", "release-2026-1"),
        ("-rf", "rf"),
        ("ü", "release"),
        ("x" * 200, "x" * 128),
    ],
)
def test_any_release_becomes_a_tag(release: str, tag: str) -> None:
    context = replace(CONTEXT, release=release)

    assert f"--tag={IMAGE}:{tag}" in options(STAGE, context)


def test_the_context_is_always_a_folder() -> None:
    stage = DockerBuildStage(
        uses="docker-build", image=IMAGE, context="github.com/a/b", dockerfile="-"
    )

    assert options(stage)[-2:] == ("--", "/project/github.com/a/b")
    assert "--file=/project/-" in options(stage)


def test_proxies_pass_through_unless_the_file_sets_them() -> None:
    stage = DockerBuildStage(
        uses="docker-build", image=IMAGE, args={"HTTP_PROXY": "http://mine"}
    )

    assert "--build-arg=HTTP_PROXY=http://mine" in options(stage)
    assert "--build-arg=HTTP_PROXY" not in options(stage)
    assert "--build-arg=HTTPS_PROXY" in options(stage)


def test_the_ca_bundle_is_a_secret_of_the_build() -> None:
    context = replace(CONTEXT, ca_bundle="/etc/ca.pem")

    assert "--secret=id=sluicegate-ca,src=/etc/ca.pem" in options(STAGE, context)
    assert not any(option.startswith("--secret") for option in options(STAGE))


@pytest.mark.parametrize(
    ("version", "is_asked"), [("20.10.24", False), ("23.0.0", True), ("28.2.2", True)]
)
def test_metadata_is_asked_of_clients_that_have_it(
    version: str, *, is_asked: bool
) -> None:
    found = options(STAGE, with_docker(version))

    assert any(option.startswith("--metadata-file") for option in found) is is_asked


@pytest.mark.parametrize(
    "image",
    ["", "UPPER/case", "name:tag", "a b", "-x", "a//b", "ghcr.io/acme/m@sha256:1"],
)
def test_names_of_images_are_checked(image: str) -> None:
    with pytest.raises(ValidationError):
        DockerBuildStage(uses="docker-build", image=image)


@pytest.mark.parametrize(
    "image", ["model", "ghcr.io/acme/churn-model", "localhost:5000/a_b/c.d"]
)
def test_good_names_of_images_are_taken(image: str) -> None:
    assert DockerBuildStage(uses="docker-build", image=image).image == image


def test_a_built_image_is_known_by_its_digest() -> None:
    report = interpret("docker-built")

    image_id = Digest.parse(str(report.fields["image_id"]))
    assert report.fields["built"] is True
    assert report.fields["config_digest"] == str(image_id)
    assert report.fields["layers"] == 2
    assert report.subjects == ((IMAGE, image_id),)


def test_the_environment_of_an_image_is_no_evidence() -> None:
    assert b"hush" in load_results("docker-built")[1].result.stdout
    (description,) = [
        f for f in interpret("docker-built").files if f.name == "image.json"
    ]

    assert b"hush" not in description.data
    assert COMMIT.encode() in description.data


def test_a_failing_command_is_a_no_even_if_it_talks_of_networks() -> None:
    report = interpret("docker-failing")

    assert report.fields["built"] is False
    assert report.fields["exit_code"] == 1
    assert not {"image_id", "config_digest", "size_bytes"} & report.fields.keys()
    assert report.summary.endswith("exit code: 3")
    assert report.subjects == ()


def test_a_registry_that_does_not_answer_is_no_verdict() -> None:
    with pytest.raises(PermanentError) as caught:
        interpret("docker-no-registry")

    assert str(caught.value) == (
        "docker build failed (exit code 1): failed to do request: Head"
        ' "https://registry.invalid/v2/nothing/manifests/1": dial tcp: lookup'
        " registry.invalid on 192.0.2.53:53: no such host"
    )
    assert caught.value.hint == (
        "the registry of the base image registry.invalid/nothing:1 does not answer;"
        " name an image that the engine has: with `args:`, where the Dockerfile says"
        " ARG and FROM ${...}"
    )


NEWER = b"""\
#2 [internal] load metadata for docker.io/library/python:3.12-slim
#2 ERROR: failed to do request: Head "https://r.invalid/v2/": dial tcp: no such host
------
 > [internal] load metadata for docker.io/library/python:3.12-slim:
------
Dockerfile:1
--------------------
   1 | >>> FROM python:3.12-slim
--------------------
ERROR: failed to solve: python:3.12-slim: failed to resolve source: no such host
"""


def test_newer_builders_are_understood_too() -> None:
    with pytest.raises(PermanentError) as caught:
        STAGE.interpret(CONTEXT, (make_result("docker build", 1, stderr=NEWER),))

    assert str(caught.value).endswith(
        "(exit code 1): python:3.12-slim: failed to resolve source: no such host"
    )
    assert caught.value.hint is not None
    assert "docker.io/library/python:3.12-slim does not answer" in caught.value.hint


@pytest.mark.parametrize(
    "words",
    [
        "Cannot connect to the Docker daemon at unix:///x. Is it running?",
        "error during connect: Get http://x: EOF",
        "failed to solve: write /var/lib: no space left on device",
    ],
)
def test_a_failing_engine_is_no_verdict(words: str) -> None:
    with pytest.raises(PermanentError) as caught:
        STAGE.interpret(
            CONTEXT, (make_result("docker build", 1, stderr=words.encode()),)
        )

    assert str(caught.value).endswith(words.removeprefix("failed to solve: "))
    assert caught.value.hint is not None
    assert "Docker engine" in caught.value.hint


def test_an_image_that_took_the_tag_meanwhile_is_not_ours() -> None:
    build, inspect = load_results("docker-built")
    build = replace(build, files={"image-id.txt": MANIFEST.encode()})

    with pytest.raises(PermanentError, match="not the image"):
        STAGE.interpret(CONTEXT, (build, inspect))


def describe(**more: object) -> bytes:
    image = {
        "Id": MANIFEST,
        "Architecture": "amd64",
        "Os": "linux",
        "Size": 1000,
        "RootFS": {"Layers": ["sha256:1"]},
    }
    return json.dumps([image | more]).encode()


@pytest.mark.parametrize(
    ("metadata", "config"),
    [
        (None, None),
        (b"{}", None),
        (json.dumps({"containerimage.config.digest": CONFIG}).encode(), CONFIG),
    ],
)
def test_with_containerd_s_store_only_the_builder_knows_the_configuration(
    metadata: bytes | None, config: str | None
) -> None:
    files = {"image-id.txt": MANIFEST.encode()}
    if metadata is not None:
        files["build-metadata.json"] = metadata
    inspect = describe(Descriptor={"digest": MANIFEST})

    report = STAGE.interpret(
        CONTEXT,
        (
            make_result("docker build", files=files),
            make_result("docker image inspect", stdout=inspect),
        ),
    )

    assert report.fields.get("config_digest") == config
    assert report.fields["image_id"] == MANIFEST


@pytest.mark.parametrize("more", [{"Id": "latest"}, {"Size": -1}, {"Size": 2**60}])
def test_an_image_described_oddly_is_no_verdict(more: dict[str, object]) -> None:
    name = str(more.get("Id", MANIFEST)).encode()
    with pytest.raises(PermanentError):
        STAGE.interpret(
            CONTEXT,
            (
                make_result("docker build", files={"image-id.txt": name}),
                make_result("docker image inspect", stdout=describe(**more)),
            ),
        )


@given(st.binary(), st.binary(), st.binary(), st.integers(-2, 2), st.integers(-2, 2))
def test_no_output_raises_anything_but_our_error(
    stderr: bytes, stdout: bytes, metadata: bytes, first: int, second: int
) -> None:
    files = {"image-id.txt": MANIFEST.encode(), "build-metadata.json": metadata}
    for said in (stdout, describe()):
        with suppress(PermanentError):
            STAGE.interpret(
                CONTEXT,
                (
                    make_result("docker build", first, stderr=stderr, files=files),
                    make_result("docker image inspect", second, said),
                ),
            )
    with suppress(PermanentError):
        parse_image(stdout)
