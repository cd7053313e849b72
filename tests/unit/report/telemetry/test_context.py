"""Unit tests of `sluicegate.report.telemetry.context`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.model.ulid import format_ulid, parse_ulid
from sluicegate.report.telemetry.context import SpanIds, TraceContext, parse_context

# The examples of the Recommendation of 23 November 2021, section 3.2.4.
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
RUN_ID = "01JDA2Z9M3Q4T5V6W7X8Y9Z0AA"


def test_the_examples_of_the_recommendation_are_read() -> None:
    assert parse_context(PARENT) == TraceContext(TRACE, "00f067aa0ba902b7")
    not_sampled = parse_context(f"00-{TRACE}-00f067aa0ba902b7-00")
    assert not_sampled is not None
    assert not not_sampled.sampled


@pytest.mark.parametrize(
    "text",
    [
        "",
        "00",
        PARENT.upper(),
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-00f067aa0ba902b7-01",
        f"00-{TRACE}-00f067aa0ba902b7-01-more",
        f"00-{TRACE}-00f067aa0ba902b7",
        f"00-{TRACE[:-1]}-00f067aa0ba902b7-01",
        f"00-{TRACE}-00f067aa0ba902b7-0",
        f"cc-{TRACE}-00f067aa0ba902b7-01x",
        f"{PARENT}\n",
    ],
)
def test_what_is_no_parent_is_none(text: str) -> None:
    assert parse_context(text) is None


def test_a_later_version_is_read_as_far_as_this_one_goes() -> None:
    found = parse_context(f"cc-{TRACE}-00f067aa0ba902b7-03-what-the-future-will-be")

    assert found == TraceContext(TRACE, "00f067aa0ba902b7")
    assert found.to_header() == PARENT


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", None),
        ("rojo=1, congo=2", "rojo=1,congo=2"),
        ("tenant@vendor=1", None),
        ("a=1,a=2", ""),
        ("a=1,b", ""),
        ("a=" + "x" * 600, ""),
        (",".join(f"k{n}=1" for n in range(33)), ""),
        ("a=ü", ""),
    ],
)
def test_a_state_is_passed_on_or_left_out_as_a_whole(
    text: str, kept: str | None
) -> None:
    found = parse_context(PARENT, text)

    assert found is not None
    assert found.state == (text if kept is None else kept)


@given(st.text(), st.text())
def test_no_text_is_an_error(parent: str, state: str) -> None:
    parse_context(parent, state)


@given(st.integers(0, 2**128 - 1), st.integers(0, 2**64 - 1), st.booleans())
def test_what_is_written_is_read_again(trace: int, span: int, sampled: bool) -> None:  # noqa: FBT001 - drawn
    context = TraceContext(f"{trace:032x}", f"{span:016x}", sampled)

    found = parse_context(context.to_header())

    assert found == (context if trace and span else None)


@given(st.integers(1, 2**48 - 1), st.binary(min_size=10, max_size=10))
def test_the_trace_of_a_run_are_the_bytes_of_its_id(
    unix_ms: int, chance: bytes
) -> None:
    run_id = format_ulid(unix_ms, chance)

    assert int(SpanIds(run_id, {}).trace_id, 16) == parse_ulid(run_id)


def test_no_trace_is_all_zero() -> None:
    assert int(SpanIds("0" * 26, {}).trace_id, 16)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["run", "stage", "command"]),
            st.lists(st.sampled_from(["a", "b", "ab", "1", "11"]), max_size=3),
        ),
        unique_by=repr,
    )
)
def test_different_spans_have_different_ids(parts: list[tuple[str, list[str]]]) -> None:
    ids = SpanIds(RUN_ID, {})

    found = [ids.of(kind, *more) for kind, more in parts]

    assert len(set(found)) == len(parts)
    assert all(len(each) == 16 and int(each, 16) for each in found)


def test_jobs_of_a_matrix_that_share_a_run_do_not_share_spans() -> None:
    linux, mac = (SpanIds(RUN_ID, {"os": name}) for name in ("linux", "mac"))

    assert linux.trace_id == mac.trace_id
    assert linux.of("stage", "test", 1) != mac.of("stage", "test", 1)


def test_another_process_names_the_same_span() -> None:
    # Made once by sha256(run id, labels, kind, parts, joined by NUL): a change of it
    # would tear apart the traces of runs that are gone on with by a newer version.
    assert SpanIds(RUN_ID, {}).of("stage", "test", 1) == "e8e9f96164087a7d"
