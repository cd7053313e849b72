"""Unit tests of `sluicegate.model_files.look` and of the program around it."""

import hashlib
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from model_files_made import (
    bad_pickles,
    make_json,
    make_onnx,
    make_safetensors,
)

from sluicegate.model_files.folder import Unreadable
from sluicegate.model_files.look import Orders, Seen, look

RNG = random.Random(1)
GOOD = make_safetensors(RNG)
FORMATS = frozenset({"safetensors", "onnx", "gguf", "json"})


def orders(project: Path, *paths: str, unchecked: str = "", most: int = 1000) -> Orders:
    return Orders(
        project, [*paths] or ["model"], FORMATS, None, frozenset({unchecked}), most
    )


def put(project: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        path = project / "model" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def rules(seen: list[Seen]) -> dict[str, str]:
    return {
        each.path: each.found.refused.rule if each.found.refused else ""
        for each in seen
    }


def test_files_are_listed_by_path_with_size_and_digest(tmp_path: Path) -> None:
    put(tmp_path, {"b/w.bin": GOOD, "a.json": b"{}"})

    first, second = look(orders(tmp_path))

    assert (first.path, first.found.format) == ("model/a.json", "json")
    assert (second.path, second.found.format) == ("model/b/w.bin", "safetensors")
    assert second.size == len(GOOD)
    assert second.sha256 == hashlib.sha256(GOOD).hexdigest()


def test_content_decides_and_not_the_name(tmp_path: Path) -> None:
    attack = dict(bad_pickles())["reduce-2"]
    put(tmp_path, {"a.safetensors": attack, "b.json": attack, "c.txt": attack})

    assert set(rules(look(orders(tmp_path))).values()) == {"pickle-denied"}


def test_links_and_special_files_are_refused_and_not_followed(tmp_path: Path) -> None:
    put(tmp_path, {"a.json": b"{}"})
    (tmp_path / "model" / "link").symlink_to("a.json")
    (tmp_path / "model" / "out").symlink_to("/etc")
    os.mkfifo(tmp_path / "model" / "pipe")

    assert rules(look(orders(tmp_path))) == {
        "model/a.json": "",
        "model/link": "link",
        "model/out": "link",
        "model/pipe": "special-file",
    }


@pytest.mark.parametrize("path", ["other/x", "link", "link/a.json", "../model", "/etc"])
def test_a_path_that_is_not_there_or_leads_out_is_no_result(
    tmp_path: Path, path: str
) -> None:
    put(tmp_path, {"a.json": b"{}"})
    (tmp_path / "link").symlink_to("model")

    with pytest.raises(Unreadable):
        look(orders(tmp_path, path))


def test_a_large_file_is_refused(tmp_path: Path) -> None:
    put(tmp_path, {"a.json": b"[" + b" " * 1000 + b"]"})

    assert rules(look(orders(tmp_path))) == {"model/a.json": "too-large"}


def test_a_format_that_is_not_asked_for_is_refused(tmp_path: Path) -> None:
    from model_files_made import make_npy  # noqa: PLC0415 - only here

    put(tmp_path, {"a.npy": make_npy(RNG)})

    assert rules(look(orders(tmp_path))) == {"model/a.npy": "format"}


def test_an_unchecked_file_may_be_anything_but_what_a_loader_would_run(
    tmp_path: Path,
) -> None:
    put(tmp_path, {"README.md": b"# Read me\n", "a.json": b"{}"})
    found = look(orders(tmp_path, unchecked="model/README.md"))
    assert rules(found) == {"model/README.md": "", "model/a.json": ""}
    assert found[0].found.format == "unchecked"

    put(tmp_path, {"README.md": dict(bad_pickles())["global"]})
    found = look(orders(tmp_path, unchecked="model/README.md"))
    assert rules(found)["model/README.md"] == "two-readings"


@pytest.mark.parametrize(
    ("data", "length", "rule"),
    [
        (b"\x01\x02\x03\x04" * 4, "16", ""),
        (b"{random" * 4, "16", ""),
        (b"\x01\x02\x03\x04" * 4, "17", "external-data"),
        (None, "16", "external-data"),
    ],
    ids=["there", "like JSON", "too short", "missing"],
)
def test_data_of_a_model_lie_in_the_file_that_it_names(
    tmp_path: Path, data: bytes | None, length: str, rule: str
) -> None:
    said = {"location": "w.bin", "offset": "0", "length": length}
    put(tmp_path, {"m.onnx": make_onnx(RNG, external=said)})
    if data is not None:
        put(tmp_path, {"w.bin": data})

    assert rules(look(orders(tmp_path)))["model/m.onnx"] == rule


def test_a_pickle_is_no_data_of_a_model(tmp_path: Path) -> None:
    attack = dict(bad_pickles())["stack-global"]
    said = {"location": "w.bin"}
    put(tmp_path, {"m.onnx": make_onnx(RNG, external=said), "w.bin": attack})

    assert rules(look(orders(tmp_path)))["model/w.bin"] == "two-readings"


def test_the_program_writes_what_it_found_and_fails_if_it_could_not(
    tmp_path: Path,
) -> None:
    put(tmp_path, {"a.json": make_json(RNG)})

    def run(path: str) -> "subprocess.CompletedProcess[bytes]":
        asked = {
            "project": str(tmp_path),
            "paths": [path],
            "formats": ["json"],
            "pickle": None,
            "unchecked": [],
            "max_file": 10_000,
            "output": str(tmp_path / "out.json"),
        }
        argv = (sys.executable, "-I", "-m", "sluicegate.model_files", json.dumps(asked))
        return subprocess.run(argv, capture_output=True, check=False)

    assert run("model").returncode == 0
    assert json.loads((tmp_path / "out.json").read_text())["files"][0]["rule"] == ""
    gone = run("gone")
    assert gone.returncode == 2
    assert gone.stderr.startswith(b"there is no gone")
