import pytest

from sluicegate.detect.github.filling import Filling, fill


def test_words_are_filled_in_wherever_they_stand() -> None:
    words = Filling({"name": "api", "a_b": "x"})
    assert fill("on-__name____a_b__: __name__\n", words) == "on-apix: api\n"


def test_a_block_is_repeated_for_each_filling_and_left_out_without_one() -> None:
    template = "a\n  #<each>\n- __n__\n  #</each>\nb\n"
    two = Filling(blocks={"each": [Filling({"n": "1"}), Filling({"n": "2"})]})
    assert fill(template, two) == "a\n- 1\n- 2\nb\n"
    assert fill(template, Filling(blocks={"each": []})) == "a\nb\n"


def test_an_inner_block_sees_the_words_around_it_and_its_own_first() -> None:
    template = "#<s>\n#<e>\n__s__ __e__\n#</e>\n#</s>\n"
    inner = Filling({"e": "in", "s": "own"})
    outer = Filling({"s": "out"}, {"e": [inner, Filling({"e": "2"})]})
    assert fill(template, Filling(blocks={"s": [outer]})) == "own in\nout 2\n"


@pytest.mark.parametrize("there", [True, False])
def test_a_block_may_simply_be_there_or_not(there: bool) -> None:  # noqa: FBT001
    filled = fill("a\n#<x>\nb\n#</x>\n", Filling(blocks={"x": there}))
    assert filled == ("a\nb\n" if there else "a\n")


@pytest.mark.parametrize("template", ["__slip__", "#<slip>\n#</slip>"])
def test_what_nobody_knows_is_not_passed_over(template: str) -> None:
    with pytest.raises(KeyError, match="slip"):
        fill(template, Filling())


def test_what_was_filled_in_is_not_filled_in_again() -> None:
    assert fill("__a__", Filling({"a": "__b__", "b": "no"})) == "__b__\n"
