"""Unit tests of `sluicegate.stages.docker_build_result`."""

import json

import pytest
from tool_vectors import make_result

from sluicegate.stages.docker_build_result import Built, report, whole_name

IMAGE, DIGEST = "sha256:" + "aa" * 32, "sha256:" + "dd" * 32
DESCRIBED = {
    "Id": IMAGE, "Architecture": "amd64", "Os": "linux", "Size": 3, "RootFS": {}
}  # fmt: skip
LAYERS = b"".join(
    json.dumps({"Size": str(size), "CreatedBy": f"COPY {size}"}).encode() + b"\n"
    for size in (1, 0, 7)
)
PULLED = (
    b"#4 [stage-1 1/2] FROM docker.io/library/python:3.12@" + DIGEST.encode() + b"\n"
    b"#4 resolve docker.io/library/python:3.12@" + DIGEST.encode() + b" done\n"
)


@pytest.mark.parametrize(
    ("reference", "whole"),
    [
        ("python", "docker.io/library/python:latest"),
        ("python:3.12", "docker.io/library/python:3.12"),
        ("acme/base", "docker.io/acme/base:latest"),
        ("ghcr.io/acme/base:1", "ghcr.io/acme/base:1"),
        ("localhost:5000/base", "localhost:5000/base:latest"),
        (f"python@{DIGEST}", f"docker.io/library/python@{DIGEST}"),
    ],
)
def test_a_name_is_completed_as_docker_does(reference: str, whole: str) -> None:
    assert whole_name(reference) == whole


def test_the_digest_of_a_base_that_only_the_builder_has_is_in_its_words() -> None:
    missing = make_result("base image python:3.12", 1, b"[]\n")
    built = Built("x", "x:1", "28", False, "python:3.12", {"python:3.12": missing})  # noqa: FBT003

    made = report(
        built,
        (
            make_result(
                "docker build", stderr=PULLED, files={"image-id.txt": IMAGE.encode()}
            ),
            make_result(
                "docker image inspect", stdout=json.dumps([DESCRIBED]).encode()
            ),
            make_result("docker image history", stdout=LAYERS),
        ),
    )

    assert made.fields["base_digest"] == DIGEST
    assert "base_id" not in made.fields
    files = {file.name: json.loads(file.data) for file in made.files[1:]}
    assert files["bases.json"] == [
        {"reference": "python:3.12", "id": None, "digest": DIGEST}
    ]
    assert [layer["size_bytes"] for layer in files["layers.json"]] == [7, 1]
    assert made.fields["largest_layer_bytes"] == 7
