import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.config.document import NAME_PATTERN
from sluicegate.detect.naming import image_name, pipeline_project, slug
from sluicegate.detect.tree import Tree
from sluicegate.model.image import REPOSITORY_PATTERN


def tree(remote: str, name: str = "folder", pyproject: str = "") -> Tree:
    return Tree(name, {"pyproject.toml": 1}, {"pyproject.toml": pyproject}, remote)


@pytest.mark.parametrize(
    ("remote", "image"),
    [
        ("git@github.com:Acme/Churn_Model.git", "ghcr.io/acme/churn_model"),
        ("https://github.com/acme/churn", "ghcr.io/acme/churn"),
        ("https://github.com/acme/churn/", "ghcr.io/acme/churn"),
        ("ssh://git@github.com/acme/churn.git", "ghcr.io/acme/churn"),
        ("https://gitlab.com/a/b/c.git", "registry.gitlab.com/a/b/c"),
        ("git@git.example.org:acme/churn.git", "churn"),
        ("https://git.example.org:8443/acme/churn", "churn"),
        ("/srv/git/churn.git", "folder"),
        ("", "folder"),
    ],
)
def test_the_image_is_named_after_the_remote(remote: str, image: str) -> None:
    assert image_name(tree(remote), ".", "") == image


def test_the_image_of_a_service_has_the_service_in_its_name() -> None:
    assert image_name(tree("git@github.com:a/b.git"), "x", "API") == "ghcr.io/a/b/api"
    assert image_name(tree(""), "x", "API") == "api"


def test_letters_lose_their_accents_and_stay() -> None:
    assert slug("Prüf mal, João") == "pruf-mal-joao"


def test_the_project_name_is_the_one_that_is_the_same_in_every_clone() -> None:
    remote = "git@github.com:acme/repository.git"

    assert pipeline_project(
        tree(remote, pyproject="[project]\nname='A.b'"), ".", ""
    ) == ("a-b")
    assert pipeline_project(tree(remote), ".", "") == "repository"
    assert pipeline_project(tree(""), ".", "") == "folder"
    assert pipeline_project(tree("", name="---"), ".", "") == "project"


@given(remote=st.text(), name=st.text(), service=st.text())
def test_no_name_breaks_the_rules_for_names(
    remote: str, name: str, service: str
) -> None:
    found = tree(remote, name)

    project = pipeline_project(found, ".", service)
    assert re.fullmatch(NAME_PATTERN, f"{project}_release_v1.0")
    assert re.fullmatch(REPOSITORY_PATTERN, image_name(found, ".", service))


@given(
    owner=st.text(min_size=1),
    repository=st.text(min_size=1),
    service=st.text(),
)
def test_no_repository_gives_an_image_a_name_that_docker_refuses(
    owner: str, repository: str, service: str
) -> None:
    found = tree(f"git@github.com:{owner}/{repository}")

    assert re.fullmatch(REPOSITORY_PATTERN, image_name(found, ".", service))
