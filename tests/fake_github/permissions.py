"""Who may do what: tokens, and what GitHub says to those that may not."""

from fake_github.call import Refused, not_found
from fake_github.routing import Route
from fake_github.state import Repository, State, Token

_ALWAYS = "metadata"  # every token of a repository may read it
_LEVELS = {"none": 0, "read": 1, "write": 2, "admin": 3}


def find_token(state: State, header: str | None) -> Token | None:
    """The token in the header *Authorization*, None where there is no such header.

    Raises:
        Refused: nobody knows it (any more).
    """
    if header is None:
        return None
    kind, _, value = header.partition(" ")
    token = state.tokens.get(value.strip())
    if kind.lower() not in ("token", "bearer") or token is None or token.expired:
        raise Refused(401, "Bad credentials")
    return token


def check_permission(
    route: Route, token: Token | None, repository: Repository | None
) -> None:
    """Let the token by.

    Raises:
        Refused: it may not: 401 without one, 404 where it must not see anything, else
            403 with the permissions that it lacks.
    """
    is_public = repository is not None and not repository.private
    if (route.public and (is_public or repository is None)) or not route.needs:
        return
    if token is None:
        if repository is not None and not is_public:
            raise not_found()
        raise Refused(401, "Requires authentication")
    has = {_ALWAYS: "read", **token.permissions}
    lacks = [
        name
        for name, level in route.needs.items()
        if all(
            _LEVELS[has.get(one or "", "none")] < _LEVELS[level]
            for one in (name, route.instead)
        )
    ]
    if lacks:
        kind = "integration" if token.app else "personal access token"
        needs = "; ".join(f"{name}={level}" for name, level in route.needs.items())
        if route.instead is not None:
            needs += f"; {route.instead}={route.needs[lacks[0]]}"
        headers = {"X-Accepted-GitHub-Permissions": needs}
        raise Refused(403, f"Resource not accessible by {kind}", headers=headers)
