"""Unit tests of `sluicegate.config.wording`."""

import pytest
from pydantic import BaseModel, Field, ValidationError, field_validator

from sluicegate.config.source import parse_source
from sluicegate.config.tree import Path, find, to_json
from sluicegate.config.wording import describe, suggest
from sluicegate.stages.stage import Settings


class Part(Settings):
    colour: str = ""


class Whole(Settings):
    part: Part | None = None
    parts: tuple[Part, ...] = ()
    by_name: dict[str, Part] = Field(default_factory=dict)
    even: int = 0
    flag: bool = False
    other: bytes | None = None

    @field_validator("even")
    @classmethod
    def _be_even(cls, value: int) -> int:
        if value % 2:
            raise ValueError("must be even")
        return value


def describe_all(text: str, model: type[BaseModel] = Whole) -> list[str]:
    root = parse_source(text.encode(), "s.yaml")
    with pytest.raises(ValidationError) as refused:
        model.model_validate_json(to_json(root), strict=True)
    return [
        describe(error, find(root, error["loc"]), model)
        for error in refused.value.errors()
    ]


@pytest.mark.parametrize(
    "text",
    ["part: {color: x}", "parts: [{color: x}]", "by_name: {a: {color: x}}"],
)
def test_an_unknown_key_is_compared_with_those_of_its_place(text: str) -> None:
    assert describe_all(text) == ["unknown key 'color' (did you mean 'colour'?)"]


def test_a_key_like_no_other_gets_the_whole_choice() -> None:
    assert describe_all("part: {zzz: 1}") == ["unknown key 'zzz' (one of colour)"]


def test_a_key_of_other_versions_is_not_supported() -> None:
    assert describe_all("lock: [x]") == ["'lock' is not supported in this version"]


def test_a_stage_s_secrets_are_said_to_stand_at_the_top() -> None:
    assert describe_all("secrets: [x]") == [
        "'secrets' stands at the top of the file: it says there who gets which"
    ]


def test_a_settings_own_words_are_kept() -> None:
    assert describe_all("even: 3") == ["must be even, not 3"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("even: 2.5", "must be a whole number, not 2.5"),
        ("flag: on", 'must be true or false, not "on"'),
        ("part: [a]", "must hold keys and values"),
        ("part: {colour: ~}", "must be text, not null"),
    ],
)
def test_the_wrong_kind_is_said_with_what_stands_there(text: str, said: str) -> None:
    assert describe_all(text) == [said]


def test_long_text_is_cut() -> None:
    assert describe_all(f"flag: {'x' * 80}") == [
        f'must be true or false, not "{"x" * 60}…"'
    ]


def test_what_has_no_words_of_its_own_is_said_in_the_validators() -> None:
    assert describe_all("other: [1]") == ["input should be a valid bytes"]


def test_a_suggestion_is_the_nearest_or_the_whole_choice_or_nothing() -> None:
    assert suggest("ruf", ["trivy", "ruff"]) == " (did you mean 'ruff'?)"
    assert suggest("x", ["trivy", "ruff"]) == " (one of ruff, trivy)"
    assert suggest("x", []) == ""


def test_the_place_may_be_deeper_than_the_settings_go() -> None:
    path: Path = ("flag", "deeper")
    root = parse_source(b"flag: {deeper: 1}", "s.yaml")
    error = {"type": "extra_forbidden", "loc": (*path, "zz"), "msg": "", "input": 1}

    assert describe(error, find(root, (*path, "zz")), Whole) == "unknown key 'zz'"  # type: ignore[arg-type]
