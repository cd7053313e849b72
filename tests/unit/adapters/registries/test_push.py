"""Unit tests of `sluicegate.adapters.registries.push`: what Docker's client says."""

import pytest
from fakes import exited

from sluicegate.adapters.registries.push import pull_error, push_error, read_digest
from sluicegate.errors import ExternalError, PermanentError, TransientError
from sluicegate.model.command import CommandResult, ResourceUsage
from sluicegate.model.digest import Digest

IMAGE = Digest.of(b"image")
REGISTRY = "ghcr.io"


def failed(stderr: str) -> CommandResult:
    return CommandResult(1, b"", stderr.encode(), ResourceUsage(1))


def test_the_digest_is_the_one_the_engine_made() -> None:
    said = b"e875cdba66f3: Pushed\nv1: digest: %s size: 523\n" % str(IMAGE).encode()

    assert read_digest(exited(0, said)) == IMAGE


@pytest.mark.parametrize("said", [b"", b"pushed\n", b"v1: digest: sha256:12 size: 5\n"])
def test_a_push_without_a_digest_is_not_believed(said: bytes) -> None:
    with pytest.raises(PermanentError, match="did not say the digest"):
        read_digest(exited(0, said))


def test_two_digests_are_none() -> None:
    said = b"v1: digest: %s size: 523\n" % str(IMAGE).encode()

    with pytest.raises(PermanentError):
        read_digest(exited(0, said * 2))


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("unauthorized: authentication required", "docker login"),
        ("no basic auth credentials", "docker login"),
        ("denied: requested access to the resource is denied", "docker login"),
        ("denied: permission_denied: write_package", "docker login"),
        ('error parsing HTTP 403 response body: unexpected end of JSON: ""', "login"),
        ("unexpected status from HEAD request to https://x: 401 Unauthorized", "login"),
        ("errors:\nunauthorized: incorrect username or password\n", "docker login"),
        ("An image does not exist locally with the tag: x", "removed"),
        ("Error: No such image: sha256:12", "removed"),
        ("Get https://x/v2/: x509: certificate signed by unknown authority", "certs.d"),
        ("http: server gave HTTP response to HTTPS client", "certs.d"),
        ("tag invalid: The image tag 'v1' is immutable", "for ever"),
        ("Cannot connect to the Docker daemon at unix:///docker.sock.", "engine"),
    ],
)  # fmt: skip
def test_what_is_for_good_is_not_tried_again_and_says_what_to_do(
    said: str, hint: str
) -> None:
    error = push_error(failed(said), IMAGE, REGISTRY)

    assert isinstance(error, PermanentError)
    assert hint in str(error.hint)


@pytest.mark.parametrize(
    "said",
    [
        "received unexpected HTTP status: 503 Service Unavailable",
        "dial tcp 127.0.0.1:5000: connect: connection refused",
        "read: connection reset by peer",
        "net/http: TLS handshake timeout",
        "blob upload unknown",
        "toomanyrequests: Rate exceeded",
        "EOF",
        "",
    ],
)
def test_what_may_pass_may_be_tried_again(said: str) -> None:
    assert isinstance(push_error(failed(said), IMAGE, REGISTRY), TransientError)


def test_what_a_helper_printed_is_not_quoted() -> None:
    said = failed("error getting credentials - err: exit status 1, out: `hunter2`")

    errors: list[ExternalError] = [
        push_error(said, IMAGE, REGISTRY),
        pull_error(said, "ghcr.io/acme/churn@sha256:1", REGISTRY),
    ]

    for error in errors:
        assert isinstance(error, PermanentError)
        assert "hunter2" not in f"{error} {error.hint}"


def test_a_login_in_an_address_is_hidden() -> None:
    error = push_error(failed("Get https://bob:hunter2@x/v2/: EOF"), IMAGE, REGISTRY)

    assert "hunter2" not in str(error)


def test_what_the_registry_does_not_have_cannot_be_pulled() -> None:
    said = failed("Error response from daemon: manifest unknown: manifest unknown")

    error = pull_error(said, "ghcr.io/acme/churn@sha256:1", REGISTRY)

    assert isinstance(error, PermanentError)
    assert "does not have" in str(error)
