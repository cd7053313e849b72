"""Asking GitHub: JSON in, JSON out, page by page, and nothing but errors of ours."""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from sluicegate.adapters.github.answer import Limits
from sluicegate.adapters.github.library import next_page, understood
from sluicegate.adapters.github.node import Node
from sluicegate.adapters.github.refusing import NotThereError
from sluicegate.adapters.github.trying import PATIENCE_SECONDS, Trying, UnsureError
from sluicegate.errors import PermanentError
from sluicegate.model.credential import HIDDEN
from sluicegate.ports.clock import Clock

if TYPE_CHECKING:
    from github.Commit import Commit
    from github.Repository import Repository
    from github.Requester import Requester

_Result = TypeVar("_Result")
_MAX_PAGES = 200
_MAX_TRIES = 5


class GithubClient:
    """Asks the API at *base_url* about the repository *name*, ``owner/name``.

    Nothing is loaded or sent before the first question. *certificates* is a file of CA
    certificates to trust, None for the usual ones; *patience_seconds* is how long to
    try since something last went well.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        name: str,
        clock: Clock,
        certificates: str | None = None,
        *,
        limits: Limits | None = None,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self.name, self.path = name, f"/repos/{name}"
        self._base_url, self._token = base_url.rstrip("/"), token
        self._clock = clock
        self._certificates, self._limits = certificates, limits
        self._patience_seconds = patience_seconds
        self._is_visible = False

    @cached_property
    def repository(self) -> "Repository":
        """PyGithub's view of the repository, of which nothing is fetched."""
        from github.Repository import Repository  # noqa: PLC0415 - slow

        return Repository(self._requester, url=self.path)

    def get(
        self, path: str, parameters: Mapping[str, str | int] | None = None
    ) -> Node | None:
        """What is at *path*, which begins with a slash; None if nothing is there.

        Raises:
            TransientError, PermanentError, Interrupted: see `Trying.ask`.
        """
        try:
            with understood():
                _headers, found = self._get(path, parameters)
                return Node(found, path)
        except NotThereError:
            self.check_visible()
            return None

    def pages(
        self,
        path: str,
        parameters: Mapping[str, str | int] | None = None,
        *,
        items: str | None = None,
    ) -> Iterator[Node]:
        """The items of the list at *path*, or of its field *items*; none for a 404.

        GitHub's longest pages are asked for, and all of them.

        Raises:
            TransientError, PermanentError, Interrupted: see `Trying.ask`.
        """
        url: str | None = path
        asked: Mapping[str, str | int] = {"per_page": 100, **(parameters or {})}
        for _page in range(_MAX_PAGES):
            if url is None:
                return
            try:
                with understood():
                    headers, found = self._get(url, asked)
                    url, asked = next_page(headers), {}
            except NotThereError:
                self.check_visible()
                return
            page = Node(found, path)
            yield from (page if items is None else page.at(items)).all()
        raise PermanentError(f"GitHub has more pages of {path} than {_MAX_PAGES}")

    def post(self, path: str, body: Mapping[str, str]) -> Node:
        """Create something at *path*, of what PyGithub does not know.

        Raises:
            UnsureError: it may have been created, or not.
            TransientError, PermanentError, Interrupted: see `Trying.ask`.
        """
        with understood():
            _headers, made = self._requester.requestJsonAndCheck(
                "POST", path, input=dict(body)
            )
            return Node(made, path)

    def surely(self, act: Callable[[bool], _Result]) -> _Result:
        """Do *act* until it is known to be done.

        It is told whether it was begun before: then it looks what is there.

        Raises:
            TransientError, PermanentError, Interrupted: see `Trying.ask`.
        """
        for tries in range(1, _MAX_TRIES):
            try:
                return act(tries > 1)
            except UnsureError as error:
                self._trying.wait(error, tries)
        return act(True)  # noqa: FBT003 - called by position

    def commit(self, commit: str) -> "Commit":
        """PyGithub's view of a commit, of which nothing is fetched."""
        from github.Commit import Commit  # noqa: PLC0415 - slow

        known = {"url": f"{self.path}/commits/{commit}", "sha": commit}
        return Commit(self._requester, {}, known, completed=True)

    def check_visible(self) -> None:
        """See to it that a 404 means: not there.

        Raises:
            PermanentError: the token may not see the repository at all.
        """
        if not self._is_visible:
            self.get_repository()

    def get_repository(self) -> Node:
        """What GitHub says of the repository.

        Raises:
            PermanentError: the token may not see it.
            TransientError, PermanentError, Interrupted: see `Trying.ask`.
        """
        try:
            with understood():
                _headers, found = self._get(self.path, None)
        except NotThereError as error:
            raise PermanentError(
                f"GitHub has no repository {self.name} that the token may see",
                hint="is the token for this repository? GITHUB_REPOSITORY, else the"
                " remote origin, names it",
            ) from error
        self._is_visible = True
        return Node(found, self.path)

    @cached_property
    def _requester(self) -> "Requester":
        from sluicegate.adapters.github.requesting import (  # noqa: PLC0415 - slow
            build_requester,
        )

        return build_requester(self._base_url, self._token, self._trying.ask)

    @cached_property
    def _trying(self) -> Trying:
        from sluicegate.adapters.github.wire import Wire  # noqa: PLC0415 - slow

        parts = urlsplit(self._base_url)
        wire = Wire(
            f"{parts.scheme}://{parts.netloc}",
            self._certificates,
            lambda: self._clock.sleep(0),
            self._limits,
        )
        jitter = Random().random  # noqa: S311 - no secret
        return Trying(wire.ask, self._clock, self.mask, jitter, self._patience_seconds)

    def mask(self, text: str) -> str:
        """*text* without the token."""
        return text.replace(self._token, HIDDEN)

    def _get(
        self, path: str, parameters: Mapping[str, str | int] | None
    ) -> tuple[Mapping[str, object], object]:
        return self._requester.requestJsonAndCheck("GET", path, dict(parameters or {}))
