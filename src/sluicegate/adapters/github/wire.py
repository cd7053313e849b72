"""One request to GitHub and its answer, within a time and a size.

No redirect is followed, and nothing is sent to another host: the token goes to the one
that it is for. What fails says whether the request may have arrived.
"""

import ssl
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import requests
from requests.exceptions import ConnectionError as NoConnectionError
from requests.exceptions import ConnectTimeout, RequestException
from requests.utils import get_environ_proxies
from urllib3.exceptions import NewConnectionError

from sluicegate.adapters.github.answer import Answer, CutError, Limits, Question
from sluicegate.adapters.github.names import LOOPBACK
from sluicegate.adapters.metrics.deadline import within
from sluicegate.errors import PermanentError

_CHUNK_BYTES = 1 << 16


class Wire:
    """Speaks to *base*, ``scheme://host:port``.

    *certificates* is a file of those to trust, None for the usual ones. *meanwhile* is
    called while an answer is waited for; what it raises ends the wait.
    """

    def __init__(
        self,
        base: str,
        certificates: str | None,
        meanwhile: Callable[[], None],
        limits: Limits | None = None,
    ) -> None:
        self._base, self._meanwhile = base, meanwhile
        self._limits = limits or Limits()
        self._session = requests.Session()
        self._session.trust_env = False  # or it would add what is in ~/.netrc
        self._session.verify = certificates or True
        # The host's proxies are for other hosts.
        is_here = urlsplit(base).hostname in LOOPBACK
        self._proxies = {} if is_here else get_environ_proxies(base)

    def ask(self, question: Question) -> Answer:
        """Send *question* once.

        Raises:
            CutError: there is no answer, or only a part of one.
            PermanentError: the other end is not to be trusted, or says too much.
        """
        seconds = self._limits.total_seconds
        try:
            return within(seconds, lambda: self._send(question), self._meanwhile)
        except TimeoutError as error:
            raise CutError(f"no answer within {seconds:g} s", arrived=True) from error
        except RequestException as error:
            if any(isinstance(e, ssl.SSLCertVerificationError) for e in _chain(error)):
                raise PermanentError(
                    f"no secure connection to {self._base}: {_bottom(error)}",
                    hint="SSL_CERT_FILE names a file of the CA certificates to trust",
                ) from error
            raise CutError(_bottom(error), arrived=_may_have_arrived(error)) from error

    def _send(self, question: Question) -> Answer:
        with self._session.request(
            question.method,
            f"{self._base}{question.target}",
            headers=dict(question.headers),
            data=question.body,
            timeout=self._limits.socket_seconds,
            proxies=self._proxies,
            allow_redirects=False,
            stream=True,
        ) as response:
            body = bytearray()
            for chunk in response.iter_content(_CHUNK_BYTES):
                body += chunk
                if len(body) > self._limits.bytes:
                    raise PermanentError(
                        f"{self._base} answered with more than"
                        f" {self._limits.bytes >> 20} MiB"
                    )
            headers = {name.lower(): each for name, each in response.headers.items()}
            return Answer(response.status_code, headers, bytes(body))


def _may_have_arrived(error: RequestException) -> bool:
    if isinstance(error, ConnectTimeout):
        return False
    if not isinstance(error, NoConnectionError):
        return True
    return not any(isinstance(each, NewConnectionError) for each in _chain(error))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """*error* and all that it comes from; libraries hide some in arguments."""
    waiting, seen = [error], set[int]()
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        below = (each.__cause__, each.__context__, getattr(each, "reason", None))
        waiting += [e for e in (*below, *each.args) if isinstance(e, BaseException)]


def _bottom(error: BaseException) -> str:
    """What failed at the bottom, in the system's words where it has some."""
    causes = list(_chain(error))
    for each in reversed(causes):
        if isinstance(each, OSError) and each.strerror:
            return str(each.strerror)
    return str(causes[-1]).rpartition(": ")[2].strip(" ()'\"")[:200] or "no answer"
