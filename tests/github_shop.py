"""A state of the fake GitHub with something of everything, for tests of it."""

import gzip
import json
from base64 import b64encode
from datetime import UTC, datetime

from fake_github import ADMIN, Job, Release, Review, State, Token
from fake_github.description import JsonValue

APPROVE = ".github/workflows/approve.yml"
WORKFLOW = b"""\
name: approve
run-name: sluice ${{ inputs.decision }} ${{ inputs.request }}
on:
  workflow_dispatch:
    inputs:
      request: {required: true, type: string}
      decision: {type: choice, options: [approve, reject], default: approve}
"""
TIME = datetime(2026, 11, 23, 8, tzinfo=UTC)


def build_shop() -> State:
    """acme/shop with something of everything."""
    state = State(time=TIME)
    repository = state.repository
    sha = state.add_commit({"a.txt": b"a", "src/b.txt": b"b", APPROVE: WORKFLOW})
    run = state.add_run(APPROVE, title="sluice approve 12", status="waiting")
    run.conclusion = None
    run.waiting = ["prod"]
    run.reviews.append(Review(["prod"], "approved", "fine", "ann"))
    run.jobs.append(Job(1, "test"))
    state.add_artifact(run.id, "reports")
    environment = state.add_environment("prod", "ann")
    environment.policy = "custom"
    environment.custom_rules.append("guard")
    environment.secrets.append("KEY")
    state.add_pull("topic", sha).files.append("a.txt")
    repository.tags["v1"] = sha
    repository.releases.append(Release(5, "v1", sha, "ann", TIME, immutable=True))
    repository.protections["main"] = {"allow_force_pushes": {"enabled": False}}
    repository.settings.secrets.append("KEY")
    repository.settings.variables["MODE"] = "on"
    repository.settings.allowed_actions = "selected"
    repository.settings.immutable_releases = True
    repository.settings.organization_subject = {"include_claim_keys": ["repo"]}
    state.users["ann"].ssh_signing_keys.append("ssh-ed25519 AAAA")
    state.tokens["all"] = Token("ann", dict(ADMIN))
    state.tokens["app"] = Token("github-actions[bot]", {}, app="guard")
    return state


def sarif(**changed: JsonValue) -> str:
    """A document in the form that code scanning takes."""
    tool = {"driver": {"name": "t", "rules": changed.pop("rules", [])}}
    run = {"tool": tool, "results": changed.pop("results", [])}
    document = {"version": "2.1.0", "runs": [run] * changed.pop("runs", 1), **changed}
    return b64encode(gzip.compress(json.dumps(document).encode())).decode()
