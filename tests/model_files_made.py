"""Model files of every format, genuine ones and malicious ones, as bytes."""

import io
import json
import pickle
import pickletools
import random
import struct
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

from typing_extensions import override

ORDERED = "collections.OrderedDict"


def make_safetensors(rng: random.Random) -> bytes:
    kinds = {"F32": 4, "F16": 2, "I64": 8, "U8": 1, "BF16": 2}
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    data = b""
    for number in range(rng.randrange(1, 6)):
        kind = rng.choice(sorted(kinds))
        shape = [rng.randrange(0, 6) for _ in range(rng.randrange(0, 3))]
        size = kinds[kind]
        for each in shape:
            size *= each
        offsets = [len(data), len(data) + size]
        header[f"layer.{number}"] = {
            "dtype": kind,
            "shape": shape,
            "data_offsets": offsets,
        }
        data += rng.randbytes(size)
    text = json.dumps(header).encode()
    return frame_safetensors(text + b" " * (-len(text) % 8), data)


def frame_safetensors(header: bytes, data: bytes) -> bytes:
    return struct.pack("<Q", len(header)) + header + data


def make_json(rng: random.Random) -> bytes:
    def value(depth: int) -> object:
        kind = rng.randrange(6 if depth else 4)
        if kind == 4:
            return [value(depth - 1) for _ in range(rng.randrange(4))]
        if kind == 5:
            return {f"k{n}": value(depth - 1) for n in range(rng.randrange(4))}
        return [rng.random(), rng.randrange(-9, 10**12), "wört\u0301 \U0001f600", None][
            kind
        ]

    ascii_only = rng.random() < 0.5
    return json.dumps({"a": value(4)}, ensure_ascii=ascii_only).encode()


def varint(value: int) -> bytes:
    found = bytearray()
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*found, value))


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def make_onnx(
    rng: random.Random, *, external: Mapping[str, str] | None = None
) -> bytes:
    count = rng.randrange(1, 5)
    weights = rng.randbytes(4 * count)
    tensor = field(1, count) + field(2, 1) + field(8, b"W")
    if external is None:
        tensor += field(9, weights)
    else:
        for key, said in external.items():
            tensor += field(13, field(1, key.encode()) + field(2, said.encode()))
        tensor += field(14, 1)
    node = field(1, b"X") + field(1, b"W") + field(2, b"Y") + field(4, b"Add")
    node += field(5, field(1, b"alpha") + b"\x15" + struct.pack("<f", 1) + field(20, 1))
    shape = field(1, field(1, count))
    value = field(1, b"X") + field(2, field(1, field(1, 1) + field(2, shape)))
    graph = field(1, node) + field(2, b"g") + field(5, tensor) + field(11, value)
    graph += field(12, value)
    opset = field(1, b"") + field(2, rng.randrange(13, 22))
    version = field(1, rng.randrange(7, 11))
    parts = [field(2, b"made"), field(7, graph), field(8, opset)]
    rng.shuffle(parts)
    return version + b"".join(parts)


def gguf_text(text: bytes) -> bytes:
    return struct.pack("<Q", len(text)) + text


def make_gguf(
    rng: random.Random, *, template: bytes = b"{{ messages }}", version: int = 3
) -> bytes:
    entries = [
        gguf_text(b"general.architecture") + struct.pack("<I", 8) + gguf_text(b"llama"),
        gguf_text(b"tokenizer.chat_template")
        + struct.pack("<I", 8)
        + gguf_text(template),
        gguf_text(b"a.list")
        + struct.pack("<IIQ", 9, 8, 2)
        + gguf_text(b"x")
        + gguf_text(b""),
        gguf_text(b"a.flag") + struct.pack("<IB", 7, 1),
        gguf_text(b"a.rate") + struct.pack("<If", 6, 0.5),
    ]
    kinds = {0: (1, 4), 1: (1, 2), 8: (32, 34), 14: (256, 210)}
    infos, data = b"", b""
    count = rng.randrange(0, 4)
    for number in range(count):
        kind = rng.choice(sorted(kinds))
        weights, size = kinds[kind]
        rows, blocks = rng.randrange(1, 4), rng.randrange(1, 3)
        data += bytes(-len(data) % 32)
        infos += gguf_text(f"t{number}".encode()) + struct.pack(
            "<IQQIQ", 2, weights * blocks, rows, kind, len(data)
        )
        data += rng.randbytes(size * blocks * rows)
    head = b"GGUF" + struct.pack("<IQQ", version, count, len(entries))
    body = head + b"".join(entries) + infos
    return body + bytes(-len(body) % 32) + data + bytes(-len(data) % 32)


