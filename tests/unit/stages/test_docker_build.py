"""Unit tests of `sluicegate.stages.docker_build`."""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from stage_harness import COMMIT, make_context
from tool_vectors import load_results, make_result

from sluicegate.errors import PermanentError
from sluicegate.model.digest import Digest
from sluicegate.model.tool import DOCKER_CLASSIC, Tool
from sluicegate.stages.docker_build import DockerBuildStage
from sluicegate.stages.docker_build_secret import BuildSecret
from sluicegate.stages.docker_image import parse_image
from sluicegate.stages.stage import Report, StageContext

IMAGE = "sluicegate-test/vectors"
STAGE = DockerBuildStage(uses="docker-build", image=IMAGE)
MANIFEST, CONFIG = "sha256:" + "aa" * 32, "sha256:" + "bb" * 32


def with_docker(version: str) -> StageContext:
    docker = Tool("docker", ("/usr/bin/docker",), version, None, "on PATH")
    return make_context("/project", "/out", tools={"docker": docker})


CONTEXT = with_docker("20.10.24+dfsg1")


def interpret(case: str) -> Report:
    context = with_dockerfile("FROM sluicegate-base:test\n")
    return STAGE.interpret(context, load_results(case))


def with_dockerfile(text: str, context: StageContext = CONTEXT) -> StageContext:
    return replace(context, files={"Dockerfile": text.encode()})


def options(
    stage: DockerBuildStage, context: StageContext = CONTEXT
) -> tuple[str, ...]:
    return stage.plan(context)[0].command.argv


def test_the_image_says_what_it_was_made_from() -> None:
    argv = options(STAGE)

    assert f"--label=org.opencontainers.image.revision={COMMIT}" in argv
    assert "--label=dev.sluicegate.pipeline=sample_release_v1.0" in argv
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
    build, *others = load_results("docker-built")
    build = replace(build, files={"image-id.txt": MANIFEST.encode()})

    with pytest.raises(PermanentError, match="not the image"):
        STAGE.interpret(CONTEXT, (build, *others))


HISTORY = b'{"Size":"900","CreatedBy":"COPY . /","CreatedAt":"2026-01-01T00:00:00Z"}\n'


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
            make_result("docker image history", stdout=HISTORY),
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
                    make_result("docker image history", second, said),
                ),
            )
    with suppress(PermanentError):
        parse_image(stdout)


def test_a_build_is_keyed_to_the_commit_and_reads_its_dockerfile() -> None:
    stage = DockerBuildStage(uses="docker-build", image=IMAGE, context="service")

    assert stage.reads_commit()
    assert stage.reads() == ("service/Dockerfile",)
    named = stage.model_copy(update={"dockerfile": "ops/Dockerfile.prod"})
    assert named.reads() == ("ops/Dockerfile.prod",)


def test_base_images_that_can_move_are_asked_for() -> None:
    stage = DockerBuildStage(uses="docker-build", image=IMAGE, args={"BASE": "mine:2"})
    pinned = "python@sha256:" + "ab" * 32
    context = with_dockerfile(
        f"ARG BASE=theirs:1\nFROM {pinned} AS a\nFROM $BASE\nCOPY --from=uv:1 /uv /\n"
    )

    asked = [probe.argv[3:] for probe in stage.probes(context)]

    assert asked == [("mine:2", "/usr/bin/docker"), ("uv:1", "/usr/bin/docker")]


def test_an_earlier_image_must_still_be_there_under_its_name() -> None:
    (confirm,) = STAGE.confirm(CONTEXT, ((IMAGE, Digest.parse(CONFIG)),))

    assert confirm.argv[3:] == (f"{IMAGE}:v1.2.0", CONFIG, "/usr/bin/docker")


def test_target_and_arguments_reach_the_builder() -> None:
    stage = DockerBuildStage(
        uses="docker-build", image=IMAGE, target="slim", args={"B": "2", "A": "x y"}
    )

    argv = options(stage)

    assert "--target=slim" in argv
    assert argv.index("--build-arg=A=x y") < argv.index("--build-arg=B=2")


