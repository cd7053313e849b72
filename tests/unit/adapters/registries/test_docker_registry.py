"""Unit tests of `sluicegate.adapters.registries.docker_registry`."""

import json
from datetime import timedelta

import pytest
from fakes import FakeProcess, FakeTools, exited
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.adapters.registries.docker_registry import (
    DockerRegistry,
    is_insecure,
    split_reference,
)
from sluicegate.adapters.registries.logins import DockerLogins
from sluicegate.errors import PermanentError
from sluicegate.model.digest import Digest

IMAGE = Digest.of(b"image")


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("ghcr.io/acme/churn:v1", ("ghcr.io", "acme/churn", "v1")),
        ("127.0.0.1:5000/churn:v1", ("127.0.0.1:5000", "churn", "v1")),
        ("localhost/churn:v1", ("localhost", "churn", "v1")),
        (f"ghcr.io/acme/churn@{IMAGE}", ("ghcr.io", "acme/churn", str(IMAGE))),
        ("docker.io/acme/churn:v1", ("docker.io", "acme/churn", "v1")),
        ("docker.io/churn:v1", ("docker.io", "library/churn", "v1")),
    ],
)
def test_a_reference_has_three_parts(
    reference: str, parts: tuple[str, str, str]
) -> None:
    assert split_reference(reference) == parts


@pytest.mark.parametrize(
    "reference", ["churn:v1", "acme/churn:v1", "ghcr.io/acme/churn", "ghcr.io/a:", ""]
)
def test_half_a_reference_is_none(reference: str) -> None:
    with pytest.raises(PermanentError, match="not a whole reference"):
        split_reference(reference)


CONFIGURATION = json.dumps(
    {
        "InsecureRegistryCIDRs": ["127.0.0.0/8", "10.1.0.0/16"],
        "IndexConfigs": {
            "docker.io": {"Secure": True},
            "registry.lan:5000": {"Secure": False},
        },
    }
).encode()


@pytest.mark.parametrize(
    ("registry", "insecure"),
    [
        ("127.0.0.1:5000", True),
        ("127.9.9.9", True),
        ("localhost:5000", True),
        ("[::1]:5000", True),
        ("10.1.2.3:5000", True),
        ("10.2.2.3:5000", False),
        ("registry.lan:5000", True),
        ("registry.lan", False),
        ("docker.io", False),
        ("ghcr.io", False),
    ],
)
def test_only_what_the_engine_lists_may_do_without_tls(
    registry: str, *, insecure: bool
) -> None:
    assert is_insecure(registry, CONFIGURATION) is insecure


@given(st.binary() | st.sampled_from([b"{}", b"null", b'{"IndexConfigs": 5}']))
def test_a_list_that_cannot_be_read_lists_nothing(configuration: bytes) -> None:
    assert not is_insecure("ghcr.io", configuration)
    assert is_insecure("127.0.0.1:5000", configuration)


def make(process: FakeProcess) -> DockerRegistry:
    logins = DockerLogins("/project", process)
    return DockerRegistry("/project", process, FakeTools(), logins)


def test_a_push_is_a_tag_and_a_push_of_the_id_that_was_scanned() -> None:
    said = b"v1: digest: %s size: 523\n" % str(IMAGE).encode()
    process = FakeProcess({"docker": exited(0, said)})
    lines: list[str] = []
    reference = "ghcr.io/acme/churn:v1"

    digest = make(process).push(
        IMAGE, reference, timeout=timedelta(seconds=9), on_line=lines.append
    )

    assert digest == IMAGE
    assert [command.argv for command in process.ran] == [
        ("docker", "tag", str(IMAGE), reference),
        ("docker", "push", reference),
    ]
    assert {command.timeout for command in process.ran} == {timedelta(seconds=9)}


def test_a_push_that_takes_too_long_is_ended_and_says_which_setting() -> None:
    process = FakeProcess({"docker": exited(-15, timed_out=True)})

    with pytest.raises(PermanentError, match="was ended after 9 s") as ended:
        make(process).push(
            IMAGE, "ghcr.io/a:v1", timeout=timedelta(seconds=9), on_line=print
        )

    assert "timeout:" in str(ended.value.hint)
