"""Headers are read as they are; whatever else a file holds ends in an error that says so, soon."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import numpy as np
import pytest
from mlintern.models.gguf import GgufError, read_header
from mlintern.tests.models import tiny


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tiny.write_random(tmp_path / "noise.gguf", 1, shape=tiny.Shape(layers=2), dtype=np.float16)


def test_a_header_tells_what_the_model_is(model: Path) -> None:
    header = read_header(model)
    assert (header.architecture, header.name, header.quantisation) == ("llama", "noise", "F16")
    assert (header.layers, header.heads, header.kv_heads) == (2, (2, 2), (1, 1))
    assert (header.context_length, header.embedding_length, header.key_length) == (4096, 64, 32)
    assert header.vocabulary_size == 258 and header.chat_template == tiny.CHATML
    tensors = tiny.sizes(tiny.Shape(layers=2), 258)
    assert header.parameters == sum(int(np.prod(size)) for size in tensors.values())
    assert len(set(header.layer_bytes)) == 1 and 0 < sum(header.layer_bytes) < header.weights_bytes
    assert header.weights_bytes < model.stat().st_size and header.is_language_model


def test_a_vocabulary_is_counted_and_not_kept(tmp_path: Path) -> None:
    words = [f"<word {number}>" for number in range(6_000)]
    path = tiny.write_random(tmp_path / "large.gguf", 1, words=words, shape=tiny.Shape(width=32, heads=1))
    assert read_header(path).vocabulary_size == 6_258


def test_a_file_cut_anywhere_is_told(model: Path, tmp_path: Path) -> None:
    data, cut = model.read_bytes(), tmp_path / "cut.gguf"
    for length in [*range(0, 400, 7), *range(400, len(data), 9_973), len(data) - 33]:
        cut.write_bytes(data[:length])
        with pytest.raises(GgufError, match=r"cut\.gguf"):
            read_header(cut)


def test_noise_in_a_header_never_does_more_than_raise(model: Path, tmp_path: Path) -> None:
    source, spoilt = random.Random(7), tmp_path / "spoilt.gguf"
    data = model.read_bytes()
    for _ in range(400):
        changed = bytearray(data)
        for _ in range(source.randint(1, 8)):
            at = source.randrange(4, 9_000)
            value = source.choice([0, 1, 0x7FFFFFFF, 0xFFFFFFFF, source.getrandbits(32)])
            changed[at : at + 4] = struct.pack("<I", value)
        spoilt.write_bytes(changed)
        try:
            read_header(spoilt)
        except GgufError:
            continue


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "does not begin"),
        (b"PK\x03\x04" + bytes(40), "does not begin"),
        (b"GGUF" + struct.pack("<IQQ", 9, 0, 0), "version 9"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 0), "tensors"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1 << 60), "fields"),
        (b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1 << 60) + bytes(64), "bytes in one text"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 0), "architecture"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "bad.gguf"
    path.write_bytes(data)
    with pytest.raises(GgufError, match=words):
        read_header(path)


def test_a_missing_part_of_a_split_model_is_told(model: Path, tmp_path: Path) -> None:
    first, second = (tmp_path / f"m-0000{number}-of-00002.gguf" for number in (1, 2))
    model.rename(first)
    with pytest.raises(GgufError, match=r"m-00002-of-00002\.gguf is missing"):
        read_header(first)
    second.write_bytes(bytes(1000))
    header = read_header(first)
    assert header.parts == 2 and header.weights_bytes > 1000


def test_a_folder_or_nothing_is_no_model(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.gguf"):
        with pytest.raises(GgufError, match=r"cannot be read|not a file"):
            read_header(path)
