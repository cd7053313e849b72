import json
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.adapters.github.answer import Answer
from sluicegate.adapters.github.pausing import (
    is_limited,
    is_transient,
    read_message,
    read_pause,
)

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
EPOCH = int(NOW.timestamp())
PRIMARY = "API rate limit exceeded for installation ID 1."
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes."


def answer(
    status: int, message: str = "", headers: Mapping[str, str] | None = None
) -> Answer:
    return Answer(status, headers or {}, json.dumps({"message": message}).encode())


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        pytest.param(answer(503), None, id="a server error says nothing"),
        pytest.param(answer(503, headers={"retry-after": "7"}), 7, id="retry-after"),
        pytest.param(
            answer(503, headers={"retry-after": "Mon, 23 Nov 2026 08:00:09 GMT"}),
            9,
            id="retry-after as a date",
        ),
        pytest.param(
            answer(503, headers={"retry-after": "Mon, 23 Nov 2026 07:00:00 GMT"}),
            0,
            id="retry-after in the past",
        ),
        pytest.param(
            answer(
                403,
                PRIMARY,
                {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(EPOCH + 30)},
            ),
            31,
            id="primary",
        ),
        pytest.param(
            answer(
                429,
                PRIMARY,
                {
                    "x-ratelimit-remaining": "0",
                    "x-ratelimit-reset": str(EPOCH + 30),
                    "date": "Mon, 23 Nov 2026 08:00:20 GMT",
                },
            ),
            11,
            id="by the host's clock where it tells the time",
        ),
        pytest.param(
            answer(
                403,
                PRIMARY,
                {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(EPOCH - 30)},
            ),
            1,
            id="reset in the past",
        ),
        pytest.param(
            answer(403, PRIMARY, {"x-ratelimit-remaining": "0"}), 60, id="no reset"
        ),
        pytest.param(answer(403, SECONDARY), 60, id="secondary without a time"),
        pytest.param(answer(403, SECONDARY, {"retry-after": "90"}), 90, id="secondary"),
        pytest.param(answer(429, headers={"retry-after": "-1"}), 60, id="nonsense"),
        pytest.param(
            answer(429, headers={"retry-after": "nan"}), 60, id="not a number"
        ),
        pytest.param(answer(403, "Resource not accessible"), None, id="a refusal"),
    ],
)
def test_the_pause_is_what_github_asks_for(
    given: Answer, seconds: float | None
) -> None:
    assert read_pause(given, NOW) == seconds


@pytest.mark.parametrize(
    ("given", "limited", "transient"),
    [
        (answer(403, "Resource not accessible by integration"), False, False),
        (answer(403, SECONDARY), True, True),
        (answer(403, PRIMARY.upper()), True, True),
        (answer(403, "no", {"retry-after": "1"}), True, True),
        (answer(403, "no", {"x-ratelimit-remaining": "10"}), False, False),
        (answer(429), True, True),
        (answer(500), False, True),
        (answer(599), False, True),
        (answer(408), False, True),
        (answer(404), False, False),
        (answer(422), False, False),
    ],
)
def test_what_is_limited_was_not_done_and_what_is_transient_may_pass(
    given: Answer,
    limited: bool,  # noqa: FBT001 - a column
    transient: bool,  # noqa: FBT001 - a column
) -> None:
    assert (is_limited(given), is_transient(given)) == (limited, transient)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"message": "no"}, "no"),
        ({"message": "no", "errors": ["a", {"message": "b"}]}, "no; a; b"),
        (
            {"message": "no", "errors": [{"resource": "X", "field": "y", "code": "z"}]},
            "no; X y z",
        ),
        ({"message": "no", "errors": "why"}, "no; why"),
        ({"message": "no", "errors": [None, 3, {}]}, "no"),
        ({"message": 3}, ""),
        ([], ""),
        ("x", ""),
    ],
)
def test_githubs_words_are_found(document: object, said: str) -> None:
    found = read_message(Answer(422, {}, json.dumps(document).encode()))

    assert found == said


@given(
    st.integers(100, 600),
    st.binary(max_size=60),
    st.dictionaries(
        st.sampled_from(
            ["retry-after", "x-ratelimit-remaining", "x-ratelimit-reset", "date"]
        ),
        st.one_of(
            st.text(max_size=30),
            st.integers().map(str),
            st.just("0"),
            st.just("Mon, 23 Nov 2026 08:00:09 -0000"),
        ),
    ),
)
def test_no_answer_makes_anything_but_a_pause_of_it(
    status: int, body: bytes, headers: dict[str, str]
) -> None:
    given = Answer(status, headers, body)
    pause = read_pause(given, NOW)

    assert pause is None or pause >= 0
    assert is_transient(given) or not is_limited(given)
