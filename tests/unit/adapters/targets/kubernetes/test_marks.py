from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.adapters.targets.kubernetes.marks import (
    CANARY,
    ENVIRONMENT,
    PREFIX,
    STABLE,
    WEIGHT,
    Marks,
    read_marks,
    write_marks,
    write_release,
)
from sluicegate.errors import PermanentError, UsageError
from sluicegate.model.digest import Digest
from sluicegate.model.rollout import Release

PLACE = "shop/production"
OLD = Release(Digest.of(b"old"), "v1", "1" * 40, f"r.example/shop@{Digest.of(b'1')}")
NEW = Release(Digest.of(b"new"), "v2", "2" * 40)

_releases = st.builds(
    Release,
    st.binary(max_size=2).map(Digest.of),
    st.text(min_size=1, max_size=100).filter(str.isprintable),
    st.sampled_from(["a" * 40, "b" * 64]),
    st.one_of(st.none(), st.text(min_size=1, max_size=100).filter(str.isprintable)),
)
_times = st.datetimes(timezones=st.just(UTC)).map(
    lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000)
)
_counts = st.one_of(st.none(), st.integers(0, 10**6))


@st.composite
def marks(draw: st.DrawFn) -> Marks:
    stable = draw(st.one_of(st.none(), _releases))
    canary = draw(st.one_of(st.none(), _releases))
    percent = draw(st.integers(0, 100))
    if percent == 100:
        canary = stable
    if stable is None or canary is None:
        percent = 0
    since = draw(st.one_of(st.none(), _times))
    return Marks(PLACE, stable, canary, percent, draw(_counts), since, draw(_counts))


@given(marks())
def test_what_is_written_is_read_back(given_marks: Marks) -> None:
    read = read_marks(write_marks(given_marks), PLACE)
    assert read == given_marks
    for one, other in ((read.stable, given_marks.stable),):
        assert (one and one.reference) == (other and other.reference)


@given(marks(), marks())
def test_the_same_annotations_say_the_same(one: Marks, other: Marks) -> None:
    assert (write_marks(one) == write_marks(other)) == (
        (one, one.stable and one.stable.reference, one.canary and one.canary.reference)
        == (
            other,
            other.stable and other.stable.reference,
            other.canary and other.canary.reference,
        )
    )


def test_a_route_without_annotations_says_that_nothing_serves() -> None:
    assert read_marks({"other.example/x": "1"}, PLACE) == Marks(PLACE)


@given(
    st.dictionaries(
        st.sampled_from(
            [STABLE, CANARY, WEIGHT, f"{PREFIX}since", f"{PREFIX}restarts"]
        ),
        st.one_of(st.text(), st.sampled_from(["{}", "[]", "1", "100", "null"])),
    )
)
def test_nonsense_is_refused_and_never_guessed_at(annotations: dict[str, str]) -> None:
    try:
        read = read_marks(annotations, PLACE)
    except PermanentError:
        return
    assert read.stable is None
    assert read.canary is None
    assert read.percent == 0


def test_a_route_of_another_environment_is_refused() -> None:
    with pytest.raises(PermanentError, match="those of shop/staging"):
        read_marks({ENVIRONMENT: "shop/staging"}, PLACE)


@pytest.mark.parametrize(
    "wrong",
    [
        write_release(NEW).replace("sha256:", "md5:"),
        write_release(NEW).replace("2" * 40, "2222222"),
        write_release(NEW).replace('"v2"', '""'),
        write_release(NEW).replace('"v2"', "2"),
        write_release(replace(NEW, name="v2\x1b[2J")),
        write_release(replace(NEW, name="v2\nv3")),
        write_release(replace(NEW, name="v\u202e2")),
        write_release(replace(NEW, name="\ud800")),
        write_release(replace(NEW, name="v" * 501)),
        write_release(replace(NEW, reference="shop\x1b[2J@sha256:" + "1" * 64)),
        write_release(replace(NEW, reference="")),
        "COMMIT",
    ],
    ids=[
        *("digest", "short commit", "no name", "name is a number"),
        *("name a terminal obeys", "name of two lines", "name that is turned round"),
        *("name of no characters", "long name", "reference a terminal obeys"),
        *("empty reference", "no JSON"),
    ],
)
def test_a_release_that_is_none_is_refused_in_words(wrong: str) -> None:
    with pytest.raises(PermanentError, match="no release") as raised:
        read_marks({STABLE: wrong}, PLACE)
    assert "Traceback" not in str(raised.value)


def test_shares_follow_from_the_marks() -> None:
    on_trial = Marks(PLACE, OLD, NEW, 10)
    assert (on_trial.weight(OLD), on_trial.weight(NEW)) == (90, 10)
    promoted = Marks(PLACE, NEW, NEW, 100)
    assert (promoted.weight(OLD), promoted.weight(NEW)) == (0, 100)
    assert promoted.is_away
    assert not promoted.is_canary(NEW)
    assert Marks(PLACE, None, NEW).weight(NEW) == 0


@pytest.mark.parametrize(
    ("stable", "canary", "percent"),
    [(OLD, NEW, 100), (None, NEW, 5), (OLD, None, 5), (OLD, NEW, 101), (OLD, NEW, -1)],
)
def test_marks_that_contradict_themselves_cannot_be_made(
    stable: Release | None, canary: Release | None, percent: int
) -> None:
    with pytest.raises(UsageError):
        Marks(PLACE, stable, canary, percent)


def test_times_are_read_with_their_zone() -> None:
    read = read_marks({f"{PREFIX}since": "2026-11-22T10:00:00+02:00"}, PLACE)
    assert read.since == datetime(2026, 11, 22, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-11-22"]
)
def test_times_that_cannot_be_are_refused_in_words(text: str) -> None:
    with pytest.raises(PermanentError, match="not a time"):
        read_marks({f"{PREFIX}since": text}, PLACE)
