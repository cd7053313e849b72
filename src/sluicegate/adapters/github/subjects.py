"""How the tokens of a repository's workflows name it, as GitHub's settings say.

Older servers know neither ``use_immutable_subject`` nor ``sub_claim_prefix``: what an
answer leaves out is None. GitHub answers 404 to a token that may not know: that is no
answer.
"""

from collections.abc import Callable
from typing import TypeVar

from typing_extensions import override

from sluicegate.adapters.github.client import GithubClient
from sluicegate.adapters.github.node import Node
from sluicegate.model.host_settings import Told, Unknown
from sluicegate.model.token_subject import SubjectTemplate, TokenSubjects
from sluicegate.ports.code_host import MissingPermissionError
from sluicegate.ports.token_subjects import TokenSubjectReader

_REPOSITORY = "Actions: read"
_ORGANIZATION = "the organization's Administration: read"
_AT = "actions/oidc/customization/sub"

T = TypeVar("T")


class GithubSubjects(TokenSubjectReader):
    """The tokens of the repository that *client* asks about."""

    def __init__(self, client: GithubClient) -> None:
        self._client = client

    @override
    def read_subjects(self) -> TokenSubjects:
        found = self._client.get_repository()
        owner = found.at("owner")
        is_organization = owner.text("type") != "User"
        return TokenSubjects(
            name=found.text("full_name"),
            id=found.number("id"),
            owner_id=owner.number("id"),
            default_branch=found.text("default_branch"),
            created=found.moment("created_at"),
            template=_told(self._own, _REPOSITORY),
            organization=_told(
                lambda: self._shared(owner.text("login")) if is_organization else None,
                _ORGANIZATION,
            ),
            environments=_told(self._environments, _REPOSITORY),
        )

    def _own(self) -> SubjectTemplate:
        return _read(self._one(f"{self._client.path}/{_AT}"))

    def _shared(self, organization: str) -> SubjectTemplate | None:
        """None where it has none of its own: GitHub says it is not there then, too."""
        found = self._client.get(f"/orgs/{organization}/{_AT}")
        if found is None:
            raise _HiddenError
        return _read(found)

    def _environments(self) -> frozenset[str]:
        path = f"{self._client.path}/environments"
        if self._client.get(path, {"per_page": 1}) is None:
            raise _HiddenError
        found = self._client.pages(path, items="environments")
        return frozenset(each.text("name") for each in found)

    def _one(self, path: str) -> Node:
        found = self._client.get(path)
        if found is None:
            raise _HiddenError
        return found


def _read(node: Node) -> SubjectTemplate:
    """An organization's has no ``use_default``: it is what its keys say."""
    keys = node.at_or_none("include_claim_keys")
    named = tuple(each.as_text() for each in keys.all()) if keys is not None else ()
    default = node.at_or_none("use_default")
    has_ids = node.at_or_none("use_immutable_subject")
    return SubjectTemplate(
        is_default=node.flag("use_default") if default is not None else not named,
        keys=named,
        has_ids=node.flag("use_immutable_subject") if has_ids is not None else None,
        prefix=node.text_or_none("sub_claim_prefix") or None,
    )


class _HiddenError(MissingPermissionError):
    """It is not there, and whether the token may know that it is nobody says."""

    def __init__(self) -> None:
        super().__init__("GitHub says that it is not there", "", hint="")


def _told(read: Callable[[], T], needs: str) -> Told[T]:
    """What *read* finds; what the token lacks, where it may not be read."""
    try:
        return read()
    except MissingPermissionError:
        return Unknown(needs)
