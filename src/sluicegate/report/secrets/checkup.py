"""What a look at the tokens of a repository found, for machines. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence

from sluicegate.model.host_check import HostCheck
from sluicegate.model.host_settings import Told, Unknown
from sluicegate.model.token_subject import SubjectTemplate, TokenSubjects
from sluicegate.report.github.setup import setup_document
from sluicegate.report.secrets.bindings import Bound, bound_document


def checkup_document(
    about: str,
    checks: Sequence[HostCheck],
    subjects: TokenSubjects | None,
    bound: Iterable[Bound],
) -> str:
    """The document of ``--json``: that of `setup_document`, and what tokens say."""
    name = subjects.name if subjects else None
    document = json.loads(setup_document(about, checks, repository=name))
    document["subject"] = None if subjects is None else _subject(subjects)
    document["roles"] = bound_document(bound)
    return json.dumps(document, indent=2)


def _subject(subjects: TokenSubjects) -> Mapping[str, object]:
    return {
        "repository_id": subjects.id,
        "repository_owner_id": subjects.owner_id,
        "default_branch": subjects.default_branch,
        "repository": _template(subjects.template),
        "organization": _template(subjects.organization),
    }


def _template(told: Told[SubjectTemplate | None]) -> Mapping[str, object] | None:
    if told is None:
        return None
    if isinstance(told, Unknown):
        return {"unknown": told.needs}
    return {
        "use_default": told.is_default,
        "include_claim_keys": list(told.keys),
        "use_immutable_subject": told.has_ids,
        "sub_claim_prefix": told.prefix,
    }
