"""The policies that let a role read a pipeline's secrets, and nothing else. Pure.

The permission policy names each secret. The trust policy lets in the tokens of one
repository alone: by its number, as names can be taken over, by ``aud`` and by ``sub``,
each exactly so.

Source:
    IAM user guide, "Available keys for AWS OIDC federation" (GitHub's claims beside
    ``sub`` and ``aud`` since January 2026);
    https://docs.github.com/en/actions/reference/security/oidc for the two forms of
    ``sub``: with identifiers, and before 2026-07-15 without.
"""

import json
from collections.abc import Iterator, Sequence
from shlex import quote

from sluicegate.model.aws_secret import AwsPlace, reading_policy, resource_of
from sluicegate.model.secret_access import SecretPlace
from sluicegate.report.secrets.policy_text import PolicyText, Workload
from sluicegate.stages.secrets.aws import AwsProvider

GITHUB = "token.actions.githubusercontent.com"
_ELSEWHERE = "<host of the token's issuer>"


def aws_policies(
    name: str,
    settings: AwsProvider,
    places: Sequence[SecretPlace],
    about: Workload,
    environments: Sequence[str] = (),
) -> tuple[PolicyText, ...]:
    """What to paste for the provider *name*: its policies, and commands that use them.

    *environments* are those that all of its secrets are limited to, () if not all are.
    """
    place = AwsPlace.of(settings.role, settings.region)
    role = settings.role.rpartition("/")[2]
    reading, trusting = f"{role}-permissions.json", f"{role}-trust.json"
    resources = [
        _resource(path, place) for path in dict.fromkeys(p.path for p in places)
    ]
    return (
        PolicyText(
            f"permissions of {role}: a file {reading}",
            "json",
            _json(reading_policy(resources, settings.region, settings.kms_key)),
            reading,
        ),
        PolicyText(
            f"who may take {role} on: a file {trusting}",
            "json",
            _json(trust_policy(settings, about, environments)),
            trusting,
        ),
        PolicyText(
            f"commands that make {role} for {name}",
            "sh",
            "\n".join(_commands(settings, role, reading, trusting)) + "\n",
        ),
    )


def trust_policy(
    settings: AwsProvider, about: Workload, environments: Sequence[str] = ()
) -> dict[str, object]:
    """Who may take the role on; of a token of a file only its issuer is asked for."""
    place = AwsPlace.of(settings.role, settings.region)
    issuer = GITHUB if settings.token_file is None else _ELSEWHERE
    equal: dict[str, object] = {f"{issuer}:aud": settings.audience}
    if settings.token_file is None:
        equal[f"{issuer}:sub"] = list(subjects(about, environments))
        equal[f"{issuer}:repository_id"] = _repository_id(about)
        equal[f"{issuer}:ref"] = _ref(about)
    else:
        equal[f"{issuer}:sub"] = "<sub of the token>"
    provider = f"arn:{place.partition}:iam::{place.account}:oidc-provider/{issuer}"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": provider},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {"StringEquals": equal},
            }
        ],
    }


def subjects(about: Workload, environments: Sequence[str]) -> Iterator[str]:
    """What ``sub`` may be: with identifiers first, then as it was without them.

    A job with an environment has that in it, every other one its ref.
    """
    owner, _, name = (about.repository or "OWNER/NAME").partition("/")
    owner_id = about.owner_id or f"<gh api users/{owner} --jq .id>"
    prefixes = (
        f"repo:{owner}@{owner_id}/{name}@{_repository_id(about)}",
        f"repo:{owner}/{name}",
    )
    named = environments or ([about.environment] if about.environment else [])
    contexts = [f"environment:{each}" for each in named] or [f"ref:{_ref(about)}"]
    for prefix in prefixes:
        for context in contexts:
            yield f"{prefix}:{context}"


def _repository_id(about: Workload) -> str:
    asked = f"<gh api repos/{about.repository or 'OWNER/NAME'} --jq .id>"
    return about.repository_id or asked


def _ref(about: Workload) -> str:
    return about.ref or "refs/heads/main"


def _resource(path: str, place: AwsPlace) -> str:
    """A path that can be no secret is not allowed to anybody; the check says why."""
    try:
        return resource_of(path, place)
    except ValueError:
        return f"<no secret: {path}>"


def _commands(
    settings: AwsProvider, role: str, reading: str, trusting: str
) -> Iterator[str]:
    """The path of a role is what stands between ``role/`` and its name."""
    path = "/" + settings.role.partition(":role/")[2].removesuffix(role)
    if settings.token_file is None:
        yield "# once an account, if it does not know GitHub yet:"
        yield "aws iam create-open-id-connect-provider \\"
        yield f"  --url https://{GITHUB} \\"
        yield f"  --client-id-list {quote(settings.audience)}"
    seconds = max(3600, int(settings.duration.total_seconds()))  # IAM's least
    yield f"aws iam create-role --role-name {quote(role)} --path {quote(path)} \\"
    yield f"  --max-session-duration {seconds} \\"
    yield f"  --assume-role-policy-document {quote(f'file://{trusting}')}"
    yield f"aws iam put-role-policy --role-name {quote(role)} \\"
    yield "  --policy-name sluicegate \\"
    yield f"  --policy-document {quote(f'file://{reading}')}"


def _json(policy: dict[str, object]) -> str:
    return json.dumps(policy, indent=2, ensure_ascii=False) + "\n"
