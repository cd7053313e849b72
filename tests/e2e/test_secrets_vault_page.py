"""The page on Vault and OpenBao, carried out as it stands, on a real server."""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cli_project import CliProject
from openbao_service import (
    BOUND,
    ActionsPlatform,
    Bao,
    Issuer,
    actions_platform,
    openbao,
)

_PAGE = Path(__file__).parents[2] / "docs" / "secrets-vault.md"
_ADDRESS, _GITHUB = (
    "https://bao.acme.example",
    "https://token.actions.githubusercontent.com",
)
_VALUE = "canary-secret-from-the-page"
_REST = """\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  deploy: {uses: command, run: "true"}
  build: {uses: docker-build, image: churn}
  canary: {uses: canary, environment: production, steps: [50]}
environments:
  production:
    target: {uses: docker, port: 8000}
"""


@dataclass
class Place:
    """Where the page is carried out."""

    bao: Bao
    platform: ActionsPlatform
    project: CliProject

    def here(self, text: str) -> str:
        """*text* with the addresses of this test."""
        return text.replace(_ADDRESS, self.bao.url).replace(_GITHUB, self.platform.url)

    def administer(self, script: str) -> str:
        """Run *script* as whoever administers the server."""
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.project.home),
            "BAO_ADDR": self.bao.url,
            "BAO_TOKEN": self.bao.root,
            "REGISTRY_TOKEN": _VALUE,
        }
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self.here(script)],
            env=environ,
            cwd=self.project.home,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def _blocks(language: str) -> list[str]:
    found: list[str] = re.findall(
        rf"```{language}\n(.*?)```", _PAGE.read_text(), re.DOTALL
    )
    return found


def _block(language: str, with_: str) -> str:
    [found] = [block for block in _blocks(language) if with_ in block]
    return found


def _write(place: Place, auth: str | None = None) -> None:
    """The pipeline file of the page, with what a whole one has besides."""
    secrets = _block("yaml", "REGISTRY_TOKEN:")
    if auth is not None:
        secrets, replaced = re.subn(r" +auth: \{.*\}\n", auth, secrets)
        assert replaced == 1
    text = place.here(f"{_REST}{secrets}")
    place.project.commit({"sluicegate.yaml": text}, "write")


@pytest.fixture(scope="module")
def place(issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server on which the page was carried out up to the role."""
    folder = tmp_path_factory.mktemp("page")
    with openbao(folder / "bao") as server, actions_platform(issuer) as platform:
        platform.claims = dict(BOUND)
        made = Place(server, platform, CliProject.make(folder, {"README": "x"}))
        _write(made)
        made.administer(_block("sh", "bao secrets enable"))
        made.administer(_block("sh", "bao auth enable jwt"))
        made.administer(_block("sh", "bao write auth/jwt/role"))
        yield made


def _facts() -> dict[str, str]:
    return {
        "GITHUB_REPOSITORY": "acme/churn",
        "GITHUB_REPOSITORY_ID": BOUND["repository_id"],
        "GITHUB_REPOSITORY_OWNER": "acme",
        "GITHUB_REPOSITORY_OWNER_ID": BOUND["repository_owner_id"],
        "GITHUB_REF": BOUND["ref"],
        "GITHUB_WORKFLOW_REF": BOUND["job_workflow_ref"],
    }


def test_the_page_shows_what_the_command_prints(place: Place) -> None:
    place.project.environ = _facts()
    said = place.project.sluice("secrets", "check", "--policy", check=0).stdout
    assert said == place.here(_block("sh", "bao write auth/jwt/role"))


def test_whoever_follows_the_page_has_just_enough(place: Place) -> None:
    place.project.environ = place.platform.environ
    assert "sluice secrets check\n" in _blocks("sh")
    done = place.project.sluice("secrets", "check", check=0)
    shown = re.findall(
        r"^    ((?:bao: o|ok  |just).*\n)", _PAGE.read_text(), re.MULTILINE
    )
    assert done.stdout == place.here("".join(shown))
    assert _VALUE not in done.stdout + done.stderr


@pytest.mark.parametrize("claim", BOUND)
def test_a_workflow_with_another_claim_gets_nothing(claim: str, place: Place) -> None:
    place.project.environ = place.platform.environ
    place.platform.claims = BOUND | {claim: "another"}
    done = place.project.sluice("secrets", "check", check=4)
    place.platform.claims = dict(BOUND)
    assert f"claim {claim} is another" in done.stdout


def test_the_part_on_approle_leads_to_a_login(place: Place) -> None:
    said = place.administer(_block("sh", "bao auth enable approle"))
    role_id = re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", said)
    [wrapping] = re.findall(r"^wrapping_token:\s+(\S+)$", said, re.MULTILINE)
    auth = _block("yaml", "method: approle")
    _write(place, auth.replace("6d3f2a5e-0c55-4b1f-8f0e-1f5a0f5f7f11", role_id[0]))
    place.project.environ = {"BAO_SECRET_ID": wrapping}
    done = place.project.sluice("secrets", "check", check=0)
    assert "just enough" in done.stdout
    done = place.project.sluice("secrets", "check", check=4)
    assert "the wrapping token was used before" in done.stdout
    assert wrapping not in done.stdout + done.stderr
    printed = place.project.sluice("secrets", "check", "--policy", check=0).stdout
    for line in _block("sh", "bao auth enable approle").splitlines()[1:]:
        wanted = line.replace('"sluice-prod"', '"sluicegate-bao"')
        assert wanted in printed
    _write(place)


def test_the_log_of_the_server_names_the_run(place: Place) -> None:
    place.administer(_block("sh", "request-headers"))
    place.project.environ = place.platform.environ
    place.project.sluice("secrets", "check", check=0)
    read = place.bao.audit[-1]["request"]
    for entry in place.bao.audit:
        if entry["request"]["path"] == "secret/data/ml/prod/registry":
            read = entry["request"]
    [agent] = read["headers"]["user-agent"]
    assert agent.startswith("sluicegate/")
    assert "churn_release_v1.0; run check" in agent
    assert read["headers"]["x-correlation-id"] == ["check/check"]


def test_the_job_of_the_page_asks_for_what_the_role_wants() -> None:
    job = _block("yaml", "jobs:")
    assert f"environment: {BOUND['environment']}" in job
    assert "permissions: {contents: read, id-token: write}" in job


def test_every_command_of_the_page_is_carried_out_here() -> None:
    assert len(_blocks("sh")) == 7  # the first sets what `administer` sets
