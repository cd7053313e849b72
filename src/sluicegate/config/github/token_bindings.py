"""What a provider of secrets is to ask of the tokens of a job. Pure.

AWS knows few of a token's claims, so it is bound by ``sub``, which has the environment
in it; Vault and OpenBao know all, and ``sub`` is made of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sluicegate.config.github.identity_uses import IdentityUse
from sluicegate.config.github.secret_jobs import SecretJob
from sluicegate.config.github.subject_forms import (
    SubjectForms,
    context_of,
    made_of,
    subject_forms,
)
from sluicegate.model.token_subject import TokenSubjects

_AWS = "aws-secrets-manager"
_CLAIMS = (
    *("repository_id", "repository_owner_id", "environment", "ref"),
    "job_workflow_ref",
)
_CLAIMS_OF_AWS = ("repository_id", "ref")  # an environment is in `sub`


@dataclass(frozen=True, slots=True)
class Binding:
    """What a provider is to ask of a token for one job, each claim exactly so.

    ``claims`` has several values where nobody can tell which of them it is; ``before``
    is what ``sub`` was in the form without numbers.
    """

    use: IdentityUse
    job: SecretJob
    claims: tuple[tuple[str, tuple[str, ...]], ...]
    before: str


def bindings(
    uses: Sequence[IdentityUse], jobs: Sequence[SecretJob], subjects: TokenSubjects
) -> Iterator[Binding]:
    """What each provider is to ask of the tokens of each job that needs it."""
    for use in uses:
        for job in jobs:
            if {name for name, _ in use.stages}.isdisjoint(job.stages):
                continue
            known = _claims(job, subjects)
            found, before = subjects_of(job, subjects)
            is_aws = use.uses == _AWS
            asked = _CLAIMS_OF_AWS if is_aws else _CLAIMS
            claims = {
                "aud": (use.audience,),
                **({"sub": found} if is_aws else {}),
                **{name: (known[name],) for name in asked if name in known},
            }
            yield Binding(use, job, tuple(claims.items()), before)


def subjects_of(job: SecretJob, subjects: TokenSubjects) -> tuple[tuple[str, ...], str]:
    """What ``sub`` may be now, and what it was in the form without numbers."""
    forms, known = subject_forms(subjects), _claims(job, subjects)
    context = context_of(job.environment, "", known["ref"])
    found = tuple(
        _subject(forms, known, f"{prefix}:{context}") for prefix in forms.possible()
    )
    return found, _subject(forms, known, f"{forms.named}:{context}")


def _claims(job: SecretJob, subjects: TokenSubjects) -> dict[str, str]:
    ref = f"refs/heads/{subjects.default_branch}"
    owner, _, _name = subjects.name.partition("/")
    claims = {
        "repository": subjects.name,
        "repository_id": str(subjects.id),
        "repository_owner": owner,
        "repository_owner_id": str(subjects.owner_id),
        "ref": ref,
        "job_workflow_ref": f"{subjects.name}/{job.workflow}@{ref}",
    }
    if job.environment is not None:
        claims["environment"] = job.environment
    return claims


def _subject(forms: SubjectForms, claims: dict[str, str], whole: str) -> str:
    return made_of(forms.keys, claims, whole) if forms.keys else whole
