"""What tokens of a repository's workflows say of who runs: their claim ``sub``. Pure.

Source:
    docs.github.com, "OpenID Connect reference", "Customizing the subject claims" and
    "Immutable subject claims"; the REST API's ``oidc-custom-sub-repo``.
"""

from dataclasses import dataclass
from datetime import datetime

from sluicegate.model.host_settings import Told


@dataclass(frozen=True, slots=True)
class SubjectTemplate:
    """How ``sub`` is made, as a repository's or organization's settings say.

    ``keys`` are the claims that it is made of where ``is_default`` is not set; () where
    none are named. ``has_ids`` is whether names are followed by numbers, None where the
    host does not say; ``prefix`` is what it begins with, if the host says that.
    """

    is_default: bool
    keys: tuple[str, ...] = ()
    has_ids: bool | None = None
    prefix: str | None = None


@dataclass(frozen=True, slots=True)
class TokenSubjects:
    """A repository as its tokens name it; ``name`` is ``owner/name``.

    ``organization`` is the template of its organization, None where it belongs to none
    or that has none. ``environments`` are names.
    """

    name: str
    id: int
    owner_id: int
    default_branch: str
    created: datetime
    template: Told[SubjectTemplate]
    organization: Told[SubjectTemplate | None]
    environments: Told[frozenset[str]]
