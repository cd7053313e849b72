"""Tests of `sluicegate.adapters.targets.docker_image` on a real engine."""

import uuid
from collections.abc import Iterator
from io import BytesIO

import docker
import pytest
from docker import DockerClient

from sluicegate.adapters.targets.docker_image import provide_image, refuse_pull
from sluicegate.errors import IntegrityError, PermanentError
from sluicegate.model.digest import Digest
from sluicegate.model.rollout import Release

pytestmark = pytest.mark.docker

ABSENT = Digest.of(uuid.uuid4().bytes)


@pytest.fixture
def client() -> Iterator[DockerClient]:
    connected = docker.from_env()
    yield connected
    connected.close()


@pytest.fixture
def image(client: DockerClient) -> Iterator[Digest]:
    """An image of its own, which is gone afterwards with all its tags."""
    lines = f"FROM scratch\nLABEL sluicegate.test=1 it={uuid.uuid4()}\nCMD x\n"
    built, _ = client.images.build(fileobj=BytesIO(lines.encode()), rm=True)
    yield Digest.parse(str(built.id))
    client.images.remove(str(built.id), force=True)


def release(image: Digest, reference: str | None = None) -> Release:
    return Release(image, "v1", "a" * 40, reference)


def test_an_image_that_is_here_is_not_pulled(
    client: DockerClient, image: Digest
) -> None:
    held = release(image, "registry.example/churn@sha256:1")

    assert provide_image(client, held, refuse_pull) is None


def test_without_a_registry_the_release_is_at_fault(client: DockerClient) -> None:
    fault = provide_image(client, release(ABSENT), refuse_pull)

    assert fault == f"this engine has no image {ABSENT}, and none was published"


def test_what_was_pulled_must_be_what_was_scanned(
    client: DockerClient, image: Digest
) -> None:
    reference = f"registry.example/churn-{uuid.uuid4().hex}:v1"

    def pull(wanted: str) -> None:
        client.images.get(str(image)).tag(wanted)

    with pytest.raises(IntegrityError, match="which was scanned"):
        provide_image(client, release(ABSENT, reference), pull)


def test_a_pull_that_leaves_nothing_here_is_no_success(client: DockerClient) -> None:
    reference = "registry.example/churn@" + str(ABSENT)

    with pytest.raises(PermanentError, match="does not know it"):
        provide_image(client, release(ABSENT, reference), lambda _reference: None)


def test_a_target_that_pulls_nothing_says_so(client: DockerClient) -> None:
    with pytest.raises(PermanentError, match="is not on this engine"):
        provide_image(client, release(ABSENT, "x@y"), refuse_pull)
