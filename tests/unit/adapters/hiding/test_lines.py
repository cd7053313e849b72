"""Unit tests of `sluicegate.adapters.hiding.lines`."""

import random
from collections.abc import Callable, Sequence
from functools import lru_cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from secret_encoders import mix, split, wrap
from secret_finder import find

from sluicegate.adapters.hiding.finder import Finder
from sluicegate.adapters.hiding.lines import LineHider

WORD = "p7Xq-ZkL0wT9_vBn3RmJ"
OTHER = "Another/Secret+Of=Ours77"


class FakeAlarm:
    """A clock that goes off when it is told to."""

    def __init__(self) -> None:
        self.acts: list[Callable[[], None]] = []

    def __call__(self, seconds: float, act: Callable[[], None]) -> "FakeAlarm":
        assert seconds > 0
        self.acts.append(act)
        return self

    def cancel(self) -> None:
        self.acts.clear()

    def ring(self) -> None:
        for act in self.acts[:]:
            act()


@lru_cache
def finder_of(*secrets: str) -> Finder:
    return Finder(secrets)


class Hearer:
    """Hears what a program says, through what hides WORD and OTHER."""

    def __init__(self, *secrets: str) -> None:
        self.said: list[str] = []
        self.alarm = FakeAlarm()
        finder = finder_of(*(secrets or (WORD, OTHER)))
        self.hider = LineHider(lambda: finder, self.said.append, self.alarm)

    def hear(self, *lines: str) -> list[str]:
        for line in lines:
            self.hider(line)
        return self.said

    def end(self) -> list[str]:
        self.hider.close()
        return self.said


def test_lines_without_secrets_come_at_once_and_as_they_are() -> None:
    hearer = Hearer()
    lines = [
        "",
        "compiling 45%",
        "  C:\\new\\table &amp; \x1b[31mred\x1b[0m",
        "done",
        "",
    ]

    for number, line in enumerate(lines, 1):
        assert hearer.hear(line) == lines[:number]

    assert hearer.end() == lines


def test_a_secret_in_a_line_is_hidden_at_once() -> None:
    assert Hearer().hear(f"it is {WORD}, and {OTHER}!") == ["it is ***, and ***!"]


@pytest.mark.parametrize("at", range(1, len(WORD)))
def test_a_secret_is_hidden_wherever_a_line_breaks_it(at: int) -> None:
    hearer = Hearer()

    hearer.hear("before", f"it is {WORD[:at]}", f"    {WORD[at:]}, and", "after")

    said = "\n".join(hearer.end())
    assert not find(WORD, said.encode())
    assert said.startswith("before\nit is ")
    assert said.endswith(", and\nafter")
    assert said.count("\n") == 3
    assert WORD[4:at] not in said.replace("***", "") or at <= 4


def test_a_line_is_held_back_only_while_it_may_begin_a_secret() -> None:
    hearer = Hearer()

    assert hearer.hear(f"see {WORD[:6]}") == []
    assert hearer.hear("no, it is none") == [f"see {WORD[:6]}", "no, it is none"]


def test_what_is_held_back_comes_when_the_program_ends() -> None:
    hearer = Hearer()
    hearer.hear("first", f"see {WORD[:6]}")

    assert hearer.end() == ["first", f"see {WORD[:6]}"]
    assert hearer.end() == ["first", f"see {WORD[:6]}"]


def test_a_prompt_is_shown_without_its_doubtful_end_when_nothing_follows() -> None:
    hearer = Hearer()
    hearer.hear(f"continue? {WORD[:6]}")

    hearer.alarm.ring()

    assert hearer.said == ["continue? ***"]
    assert hearer.hear(f"{WORD[6:]} was it") == ["continue? ***", "*** was it"]
    assert hearer.end() == ["continue? ***", "*** was it"]


def test_no_alarm_is_left_when_all_is_told() -> None:
    hearer = Hearer()

    hearer.hear(f"see {WORD[:6]}", "none")

    assert hearer.alarm.acts == []


def test_three_characters_hold_nothing_back_and_the_rest_is_hidden() -> None:
    hearer = Hearer()

    assert hearer.hear(f"it is {WORD[:3]}") == [f"it is {WORD[:3]}"]
    assert hearer.hear(WORD[3:]) == [f"it is {WORD[:3]}", "***"]