def make_npy(rng: random.Random) -> bytes:
    count = rng.randrange(0, 9)
    return frame_npy("<f8", f"({count},)", rng.randbytes(8 * count))


def frame_npy(dtype: str, shape: str, data: bytes) -> bytes:
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + data


class _Unseekable(io.RawIOBase):
    """What an archive is streamed to: its members get descriptors behind them."""

    def __init__(self) -> None:
        self.data = bytearray()

    @override
    def writable(self) -> bool:
        return True

    @override
    def write(self, data: Any) -> int:
        self.data += bytes(data)
        return len(bytes(data))


def zip_of(
    members: Mapping[str, bytes], *, packed: bool = False, streamed: bool = False
) -> bytes:
    file: Any = _Unseekable() if streamed else io.BytesIO()
    method = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return bytes(file.data) if streamed else file.getvalue()


def make_torch(rng: random.Random, *, inside: bytes | None = None) -> bytes:
    import collections  # noqa: PLC0415 - what the pickle imports

    state = collections.OrderedDict({"w": [rng.random()]})
    document = pickle.dumps(state, 2) if inside is None else inside
    members = {"m/data.pkl": document, "m/byteorder": b"little"}
    members["m/data/0"] = rng.randbytes(rng.randrange(50))
    members["m/version"] = b"3\n"
    packed, streamed = rng.random() < 0.5, rng.random() < 0.5
    return zip_of(members, packed=packed, streamed=streamed)


def make_pickle(rng: random.Random) -> bytes:
    import collections  # noqa: PLC0415 - what the pickle imports

    text = "shared" * rng.randrange(3)
    value = collections.OrderedDict(
        {"a": [text, text, 1.5, None, True, 2**70, b"x" * rng.randrange(300)]}
    )
    value["b"] = {rng.randrange(9): (1, 2, 3, 4), "s": {1, 2}}  # type: ignore[assignment]
    return pickle.dumps(value, rng.randrange(4, 6))


class Runs:
    """Pickled, it calls what it is given."""

    def __init__(self, what: object, *arguments: object) -> None:
        self._call = (what, arguments)

    @override
    def __reduce__(self) -> Any:
        return self._call


def short(text: str) -> bytes:
    data = text.encode()
    return b"\x8c" + bytes((len(data),)) + data


