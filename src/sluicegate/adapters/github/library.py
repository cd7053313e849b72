"""Libraries that ask GitHub, and what they make of odd answers.

PyGithub is loaded when it is used: it takes a third of a second.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sluicegate.errors import PermanentError, SluicegateError

if TYPE_CHECKING:
    from github.GithubObject import Opt

# What libraries raise when JSON is not of the shape they expect.
_MISSHAPEN = (AssertionError, AttributeError, LookupError, TypeError, ValueError)


@contextmanager
def understood() -> Iterator[None]:
    """Nothing but errors of ours, whatever a library makes of an odd answer.

    Raises:
        PermanentError: it makes nothing of it.
    """
    try:
        yield
    except SluicegateError:
        raise
    except _MISSHAPEN as error:
        raise PermanentError(
            "GitHub's answer cannot be understood",
            hint="another program may have answered (a proxy), or GITHUB_API_URL is not"
            " the address of GitHub's API",
        ) from error


def optional(value: str | None) -> "Opt[str]":
    """*value* as PyGithub wants what may be left out."""
    from github.GithubObject import NotSet  # noqa: PLC0415 - slow

    return NotSet if value is None else value


def next_page(headers: Mapping[str, object]) -> str | None:
    """The address of the next page, None on the last one."""
    from requests.utils import parse_header_links  # noqa: PLC0415 - slow

    links = parse_header_links(str(headers.get("link", "")))
    return next((link["url"] for link in links if link.get("rel") == "next"), None)
