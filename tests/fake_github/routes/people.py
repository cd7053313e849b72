"""Users and who may do what in a repository."""

from base64 import b64encode

from fake_github.call import Answer, Call, Refused, not_found
from fake_github.routes.shapes import Json, shown_app, shown_user, time
from fake_github.routing import route
from fake_github.state import User


@route("users/get-authenticated")
def me(call: Call) -> Answer:
    if call.app is not None:
        raise Refused(403, "Resource not accessible by integration")
    return Answer(200, _profile(call, call.state.users[call.login]))


@route("apps/get-authenticated")
def my_app(call: Call) -> Answer:
    # An app proves itself with a JWT here; the token of an installation will not do.
    if call.token is None or call.app is None or call.token.permissions:
        raise Refused(401, "A JSON web token could not be decoded")
    return Answer(200, shown_app(call, call.app))


@route("users/get-by-username", public=True)
def user(call: Call) -> Answer:
    return Answer(200, _profile(call, _known(call)))


@route("users/list-ssh-signing-keys-for-user", public=True)
def signing_keys(call: Call) -> Answer:
    created = time(call.state.now())
    keys = [
        {"id": number, "key": key, "title": f"key {number}", "created_at": created}
        for number, key in enumerate(_known(call).ssh_signing_keys, 1)
    ]
    return call.page(keys)


@route("repos/get-collaborator-permission-level", metadata="read")
def role(call: Call) -> Answer:
    known = _known(call)
    repository = call.repository
    level = repository.collaborators.get(
        known.login, "none" if repository.private else "read"
    )
    # The old word knows no maintain and no triage.
    permission = {"maintain": "write", "triage": "read"}.get(level, level)
    shown = {
        **shown_user(call, known),
        "role_name": level,
        "permissions": {
            "pull": level != "none",
            "triage": level in ("triage", "write", "maintain", "admin"),
            "push": level in ("write", "maintain", "admin"),
            "maintain": level in ("maintain", "admin"),
            "admin": level == "admin",
        },
    }
    answer = {"permission": permission, "role_name": level, "user": shown}
    return Answer(200, answer)


def _known(call: Call) -> User:
    for login, known in call.state.users.items():
        if login.lower() == call.path["username"].lower():
            return known
    raise not_found()


def _profile(call: Call, known: User) -> Json:
    return {
        **shown_user(call, known),
        "user_view_type": "public",
        "name": known.name,
        "email": next(iter(known.emails), None),
        "blog": "",
        "created_at": "2020-01-01T00:00:00Z",
        "updated_at": "2020-01-01T00:00:00Z",
        "gravatar_id": b64encode(known.login.encode()).decode(),
    }
