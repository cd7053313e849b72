"""Asking again: as often as it may help, as long as somebody wants to wait.

What may have been done already is not done again here: whoever asked for it has to look
first.

Source:
    GitHub, "Best practices for using the REST API"; "Exponential Backoff And Jitter",
    AWS Architecture Blog, 2015.
"""

import json
from collections.abc import Callable

from sluicegate.adapters.github.answer import Answer, CutError, Question
from sluicegate.adapters.github.pausing import is_limited, is_transient, read_pause
from sluicegate.adapters.github.refusing import Hide, explain, show
from sluicegate.errors import ExternalError, TransientError
from sluicegate.ports.clock import Clock

PATIENCE_SECONDS = 300.0
"""How long to try in all since GitHub last answered as it should."""

_FIRST_SECONDS = 0.5
_LONGEST_SECONDS = 30.0
_OK, _NO_CONTENT = 200, 204
_DOWN = "https://www.githubstatus.com says whether GitHub is down; run this again"

Ask = Callable[[Question], Answer]


class UnsureError(TransientError):
    """Nobody knows whether it was done: the answer is missing or makes no sense."""


class Trying:
    """Asks by *ask*, again and again, until there is a good answer.

    *jitter* draws from 0 to 1, so that those who were turned away together do not come
    back together. *mask* takes the token out of texts.
    """

    def __init__(
        self,
        ask: Ask,
        clock: Clock,
        mask: Hide,
        jitter: Callable[[], float],
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._ask, self._clock, self._mask = ask, clock, mask
        self._jitter = jitter
        self._patience_ms = round(patience_seconds * 1000)
        self._failing_since_ms: int | None = None

    def ask(self, question: Question) -> Answer:
        """The answer to *question*: its status is 2xx, and its body JSON or empty.

        Raises:
            UnsureError: a write may have been done, or not.
            TransientError: it does not go well for as long as anybody waits.
            PermanentError: it is refused.
            Interrupted: asked to stop.
        """
        tries = 0
        while True:
            self._clock.sleep(0)
            outcome = self._try(question)
            if isinstance(outcome, Answer):
                self._failing_since_ms = None
                return outcome
            error, pause = outcome
            if not isinstance(error, TransientError):
                self._failing_since_ms = None
                raise error
            if isinstance(error, UnsureError):
                raise error
            tries += 1
            self.wait(error, tries, pause)

    def _try(self, question: Question) -> Answer | tuple[ExternalError, float | None]:
        """The good answer, or what is wrong and for how long it asks to wait."""
        try:
            answer = self._ask(question)
        except CutError as cut:
            why = f"no answer from GitHub: {show(self._mask(str(cut)))}"
            if question.is_write and cut.arrived:
                return UnsureError(why, hint=_DOWN), None
            return TransientError(why, hint=_DOWN), None
        if answer.is_good:
            return answer if _is_whole(answer, question) else self._garbled(question)
        now = self._clock.now()
        pause = read_pause(answer, now)
        error = explain(question, answer, now, pause, self._mask)
        is_unsure = is_transient(answer) and not is_limited(answer)
        if question.is_write and is_unsure:
            return UnsureError(str(error), hint=error.hint), pause
        return error, pause

    def _garbled(self, question: Question) -> tuple[TransientError, None]:
        kind = UnsureError if question.is_write else TransientError
        return kind("GitHub's answer is half of one, or no JSON", hint=_DOWN), None

    def wait(
        self, error: TransientError, tries: int, pause: float | None = None
    ) -> None:
        """Wait after the *tries*-th failure, for *pause* seconds if that is known.

        Raises:
            TransientError: *error*, if it takes longer than anybody waits.
            Interrupted: asked to stop.
        """
        seconds = self._backoff(tries) if pause is None else pause
        now = self._clock.monotonic_ms()
        if self._failing_since_ms is None:
            self._failing_since_ms = now
        waited = now - self._failing_since_ms
        if waited + round(seconds * 1000) > self._patience_ms:
            self._failing_since_ms = now - self._patience_ms - 1  # it is over
            raise error
        self._clock.sleep(seconds)

    def _backoff(self, tries: int) -> float:
        """Between half of the longest and all of it, which doubles each time."""
        longest: float = min(_FIRST_SECONDS * 2.0 ** min(tries, 10), _LONGEST_SECONDS)
        return longest * (1 + self._jitter()) / 2


def _is_whole(answer: Answer, question: Question) -> bool:
    """Whether it answers *question*: a 202 to a question says to come back later."""
    if not question.is_write and answer.status != _OK:
        return False
    if answer.status == _NO_CONTENT and not answer.body:
        return True
    try:
        json.loads(answer.body)
    except (ValueError, RecursionError):
        return False
    return True
