"""Which function answers which operation, and what a token needs for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fake_github.call import Answer, Call

Handler = Callable[[Call], Answer]


@dataclass(frozen=True)
class Route:
    """``needs``: permissions and their levels; none of them: any token will do.

    ``public``: without a token, or without the permission, on a public repository.
    ``instead``: the permission that serves as well as the first one.
    """

    handler: Handler
    needs: Mapping[str, str]
    public: bool
    instead: str | None = None


ROUTES: dict[str, Route] = {}


def route(
    operation: str,
    *,
    public: bool = False,
    instead: str | None = None,
    **needs: str,
) -> Callable[[Handler], Handler]:
    """Let a function answer *operation*; *needs* is like ``checks="write"``."""

    def register(handler: Handler) -> Handler:
        assert operation not in ROUTES, operation
        ROUTES[operation] = Route(handler, needs, public, instead)
        return handler

    return register
