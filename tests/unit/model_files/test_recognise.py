"""Unit tests of `sluicegate.model_files.recognise`: what passes, and what does not."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_files_made import (
    ORDERED,
    bad_files,
    bad_pickles,
    make_gguf,
    make_json,
    make_npy,
    make_onnx,
    make_pickle,
    make_safetensors,
    make_torch,
)

from sluicegate.model_files.recognise import Recognised, recognise
from sluicegate.model_files.source import BytesSource

ALLOWED = frozenset({ORDERED})
MAKERS: dict[str, Callable[[random.Random], bytes]] = {
    "safetensors": make_safetensors,
    "json": make_json,
    "onnx": make_onnx,
    "gguf": make_gguf,
    "npy": make_npy,
    "torch": make_torch,
    "pickle": make_pickle,
}
BAD = dict(bad_files())


def look(data: bytes, names: frozenset[str] | None = ALLOWED) -> Recognised:
    return recognise(BytesSource(data), names)


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_genuine_files_pass_under_their_own_format(kind: str) -> None:
    for seed in range(300):
        data = MAKERS[kind](random.Random(seed))

        assert look(data) == Recognised(kind, None, look(data).imports), seed


@pytest.mark.parametrize("name", sorted(BAD))
def test_malicious_files_are_refused(name: str) -> None:
    assert look(BAD[name]).refused is not None
    assert look(BAD[name], None).refused is not None


@pytest.mark.parametrize("name", sorted(dict(bad_pickles())))
def test_malicious_pickles_stay_refused_behind_other_pickles(name: str) -> None:
    rng = random.Random(name)
    data = dict(bad_pickles())[name]
    for _ in range(20):
        before = b"".join(
            rng.choice([b"N0", b"K\x070", b"(1", b"]0", b"\x80\x04", b"X\x01\0\0\0a0"])
            for _ in range(rng.randrange(6))
        )
        behind = make_pickle(rng) if rng.randrange(2) else b""
        mutated = before + data + behind

        assert look(mutated).refused is not None, mutated
        assert look(make_pickle(rng) + mutated).refused is not None, mutated


def test_what_others_would_read_otherwise_is_refused_for_that() -> None:
    names = {name for name in BAD if "-and-" in name and name.startswith("safe")}

    assert names == {"safetensors-and-zip", "safetensors-and-pickle"}
    for name in names:
        assert str(look(BAD[name]).refused).startswith("two-readings"), name


@pytest.mark.parametrize("kind", ["torch", "pickle"])
def test_pickles_are_denied_unless_names_are_listed(kind: str) -> None:
    found = look(MAKERS[kind](random.Random(1)), None)

    assert found.refused is not None
    assert found.refused.rule == "pickle-denied"


@pytest.mark.parametrize("kind", ["safetensors", "onnx", "gguf", "json", "npy"])
def test_a_cut_file_is_refused(kind: str) -> None:
    for seed in range(40):
        rng = random.Random(seed)
        data = MAKERS[kind](rng)
        end = len(data) - (32 if kind == "gguf" else 1)  # padding need not be there
        cut = rng.randrange(end)

        # A protocol buffer may be cut between two fields; what is left must be whole.
        found = look(data[:cut], None)
        assert found.refused is not None or found.format == "onnx", (seed, cut)


@given(st.binary(max_size=300))
def test_garbage_is_refused_and_never_a_mistake_of_ours(data: bytes) -> None:
    assert look(data).refused is not None or look(data).format in {"json", "pickle"}


@given(
    st.sampled_from(sorted(MAKERS)),
    st.integers(0, 20),
    st.integers(0, 10**6),
    st.binary(min_size=1, max_size=9),
)
def test_changed_files_are_judged_and_never_a_mistake_of_ours(
    kind: str, seed: int, place: int, new: bytes
) -> None:
    data = bytearray(MAKERS[kind](random.Random(seed)))
    at = place % len(data)
    data[at : at + len(new)] = new

    found = look(bytes(data))

    assert set(found.imports) <= ALLOWED or found.refused is not None