def bad_pickles() -> Iterator[tuple[str, bytes]]:  # noqa: PLR0915 - a list
    """Pickles that run what no allow-list of ours has, each in another manner."""
    import os  # noqa: PLC0415 - only its names are pickled

    for protocol in range(6):
        yield f"reduce-{protocol}", pickle.dumps(Runs(os.system, "true"), protocol)
        yield f"eval-{protocol}", pickle.dumps(Runs(eval, "1"), protocol)
        nested = {"weights": [1, 2, {"x": Runs(os.getcwd)}]}
        yield f"nested-{protocol}", pickle.dumps(nested, protocol)
    yield "global", b"cos\nsystem\n(S'true'\ntR."
    yield "inst", b"(S'true'\nios\nsystem\n."
    yield "obj", b"(cos\nsystem\nS'true'\no."
    yield "newobj", b"cos\nsystem\n(S'true'\nt\x81."
    yield "newobj-ex", b"\x80\x04cos\nsystem\n(S'true'\nt}\x92."
    yield "only-import", b"cantigravity\nfly\n."
    yield "no-stop", b"cos\nsystem\n(S'true'\ntR"
    yield "broken-after", b"cos\nsystem\n(S'true'\ntR\xff\xff"
    yield "popped", b"cos\nsystem\n(S'true'\ntR0N."
    stack = short("os") + short("system") + b"\x93" + short("true") + b"\x85R."
    yield "stack-global", b"\x80\x04" + stack
    yield "stack-global-unframed", stack
    memo = short("os") + b"\x94" + short("system") + b"\x940" + b"0h\x00h\x01\x93"
    yield "memo", b"\x80\x04" + memo + short("true") + b"\x85R."
    swap = short("collections") + b"\x94" + short("os") + b"q\x000" + b"0h\x00"
    yield "memo-swapped", b"\x80\x04" + swap + short("system") + b"\x93)R."
    old = b"U\x02osU\x06system\x93" + short("true") + b"\x85R."
    yield "stack-global-of-bytes", b"\x80\x04" + old
    yield "dotted", b"\x80\x04" + short("collections") + short("abc.sys") + b"\x93)R."
    yield "extension-1", b"\x80\x02\x82\x01)R."
    yield "extension-2", b"\x80\x02\x83\x01\x00)R."
    yield "extension-4", b"\x80\x02\x84\x01\x00\x00\x00)R."
    yield "build-on-import", b"ccollections\nOrderedDict\n}S'a'\nI1\nsb."
    yield "call-of-made", b"ccollections\nOrderedDict\n)R)R."
    yield "persistent", b"Pid\n."
    yield "persistent-binary", b"\x80\x02K\x01Q."
    frame = b"\x95\x05" + bytes(7) + b"ccollections\nOrderedDict\n."
    yield "frame-within", frame
    yield "buffer", b"\x80\x05\x97."
    yield "second-in-stream", pickle.dumps({"a": 1}) + b"cos\nsystem\n(S'true'\ntR."
    yield "trailing", pickle.dumps({"a": 1}) + b"\x00\x01junk"
    yield "getattr", b"c__builtin__\ngetattr\n(c__builtin__\nint\nS'x'\ntR."
    yield "optimized", pickletools.optimize(pickle.dumps(Runs(os.system, "true"), 4))
    yield "other-case", b"cOS\nsystem\n(S'true'\ntR."
    yield "prefix-of-allowed", b"ccollections\nOrderedDictX\n)R."
    yield "allowed-and-other", b"ccollections\nOrderedDict\n)R0cos\nsystem\n)R."


def bad_files() -> Iterator[tuple[str, bytes]]:
    """Files that are refused whatever pickles may import."""
    yield from bad_pickles()
    rng = random.Random(7)
    for name, data in bad_pickles():
        if name.startswith(("reduce", "stack", "memo", "inst", "second")):
            yield f"torch-{name}", make_torch(rng, inside=data)
            yield f"npy-{name}", frame_npy("|O", "(1,)", data)
            yield f"npz-{name}", zip_of({"a.npy": frame_npy("|O", "(1,)", data)})
    yield from _bad_zips()
    yield from _two_readings()
    yield from _malformed()


def _bad_zips() -> Iterator[tuple[str, bytes]]:
    good = make_torch(random.Random(3))
    for path in ("../x", "/x", "m/../../x", "m\\x", "C:x", "m//x", "m/./x", "m/"):
        yield f"zip-path-{path}", zip_of({"m/data.pkl": b"N.", path: b"x"})
    yield "zip-script", zip_of({"m/data.pkl": b"N.", "m/code.py": b"import os"})
    yield "zip-of-other", zip_of({"a.txt": b"hello"})
    yield "zip-empty", zip_of({})
    inner = zip_of({"x": b"y"})
    yield "zip-nested", zip_of({"m/data.pkl": b"N.", "m/data/0": inner})
    bomb = {"m/data.pkl": b"N.", "m/data/0": bytes(3 << 20)}
    yield "zip-bomb", zip_of(bomb, packed=True)
    plain = zip_of({"m/data.pkl": b"N."})
    for name, at in (("encrypted", 6), ("method", 8), ("crc", 14), ("size", 22)):
        changed = bytearray(plain)
        changed[at] ^= 1
        yield f"zip-local-{name}", bytes(changed)
        central = plain.index(b"PK\x01\x02")
        changed = bytearray(plain)
        changed[central + at + 2] ^= 1
        yield f"zip-central-{name}", bytes(changed)
    both = bytearray(plain)
    both[6] |= 1
    both[plain.index(b"PK\x01\x02") + 8] |= 1
    yield "zip-encrypted", bytes(both)
    yield "zip-name-differs", plain.replace(b"m/data.pkl", b"m/data.pkx", 1)
    yield "zip-content-differs", plain.replace(b"N.", b"M.", 1)
    yield "zip-prefix", b"PK\x03\x04" + plain
    yield "zip-suffix", plain + b"more"
    yield "zip-twice", plain + good
    link = bytearray(plain)
    at = plain.index(b"PK\x01\x02")
    link[at + 5] = 3
    link[at + 38 : at + 42] = struct.pack("<I", 0o120777 << 16)
    yield "zip-link", bytes(link)
    double = zip_of({"m/data.pkl": b"N.", "m/DATA.pkl": b"N."})
    yield "zip-same-names", double


