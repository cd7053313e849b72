import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest
from fakes import START, FakeClock

from sluicegate.adapters.github.answer import Answer, CutError, Question
from sluicegate.adapters.github.trying import Trying, UnsureError
from sluicegate.errors import Interrupted, PermanentError, TransientError

TOKEN = "ghs_0123456789abcdef0123456789abcdef0123"  # noqa: S105 - nobody's
READ = Question("GET", "/repos/acme/app/commits?sha=1", {})
WRITE = Question("POST", "/repos/acme/app/check-runs", {}, b"{}")
GOOD = Answer(200, {}, b'{"id": 1}')
CUT_BEFORE = CutError("Connection refused", arrived=False)
CUT_AFTER = CutError("Connection reset by peer", arrived=True)


@dataclass
class Host:
    """Answers in turn; the last one for ever."""

    answers: list[Answer | CutError]
    clock: FakeClock = field(default_factory=FakeClock)
    asked_at_ms: list[int] = field(default_factory=list)

    def ask(self, _question: Question) -> Answer:
        self.asked_at_ms.append(self.clock.elapsed_ms)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, CutError):
            raise answer
        return answer

    def trying(
        self, jitter: float = 1.0, patience_seconds: float = 300
    ) -> Callable[[Question], Answer]:
        return Trying(
            self.ask,
            self.clock,
            lambda text: text.replace(TOKEN, "***"),
            lambda: jitter,
            patience_seconds,
        ).ask


def refused(
    status: int, message: str = "no", headers: Mapping[str, str] | None = None
) -> Answer:
    return Answer(status, headers or {}, json.dumps({"message": message}).encode())


def test_a_good_answer_is_not_asked_for_twice() -> None:
    host = Host([GOOD, refused(500)])

    assert host.trying()(READ) == GOOD
    assert host.asked_at_ms == [0]


@pytest.mark.parametrize(
    "failure",
    [
        *(refused(500), refused(502), refused(503), refused(504), refused(408)),
        *(CUT_BEFORE, CUT_AFTER),
        pytest.param(Answer(200, {}, b'{"id": '), id="half an answer"),
        pytest.param(Answer(200, {}, b"<html>try later</html>"), id="no JSON"),
        pytest.param(Answer(200, {}, b""), id="an empty answer"),
        pytest.param(Answer(204, {}, b""), id="nothing to a question"),
        pytest.param(Answer(202, {}, b"{}"), id="come back later"),
        pytest.param(Answer(200, {}, b"[" * 200_000), id="too deep"),
    ],
)
def test_a_question_is_repeated_with_longer_and_longer_pauses(
    failure: Answer | CutError,
) -> None:
    host = Host([failure, failure, failure, failure, GOOD])

    assert host.trying()(READ) == GOOD
    assert host.asked_at_ms == [0, 1000, 3000, 7000, 15_000]


def test_those_turned_away_together_do_not_come_back_together() -> None:
    early, late = Host([CUT_BEFORE, GOOD]), Host([CUT_BEFORE, GOOD])
    early.trying(jitter=0.0)(READ)
    late.trying(jitter=1.0)(READ)

    assert (early.asked_at_ms[-1], late.asked_at_ms[-1]) == (500, 1000)


def test_nobody_waits_longer_than_their_patience() -> None:
    host = Host([refused(503)])
    ask = host.trying(patience_seconds=60)

    with pytest.raises(TransientError, match="status 503"):
        ask(READ)
    assert host.clock.elapsed_ms <= 60_000
    tries = len(host.asked_at_ms)

    with pytest.raises(TransientError, match="status 503"):
        ask(READ)
    assert len(host.asked_at_ms) == tries + 1, "patience is over: asked once, at once"


def test_patience_is_back_once_something_went_well() -> None:
    host = Host([refused(503)])
    ask = host.trying(patience_seconds=10)
    with pytest.raises(TransientError):
        ask(READ)
    host.answers = [GOOD, refused(503), GOOD]
    ask(READ)

    assert ask(READ) == GOOD


@pytest.mark.parametrize("question", [READ, WRITE], ids=["read", "write"])
@pytest.mark.parametrize(
    ("limit", "at_ms"),
    [
        (refused(429, headers={"retry-after": "20"}), 20_000),
        (refused(403, "You have exceeded a secondary rate limit."), 60_000),
        (
            refused(
                403,
                "API rate limit exceeded",
                {
                    "x-ratelimit-remaining": "0",
                    "x-ratelimit-reset": str(int(START.timestamp()) + 40),
                },
            ),
            41_000,
        ),
    ],
)
def test_a_limit_is_waited_for_as_long_as_it_says_and_nothing_was_done(
    question: Question, limit: Answer, at_ms: int
) -> None:
    host = Host([limit, GOOD])

    assert host.trying()(question) == GOOD
    assert host.asked_at_ms == [0, at_ms]


def test_a_limit_that_lasts_too_long_says_when_it_ends() -> None:
    host = Host([refused(429, headers={"retry-after": "3000"})])

    with pytest.raises(TransientError, match=r"again after \d\d:\d\d:\d\d UTC"):
        host.trying()(READ)

    assert host.clock.elapsed_ms == 0


@pytest.mark.parametrize(
    "failure",
    [
        *(refused(500), refused(502), refused(503), CUT_AFTER),
        pytest.param(Answer(201, {}, b'{"id": '), id="half an answer"),
        pytest.param(Answer(201, {}, b""), id="an empty answer"),
    ],
)
def test_what_may_have_been_done_is_not_done_again(failure: Answer | CutError) -> None:
    host = Host([failure, GOOD])

    with pytest.raises(UnsureError):
        host.trying()(WRITE)

    assert host.asked_at_ms == [0]


def test_what_cannot_have_arrived_is_sent_again() -> None:
    host = Host([CUT_BEFORE, GOOD])

    assert host.trying()(WRITE) == GOOD


def test_a_write_may_be_answered_by_nothing() -> None:
    empty = Answer(204, {}, b"")

    assert Host([empty]).trying()(WRITE) == empty


@pytest.mark.parametrize("status", [301, 302, 304, 307, 400, 401, 403, 404, 409, 422])
def test_a_refusal_is_final(status: int) -> None:
    host = Host([refused(status), GOOD])

    with pytest.raises(PermanentError):
        host.trying()(READ)

    assert host.asked_at_ms == [0]


def test_a_stop_ends_the_waiting() -> None:
    host = Host([refused(503)], FakeClock(stop_after_ms=5000))

    with pytest.raises(Interrupted):
        host.trying()(READ)


def test_a_stop_before_it_asks_nothing() -> None:
    host = Host([GOOD], FakeClock(stop_after_ms=0))

    with pytest.raises(Interrupted):
        host.trying()(READ)
    assert host.asked_at_ms == []


@pytest.mark.parametrize(
    "failure",
    [
        *(
            refused(status, f"not {TOKEN}!")
            for status in (301, 401, 403, 404, 422, 500)
        ),
        refused(302, headers={"location": f"https://evil.example/?t={TOKEN}"}),
        CutError(f"no route for {TOKEN}", arrived=False),
    ],
)
def test_no_text_holds_the_token(failure: Answer | CutError) -> None:
    with pytest.raises((PermanentError, TransientError)) as error:
        Host([failure]).trying()(Question("GET", f"/repos/a/b?token={TOKEN}", {}))

    assert TOKEN not in f"{error.value} {error.value.hint}"
