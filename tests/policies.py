"""Pipeline files and shared policies for tests of who must approve what."""

from sluicegate.config.file import read_pipeline
from sluicegate.config.policy import PolicyText, parse_policy
from sluicegate.errors import PipelineFileError
from sluicegate.gates.rules import Policy

HEAD = """\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  build: {uses: docker-build, image: ghcr.io/acme/churn}
  scan: {uses: trivy}
  staging: {uses: canary, environment: staging}
  canary: {uses: canary, environment: production}
"""
SHARED = "schema: sluicegate-policy/v1\n"
WHO = """\
people: {ann: [ann@acme.org, "github:ann"], bob: [bob@acme.org], eve: [eve@acme.org]}
services: [deploy@acme.org]
groups: {leads: [ann, bob], security: [eve]}
"""
TARGET = "target: {uses: docker, port: 8000}"
MAIN = "refs/heads/main"
COMMIT = "c0ffee" + "0" * 34


def pipeline(production: str = "", who: str = WHO, staging: str = "") -> str:
    """A pipeline file with these rules, a line each, for its environments."""
    return (
        f"{HEAD}{who}environments:\n"
        f"  staging:\n    {TARGET}\n{_indent(staging)}"
        f"  production:\n    {TARGET}\n{_indent(production)}"
    )


def shared(rules: str, name: str = '"*"', who: str = WHO) -> str:
    """A shared policy with these rules, a line each, for the environment *name*."""
    return f"{SHARED}{who}environments:\n  {name}:\n{_indent(rules)}"


def problems(text: str) -> tuple[str, ...]:
    """What is wrong with a pipeline file, without the places; nothing if it is good."""
    try:
        read_pipeline(text.encode(), "s")
    except PipelineFileError as error:
        return tuple(each.partition(": ")[2] for each in error.problems)
    return ()


def policy(
    own: str, *others: str, environment: str = "production", commit: str = COMMIT
) -> Policy:
    """The policy of a pipeline file and what it extends."""
    texts = [PolicyText("sluicegate.yaml", own.encode())]
    texts += [PolicyText(f"p{n}.yaml", each.encode()) for n, each in enumerate(others)]
    return parse_policy(texts, environment, MAIN, commit)


def _indent(lines: str) -> str:
    return "".join(f"    {line}\n" for line in lines.splitlines())
