"""What a look at an environment's cluster found, for people and machines. Pure."""

import json
from collections.abc import Sequence

from sluicegate.model.host_check import HostCheck
from sluicegate.model.permission import Permission, Subject
from sluicegate.report.github.setup import is_ready, setup_text


def cluster_text(about: str, checks: Sequence[HostCheck], environment: str) -> str:
    """Lines without a terminal's means, and how to have the role."""
    return f"{setup_text(about, checks)}\n{role_hint(environment)}"


def role_hint(environment: str) -> str:
    """How to have the role that it takes."""
    return f"the role that it takes: sluice doctor --kubernetes {environment} --yaml"


def cluster_document(
    about: str,
    checks: Sequence[HostCheck],
    subject: Subject,
    permissions: Sequence[Permission],
) -> str:
    """The document of ``--json``."""
    return json.dumps(
        {
            "about": about,
            "ready": is_ready(checks),
            "checks": [
                {
                    "topic": check.topic,
                    "standing": check.standing.value,
                    "what": check.what,
                    "why": check.why or None,
                    "fix": check.fix or None,
                }
                for check in checks
            ],
            "subject": {
                "kind": subject.kind,
                "name": subject.name,
                "namespace": subject.namespace or None,
            },
            "permissions": [
                {
                    "group": each.group,
                    "resource": each.resource,
                    "names": list(each.names),
                    "verbs": list(each.verbs),
                    "needed": each.is_needed,
                    "why": each.why,
                }
                for each in permissions
            ],
        },
        indent=2,
    )