def test_a_secret_of_which_each_character_is_a_line_is_hidden() -> None:
    hearer = Hearer()

    said = hearer.hear(*(f"{' ' * 12}{each}" for each in WORD), "after")

    assert len(said) == len(WORD) + 1
    assert [line.strip() for line in said[:3]] == list(WORD[:3])
    assert set(said[3:-1]) == {"***"}
    assert said[-1] == "after"


def test_what_a_build_says_before_each_line_breaks_no_secret() -> None:
    hearer = Hearer()

    hearer.hear(f"#8 0.123 it is {WORD[:9]}", f"#8 0.456 {WORD[9:]}", "#8 DONE")

    assert hearer.end() == ["#8 0.123 it is ***", "***", "#8 DONE"]


@pytest.mark.parametrize("at", range(12, 30))
def test_an_escape_that_a_line_breaks_is_waited_for(at: int) -> None:
    encoded = "".join(f"&#x{ord(each):X};" for each in WORD)
    hearer = Hearer()

    hearer.hear(f"it is {encoded[:at]}", encoded[at:])

    assert not find(WORD, "\n".join(hearer.end()).encode())


def test_what_another_stream_says_in_between_parts_no_secret() -> None:
    hearer = Hearer()
    beside = hearer.hider.beside()

    hearer.hear("out", f"it is {WORD[:9]}")
    beside(f"err: {OTHER[:8]}")
    beside(f"{OTHER[8:]} and")
    hearer.hear(f"{WORD[9:]} now")
    beside(f"see {WORD[:9]}")

    assert hearer.end() == [
        *("out", "err: ***", "*** and", "it is ***", "*** now", f"see {WORD[:9]}")
    ]


def test_a_login_in_an_address_is_hidden_whoever_said_it() -> None:
    assert Hearer().hear("https://me:pw@example.org") == ["https://***@example.org"]


def test_lines_that_come_together_are_told_as_if_they_came_one_by_one() -> None:
    lines = ["a", f"see {WORD[:8]}", WORD[8:], f"{OTHER} b", f"c {OTHER[:9]}"]
    one, many = Hearer(), Hearer()

    many.hider.many(lines)

    assert many.said == one.hear(*lines)
    assert many.end() == one.end() == ["a", "see ***", "***", "*** b", f"c {OTHER[:9]}"]


def test_a_long_key_that_is_wrapped_is_hidden_in_all_of_its_lines() -> None:
    by = random.Random(7)
    key = "".join(by.choice("ABCDEFabcdef0123456789+/") for _ in range(3000))
    hearer = Hearer(key)

    for width in (5, 17, 64, 76):
        hearer.hear("begin", *wrap(key, width).split("\n"), "end")

    words = {word.rstrip("+") for line in hearer.end() for word in line.split()}
    assert words == {"begin", "end", "***"}


def test_many_lines_that_might_go_on_for_ever_are_not_held_for_ever() -> None:
    hearer = Hearer("a" * 40 + "b")

    hearer.hear(*["a"] * 5000)

    assert len(hearer.said) > 4900


CHARACTERS = "abcdefghABCDEFGH0123456789" * 2 + "\"'\\%&<>+-/_=ü"


@given(
    st.text(CHARACTERS, min_size=12, max_size=50).filter(
        lambda text: sum(map(str.isalnum, text)) >= 10
    ),
    st.randoms(use_true_random=False),
)
def test_no_secret_comes_out_however_it_is_encoded_and_split(
    secret: str, by: random.Random
) -> None:
    encoded, names = mix(secret, by)
    lines = f"before it: {split(encoded, by)} now\nafter".splitlines()
    hearer = Hearer(secret)

    while lines:
        together = by.randint(1, 4)
        hearer.hider.many(lines[:together])
        if by.random() < 0.1:
            hearer.alarm.ring()
        del lines[:together]

    said = "\n".join(hearer.end())
    assert not find(secret, said.encode()), names


@given(st.lists(st.text("abcxyz \\%&'\"#\n"), max_size=20), st.integers(1, 5))
def test_text_without_secrets_is_unchanged(parts: Sequence[str], size: int) -> None:
    lines = "\n".join(parts).split("\n")
    hearer = Hearer()

    for start in range(0, len(lines), size):
        hearer.hider.many(lines[start : start + size])

    assert hearer.end() == lines
