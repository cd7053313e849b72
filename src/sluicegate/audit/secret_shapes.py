"""The keys of entries about secrets in the audit log, as tables. None holds a value."""

from sluicegate.audit.codec import TEXT, TIME, Field, Shape, list_of
from sluicegate.model.event_secrets import SecretsGiven, SecretsRevoked
from sluicegate.model.secret import EndedLogin, GivenSecret

_SECRET = Shape(
    GivenSecret,
    Field("variable", TEXT),
    Field("provider", TEXT),
    Field("kind", TEXT),
    Field("path", TEXT),
    Field("field", TEXT, optional=True),
    Field("version", TEXT, optional=True),
).codec

_LOGIN = Shape(
    EndedLogin, Field("provider", TEXT), Field("problem", TEXT, optional=True)
).codec

_STAGE, _AT = Field("stage", TEXT), Field("at", TIME)

GIVEN = Shape(SecretsGiven, _STAGE, Field("secrets", list_of(_SECRET)), _AT)
REVOKED = Shape(SecretsRevoked, _STAGE, Field("logins", list_of(_LOGIN)), _AT)
