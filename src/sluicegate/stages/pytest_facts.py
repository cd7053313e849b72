"""What each process of pytest says it collected, kept and ran, and whether it adds up.

Written by the plugin in ``in_project/sluicegate_facts.py``, in the reach of code under
test: it can lie, as it can about its results. What is caught is a slip: a test that is
in no shard, or one that never ran though pytest ended well.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict, NonNegativeInt, ValidationError

from sluicegate.errors import PermanentError
from sluicegate.model.digest import Digest
from sluicegate.stages.output import count

_SHOWN = 3  # names in one message


class Facts(BaseModel):
    """Of one process: tests by file, before and after it took its share, and names.

    ``tests`` is how many names were to run, ``ran`` how many did. ``repeated`` are
    tests that a plugin of the project's own ran again; ``fail_under`` is its own
    threshold of coverage, in percent.
    """

    model_config = ConfigDict(frozen=True)

    collected: Mapping[str, NonNegativeInt] | None = None
    kept: Mapping[str, NonNegativeInt] | None = None
    tests: NonNegativeInt
    ran: NonNegativeInt
    failed: tuple[str, ...]
    passed: tuple[str, ...]
    repeated: tuple[str, ...]
    fail_under: float | None = None


def parse_facts(document: bytes) -> Facts:
    """Read what one process said.

    Raises:
        PermanentError: *document* is something else.
    """
    try:
        return Facts.model_validate_json(document)
    except ValidationError as error:
        raise PermanentError(f"not the facts of a run of pytest: {error}") from error


def check_all_ran(facts: Facts, exit_code: int) -> None:
    """Refuse a good end without all tests having run.

    Raises:
        PermanentError: some have not.
    """
    if exit_code == 0 and facts.ran < facts.tests:
        missing = count(facts.tests - facts.ran, "test")
        raise PermanentError(
            f"pytest ended well, but {missing} of {facts.tests} never ran",
            hint="does a test or a plugin end pytest, as pytest.exit does?",
        )


def check_shards(shards: Sequence[Facts]) -> None:
    """Make sure that every collected test is in exactly one of all *shards*.

    Raises:
        PermanentError: it is not, or the shards did not collect the same.
    """
    first = shards[0].collected or {}
    kept: Counter[tuple[str, int]] = Counter()
    every = Counter(first.items())
    for number, shard in enumerate(shards, start=1):
        if shard.collected is None or shard.kept is None:
            raise PermanentError(f"shard {number} does not say what it collected")
        if shard.collected != first:
            names = _differences(first, shard.collected)
            raise PermanentError(
                f"shards 1 and {number} did not collect the same tests: {names}",
                hint="does what is collected depend on time, chance or the process?",
            )
        kept.update(shard.kept.items())
    if kept != every:
        wrong = sorted({name for name, _ in (kept - every) + (every - kept)})
        raise PermanentError(f"not in exactly one shard: {_list(wrong)}")


def check_part(facts: Facts, index: int, total: int) -> None:
    """Make sure that shard *index* of *total* kept just what its number says.

    Every other number then keeps the rest, on whatever machine.

    Raises:
        PermanentError: it did not.
    """
    if facts.collected is None or facts.kept is None:
        raise PermanentError("the shard does not say what it collected")
    expected = {
        name: number
        for name, number in facts.collected.items()
        if int(Digest.of(name.encode("utf-8", "surrogateescape")).hex, 16) % total
        == index - 1
    }
    if facts.kept != expected:
        names = _differences(expected, facts.kept)
        raise PermanentError(f"not the tests of shard {index}/{total}: {names}")


def _differences(one: Mapping[str, int], other: Mapping[str, int]) -> str:
    names = sorted(set(one) | set(other))
    return _list([name for name in names if one.get(name) != other.get(name)])


def _list(names: Sequence[str]) -> str:
    shown, more = ", ".join(names[:_SHOWN]), len(names) - _SHOWN
    return f"{shown} and {count(more, 'other')}" if more > 0 else shown
