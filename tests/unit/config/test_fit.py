"""Unit tests of `sluicegate.config.fit`: a stage and what surrounds it."""

import pytest

from sluicegate.config.check import Checker
from sluicegate.config.source import parse_source
from sluicegate.config.stagelist import read_stages

BUILD = "build: {uses: docker-build, image: ghcr.io/acme/churn}"
SCAN = "scan: {uses: trivy}"
NOT_SCANNED = "stages.publish: needs a stage that scans the image first (uses: trivy)"


def problems(*stages: str) -> list[str]:
    text = "stages:\n" + "".join(f"  {stage}\n" for stage in stages)
    checker = Checker(parse_source(text.encode(), "s.yaml"))
    read_stages(checker)
    return [problem.render("s.yaml") for problem in checker.problems]


def test_an_image_that_was_built_and_scanned_may_be_published() -> None:
    assert problems(BUILD, SCAN, "publish: {uses: publish}") == []


def test_what_nobody_scanned_is_not_published() -> None:
    assert problems(BUILD, "publish: {uses: publish}") == [f"s.yaml:3: {NOT_SCANNED}"]


def test_a_scan_of_the_source_alone_is_no_scan_of_the_image() -> None:
    scan = "scan: {uses: trivy, image: false}"

    assert problems(BUILD, scan, "publish: {uses: publish}") == [
        f"s.yaml:4: {NOT_SCANNED}: scan with image: false does not"
    ]


def test_a_scan_in_another_branch_does_not_count() -> None:
    assert problems(BUILD, SCAN, "publish: {uses: publish, needs: [build]}") == [
        f"s.yaml:4: {NOT_SCANNED}"
    ]


def test_a_publish_stage_below_one_with_problems_is_not_blamed_for_it() -> None:
    found = problems(BUILD, "scan: {uses: trivi}", "publish: {uses: publish}")

    assert len(found) == 1
    assert "stages.scan.uses" in found[0]


def test_which_of_two_images_is_meant_must_be_clear() -> None:
    other = "other: {uses: docker-build, image: ghcr.io/acme/other, needs: []}"
    scan = "scan: {uses: trivy, needs: [build]}"
    publish = "publish: {uses: publish, needs: [scan, other]}"

    assert problems(BUILD, other, scan, publish) == [
        "s.yaml:5: stages.publish.needs: which image? other and build both build one"
    ]


@pytest.mark.parametrize("image", ["churn", "acme/churn"])
def test_a_name_without_a_registry_does_not_go_to_docker_hub_by_itself(
    image: str,
) -> None:
    build = f"build: {{uses: docker-build, image: {image}}}"
    said = (
        f"{image!r} names no registry: set image: with one, like ghcr.io/{image}, or"
        f" docker.io/{image} for Docker Hub"
    )

    assert problems(build, SCAN, "publish: {uses: publish}") == [
        f"s.yaml:4: stages.publish: {said}"
    ]
    publish = f"publish: {{uses: publish, image: {image}}}"
    assert problems(BUILD, SCAN, publish) == [f"s.yaml:4: stages.publish.image: {said}"]
    publish = f"publish: {{uses: publish, image: docker.io/acme/{image[-5:]}}}"
    assert problems(build, SCAN, publish) == []


@pytest.mark.parametrize("host", ["localhost", "localhost:5000", "127.0.0.1:5000"])
def test_a_registry_of_ones_own_is_one(host: str) -> None:
    publish = f"publish: {{uses: publish, image: '{host}/churn'}}"

    assert problems(BUILD, SCAN, publish) == []


FORM = "cannot be a tag: letters, digits, '.', '_' and '-', 128 at most"


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("{versoin}", "unknown placeholder '{versoin}' (did you mean '{version}'?)"),
        ("{sha}", "unknown placeholder '{sha}' (one of {commit}, {version})"),
        ("{}", "unknown placeholder '{}' (one of {commit}, {version})"),
        ("-x", f"'-x' {FORM}"),
        ("a/b", f"'a/b' {FORM}"),
        ("{commit", f"'{{commit' {FORM}"),
        ("", f"'' {FORM}"),
    ],
)
def test_a_tag_that_cannot_be_one_is_refused_where_it_stands(
    tag: str, said: str
) -> None:
    publish = f'publish: {{uses: publish, tags: [latest, "{tag}"]}}'

    assert problems(BUILD, SCAN, publish) == [
        f"s.yaml:4: stages.publish.tags.1: {said}"
    ]


def test_a_tag_is_given_once() -> None:
    publish = 'publish: {uses: publish, tags: ["{version}", "{version}"]}'

    assert problems(BUILD, SCAN, publish) == [
        "s.yaml:4: stages.publish.tags.1: '{version}' is already given"
    ]


def test_there_is_a_tag() -> None:
    assert problems(BUILD, SCAN, "publish: {uses: publish, tags: []}") == [
        "s.yaml:4: stages.publish.tags: must not be empty"
    ]