def _two_readings() -> Iterator[tuple[str, bytes]]:
    archive = zip_of({"m/data.pkl": b"N."})
    entry = {"dtype": "U8", "shape": [len(archive)], "data_offsets": [0, len(archive)]}
    header = json.dumps({"w": entry}).encode()
    yield "safetensors-and-zip", frame_safetensors(header, archive)
    # To pickle, 'B' and 4 bytes are a constant that ends within the header; 'U' and a
    # letter are constants, hand over hand, until behind the header code begins.
    attack = b"cos\nsystem\n(S'true'\ntR."
    shape = f'{{"dtype":"U8","shape":[{len(attack)}],"data_offsets":[0,{len(attack)}]}}'
    tail = f'":{shape}}}'.encode()
    length, hop = 0x0642, b"U~" + b"k" * 0x7E
    last = length + 8 - 11 - 12 * len(hop) - 2
    key = b"k" + hop * 12 + b"U" + bytes((last,))
    key += b"k" * (last - len(tail))
    yield "safetensors-and-pickle", frame_safetensors(b'{"' + key + tail, attack)


def _malformed() -> Iterator[tuple[str, bytes]]:
    rng = random.Random(5)
    for name, text in {
        "hole": '{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}',
        "overlap": '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},'
        '"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}',
        "duplicate": '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},'
        '"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}',
        "dtype": '{"a":{"dtype":"O","shape":[2],"data_offsets":[0,2]}}',
        "size": '{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,2]}}',
        "negative": '{"a":{"dtype":"U8","shape":[-2],"data_offsets":[0,2]}}',
        "key": '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2],"x":1}}',
    }.items():
        yield f"safetensors-{name}", frame_safetensors(text.encode(), b"ab")
    yield "safetensors-more", make_safetensors(rng) + b"x"
    for name, document in {
        "duplicate": b'{"a":1,"a":2}',
        "nan": b'{"a":NaN}',
        "infinity": b'{"a":-Infinity}',
        "overflow": b'{"a":1e999}',
        "bom": b'\xef\xbb\xbf{"a":1}',
        "latin": b'{"a":"\xe9"}',
        "surrogate": b'{"a":"\\ud800"}',
        "trailing": b'{"a":1}x',
        "lines": b'{"a":1}\n{"a":2}',
        "deep": b"[" * 100_000,
        "lambda": b'{"layers":[{"class_name":"Lambda","config":{}}]}',
        "template": b'{"chat_template":"{{ x.__class__ }}"}',
    }.items():
        yield f"json-{name}", document
    for place in ("/etc/passwd", "../x", "a/../../x", "a\\b", "C:x", ""):
        model = make_onnx(rng, external={"location": place})
        yield f"onnx-external-{place}", model
    yield "onnx-unknown-field", make_onnx(rng) + field(99, b"x")
    yield "onnx-two-graphs", make_onnx(rng) + field(7, b"")
    yield "onnx-no-graph", field(1, 8) + field(2, b"made") + field(8, field(2, 13))
    yield "gguf-template", make_gguf(rng, template=b"{{ ''.__class__ }}")
    yield "gguf-version", make_gguf(rng, version=1)
    yield "gguf-more", make_gguf(rng) + bytes(64)
    yield "gguf-cut", make_gguf(rng)[:-40]
    yield "gguf-counts", b"GGUF" + struct.pack("<IQQ", 3, 2**63, 2**63)
    yield "npy-size", frame_npy("<f8", "(3,)", bytes(16))
    yield "npy-code", frame_npy("<f8", "(__import__('os'),)", b"")
    yield "hdf5", b"\x89HDF\r\n\x1a\n" + bytes(100)
    yield "script", b"#!/bin/sh\ntrue\n"
    yield "gzip", b"\x1f\x8b\x08" + bytes(30)
    yield "empty", b""
    yield "text", b"just a text\n"
    yield "one-zero", b"\0"
