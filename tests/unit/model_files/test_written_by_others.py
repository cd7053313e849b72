"""Files that the formats' own libraries have written, and what picklescan says."""

import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
from model_files_made import bad_pickles

from sluicegate.model_files.onnx import check_onnx
from sluicegate.model_files.recognise import Recognised, recognise
from sluicegate.model_files.source import BytesSource

FILES = 50
Library = Any  # without types
Model = Any


def look(data: bytes) -> Recognised:
    return recognise(BytesSource(data), None)


def test_files_of_the_safetensors_library_pass() -> None:
    numpy = pytest.importorskip("numpy")
    library = pytest.importorskip("safetensors.numpy")
    rng = numpy.random.default_rng(1)
    for number in range(FILES):
        tensors = {
            f"w{k}": rng.standard_normal((k, 7 * number + 1)).astype("f4")
            for k in range(number % 9)
        }

        data = library.save(tensors, {"format": "pt"})

        assert look(data) == Recognised("safetensors"), number


def make_model(onnx: Library, numpy: Library, number: int) -> Model:
    weights = numpy.random.default_rng(number).standard_normal((number + 1, 3))
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["X", "W"], ["H"]),
            helper.make_node("LeakyRelu", ["H"], ["Y"], alpha=0.1),
        ],
        "g",
        [helper.make_tensor_value_info("X", kind, ["n", number + 1])],
        [helper.make_tensor_value_info("Y", kind, ["n", 3])],
        [onnx.numpy_helper.from_array(weights.astype("f4"), "W")],
    )
    return helper.make_model(graph)


def test_files_of_the_onnx_library_pass(tmp_path: Path) -> None:
    onnx, numpy = pytest.importorskip("onnx"), pytest.importorskip("numpy")
    for number in range(FILES):
        made = make_model(onnx, numpy, number)

        assert look(made.SerializeToString()) == Recognised("onnx"), number

    path = tmp_path / "m.onnx"
    onnx.save_model(
        make_model(onnx, numpy, 9),
        path,
        save_as_external_data=True,
        location="w.bin",
        size_threshold=0,
    )
    (reference,) = check_onnx(BytesSource(path.read_bytes()))
    assert reference.location == "w.bin"
    assert reference.length == (tmp_path / "w.bin").stat().st_size


def test_files_of_the_gguf_library_pass(tmp_path: Path) -> None:
    gguf, numpy = pytest.importorskip("gguf"), pytest.importorskip("numpy")
    rng = numpy.random.default_rng(1)
    quantized = gguf.GGMLQuantizationType.Q8_0
    for number in range(FILES):
        path = tmp_path / f"{number}.gguf"
        writer = gguf.GGUFWriter(path, "llama")
        writer.add_array("tokenizer.ggml.tokens", ["a", "ß", "<s>"] * number)
        writer.add_float32("x", 0.5)
        for k in range(number % 5):
            writer.add_tensor(f"t{k}", rng.standard_normal((k + 1, 32)).astype("f2"))
        if number % 2:
            data = gguf.quants.quantize(
                rng.standard_normal((4, 64)).astype("f4"), quantized
            )
            writer.add_tensor("q", data, raw_dtype=quantized)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()

        assert look(path.read_bytes()) == Recognised("gguf"), number


def test_picklescan_ends_as_the_stage_expects(tmp_path: Path) -> None:
    pytest.importorskip("picklescan")
    program = Path(sysconfig.get_path("scripts")) / "picklescan"
    assert program.is_file(), sys.prefix

    def run() -> "subprocess.CompletedProcess[bytes]":
        argv = (str(program), "--path", str(tmp_path))
        return subprocess.run(argv, capture_output=True, check=False)

    (tmp_path / "a.pkl").write_bytes(b"\x80\x04N.")
    clean = run()
    attack = dict(bad_pickles())["reduce-4"]
    (tmp_path / "b.pkl").write_bytes(attack)
    found = run()

    assert (clean.returncode, found.returncode) == (0, 1)
    assert b"\nInfected files: 0\n" in clean.stdout
    assert b"\nInfected files: 1\n" in found.stdout