def test_time_stamps_are_those_of_the_commit_unless_the_file_says_otherwise() -> None:
    when = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    context = replace(CONTEXT, commit_time=when)
    epoch = f"--build-arg=SOURCE_DATE_EPOCH={int(when.timestamp())}"
    none = STAGE.model_copy(update={"source_date_epoch": "none"})
    own = STAGE.model_copy(update={"args": {"SOURCE_DATE_EPOCH": "1"}})

    assert epoch in options(STAGE, context)
    assert not any("SOURCE_DATE_EPOCH" in each for each in options(none, context))
    assert "--build-arg=SOURCE_DATE_EPOCH=1" in options(own, context)
    assert epoch not in options(own, context)


def with_classic(dockerfile: str) -> StageContext:
    docker = Tool(DOCKER_CLASSIC, ("/d",), "28.2.2", None, "/d (28.2.2) has no buildx")
    context = make_context("/project", "/out", tools={"docker": docker})
    return with_dockerfile(dockerfile, replace(context, ca_bundle="/etc/ca.pem"))


def test_the_classic_builder_is_asked_for_what_it_knows() -> None:
    build = STAGE.plan(with_classic("FROM a\nRUN b\n"))[0].command

    assert build.env["DOCKER_BUILDKIT"] == "0"
    assert "--force-rm" in build.argv
    unknown = ("--secret", "--progress", "--metadata-file", "--build-arg=SOURCE")
    assert not any(option.startswith(unknown) for option in build.argv)


@pytest.mark.parametrize(
    ("dockerfile", "reason"),
    [
        ("FROM a\nRUN --mount=type=cache,target=/x b\n", "RUN --mount"),
        ("FROM a\nCOPY --chmod=755 b /\n", "COPY --chmod"),
        ("FROM a\nCOPY <<EOF /x\nhello\nEOF\n", "heredocs"),
        ("# syntax=docker/dockerfile:1\nFROM a\n", "# syntax="),
    ],
)
def test_what_needs_buildkit_is_not_built_without_it(
    dockerfile: str, reason: str
) -> None:
    with pytest.raises(PermanentError, match="needs BuildKit") as caught:
        STAGE.plan(with_classic(dockerfile))

    assert reason in str(caught.value)
    assert "/d (28.2.2) has no buildx" in str(caught.value)
    assert caught.value.hint is not None
    assert "buildx" in caught.value.hint


def test_secrets_are_not_given_to_the_classic_builder() -> None:
    stage = STAGE.model_copy(update={"secrets": {"pip": BuildSecret(env="PIP_CONF")}})

    with pytest.raises(PermanentError, match="secrets:"):
        stage.plan(with_classic("FROM a\n"))


def test_the_evidence_says_who_built_it_and_on_what() -> None:
    fields = interpret("docker-built").fields

    assert fields["builder"] == "buildkit"
    assert fields["base_image"] == "sluicegate-base:test"
    assert str(fields["base_id"]).startswith("sha256:")
    assert fields["largest_layer_bytes"] == 169147616


def test_the_layers_are_evidence_without_values_of_variables() -> None:
    files = {file.name: file.data for file in interpret("docker-built").files}

    (layer,) = json.loads(files["layers.json"])
    assert layer["size_bytes"] == 169147616
    assert not any(
        b"hush" in data for name, data in files.items() if name != "build.log"
    )


CLASSIC_FAILED = b"""\
DEPRECATED: The legacy builder is deprecated and will be removed in a future release.

The command '/bin/sh -c curl dial tcp && exit 3' returned a non-zero code: 3
"""


def test_the_classic_builder_is_understood_too() -> None:
    context = with_classic("FROM a\n")
    base = make_result("base image a", 1)
    build = make_result("docker build", 3, b"Step 1/2\n", CLASSIC_FAILED)

    report = STAGE.interpret(context, (build, base))

    assert report.fields["built"] is False
    assert report.fields["builder"] == "classic"
    assert report.summary.endswith("returned a non-zero code: 3")
    assert report.files[0].data == b"Step 1/2\n" + CLASSIC_FAILED


DENIED = b"""\
------
 > [internal] load metadata for 127.0.0.1:5000/private/base:1:
------
failed to solve with frontend dockerfile.v0: failed to create LLB definition: \
unexpected status code [manifests 1]: 401 Unauthorized
"""


def test_a_login_that_is_missing_is_no_verdict() -> None:
    with pytest.raises(PermanentError) as caught:
        STAGE.interpret(CONTEXT, (make_result("docker build", 1, stderr=DENIED),))

    assert caught.value.hint is not None
    assert "127.0.0.1:5000/private/base:1 with `docker login`" in caught.value.hint
