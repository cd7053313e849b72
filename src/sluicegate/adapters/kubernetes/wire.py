"""The connection to an API server: requests get through, or it is said why not.

A request is tried again while that may help and nothing can be done twice by it: what
the server says that it has not done (429, 503 with Retry-After), what never left, and
whatever is repeatable, as reads are and changes that are conditional.

Source:
    https://kubernetes.io/docs/concepts/cluster-administration/flow-control/ (429 with
    Retry-After); k8s.io/client-go v0.36, ``rest/with_retry.go``.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress

import httpx2
from typing_extensions import override

from sluicegate.adapters.kubernetes.line import Line, Shown, Way
from sluicegate.adapters.kubernetes.patience import USUAL, Patience
from sluicegate.adapters.kubernetes.refusal import Refusal, parse_refusal
from sluicegate.adapters.kubernetes.troubles import explain, was_sent
from sluicegate.errors import ExternalError, TransientError
from sluicegate.ports.clock import Clock

_UNKNOWN, _THROTTLED, _BROKEN = 401, 429, 500
_MAY_PASS = frozenset({408, _THROTTLED, _BROKEN, 502, 503, 504})


class Wire(httpx2.BaseTransport):
    """Sends requests to one server with a login; what is refused is a `Refusal`.

    All methods may be called from several threads.
    """

    def __init__(
        self,
        way: Way,
        shown: Shown,
        clock: Clock,
        *,
        patience: Patience = USUAL,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self.patience, self._draw, self._clock = patience, draw, clock
        self._line = Line(way, shown, clock, self.patience.attempt)
        self._has_answered = False

    @override
    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """The whole answer to *request*.

        Raises:
            Refusal: the server's answer is no.
            ExternalError: there is no usable answer within the bound.
            Interrupted: the process was asked to stop.
        """
        return self._persist(request, self._line.exchange)

    @contextmanager
    def stream(self, request: httpx2.Request) -> Iterator[httpx2.Response]:
        """The answer to *request* as it comes. Raises as `handle_request`."""
        answer = self._persist(request, self._line.send)
        try:
            yield answer
        finally:
            with suppress(httpx2.HTTPError, OSError):
                answer.close()

    @contextmanager
    def finishing(self) -> Iterator[None]:
        """Send though the process was asked to stop, but each request once."""
        self._line.is_finishing = True
        try:
            yield
        finally:
            self._line.is_finishing = False

    def explain(self, error: Exception) -> ExternalError:
        """*error* of a stream, in words."""
        way = self._line.way
        return explain(error, way.server, way.proxy)

    @override
    def close(self) -> None:
        """Let go of the connections."""
        self._line.close()

    def _persist(
        self, request: httpx2.Request, send: Callable[[httpx2.Request], httpx2.Response]
    ) -> httpx2.Response:
        started, tries, is_renewed = self._clock.monotonic_ms(), 0, False
        while True:
            if not self._line.is_finishing:
                self._clock.sleep(0)  # raises if the process was asked to stop
            header = self._line.credentials.header()
            outcome = self._try(self._line.prepare(request, header), send)
            if isinstance(outcome, httpx2.Response):
                return outcome
            is_lost = isinstance(outcome, Refusal) and outcome.code == _UNKNOWN
            if is_lost and not is_renewed:
                is_renewed = True
                if self._line.credentials.renew(header):
                    continue
            pause = self._pause(outcome, tries)
            spent = (self._clock.monotonic_ms() - started) / 1000
            is_last = self._line.is_finishing or not _may_repeat(request, outcome)
            if is_last or spent + pause > self._bound(outcome):
                raise outcome
            self._clock.sleep(pause)
            tries += 1

    def _try(
        self, request: httpx2.Request, send: Callable[[httpx2.Request], httpx2.Response]
    ) -> "httpx2.Response | Refusal | _CutError | ExternalError":
        try:
            answer = send(request)
            if answer.is_success:
                self._has_answered = True
                return answer
            with closing(answer):
                body = self._line.read(answer)
        except (httpx2.HTTPError, OSError) as error:
            told = self.explain(error)
            told.__cause__ = error
            is_passing = isinstance(told, TransientError)
            return _CutError(told, was_sent(error)) if is_passing else told
        self._has_answered = True
        now = self._clock.now()
        return parse_refusal(answer.status_code, answer.headers, body, now)

    def _pause(self, outcome: Exception, tries: int) -> float:
        """Seconds: as long as the server asks for, or a draw from more and more."""
        patience = self.patience
        drawn = min(patience.step * 2.0**tries, patience.longest) * self._draw()
        wait = outcome.retry_after if isinstance(outcome, Refusal) else None
        return max(drawn, wait or 0.0)

    def _bound(self, outcome: Exception) -> float:
        """Seconds after which it is given up.

        What is wrong with the server itself (500) is seldom over in a minute.
        """
        is_broken = isinstance(outcome, Refusal) and outcome.code == _BROKEN
        return (
            self.patience.later
            if self._has_answered and not is_broken
            else self.patience.first
        )


class _CutError(TransientError):
    """A connection that failed; *was_sent* if the server may have seen the request."""

    def __init__(self, told: ExternalError, was_sent: bool) -> None:  # noqa: FBT001
        super().__init__(str(told), hint=told.hint)
        self.__cause__ = told.__cause__
        self.was_sent = was_sent


def _may_repeat(request: httpx2.Request, outcome: Exception) -> bool:
    """Whether *request* can be sent again after *outcome*, and nothing be done twice.

    All that is sent, but POST, is a read, or a change that is conditional.
    """
    is_repeatable = request.method != "POST"
    if isinstance(outcome, Refusal):
        may_pass = outcome.code in _MAY_PASS and not outcome.is_our_fault
        return outcome.code == _THROTTLED or (may_pass and is_repeatable)
    if isinstance(outcome, _CutError):
        return is_repeatable or not outcome.was_sent
    return False
