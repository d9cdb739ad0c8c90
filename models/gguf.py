"""The header of a GGUF file: what a model is and how large, read without llama.cpp and without its weights.

Invariant: foreign data. Whatever bytes a file has, reading it ends soon with a header or a :class:`GgufError`; no more
than the header is read, and nothing of it is executed (a chat template is only text here).
"""

from __future__ import annotations

import os
import re
import struct
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from .gguf_types import FILE_TYPES, TENSOR_TYPES

MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_MOST_HEADER_BYTES = 256 << 20
_MOST_STRING_BYTES = 8 << 20
_MOST_FIELDS = 65_536
_MOST_TENSORS = 262_144
_MOST_KEPT_ITEMS = 4_096
"""Longer arrays (vocabularies) are counted and passed over."""
_BLOCK = 1 << 20
_STRING, _ARRAY = 8, 9
_FORMS = ("<B", "<b", "<H", "<h", "<I", "<i", "<f", "<?", "<Q", "<q", "<d")
_SCALARS: Mapping[int, struct.Struct] = MappingProxyType(
    dict(zip((0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12), map(struct.Struct, _FORMS), strict=True))
)
_LENGTH = _SCALARS[10]
_PART = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _PassedOver:
    """A long array, of which only the length is kept."""

    count: int


Value = int | float | bool | str | tuple["Value", ...] | _PassedOver


class GgufError(ValueError):
    """A file that is no usable GGUF; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of its model. ``None`` is what it does not say; sizes are in bytes."""

    path: Path
    architecture: str
    name: str | None
    quantisation: str | None
    parameters: int
    context_length: int | None
    layers: int
    embedding_length: int | None
    heads: tuple[int, ...]
    """Per layer."""
    kv_heads: tuple[int, ...]
    """Per layer; 0 where a layer keeps no keys and values."""
    key_length: int | None
    value_length: int | None
    kv_latent_length: int | None
    """Length of what is kept per token and layer where keys and values are compressed together (MLA)."""
    vocabulary_size: int | None
    chat_template: str | None
    weights_bytes: int
    """All parts of a split model together."""
    layer_bytes: tuple[int, ...]
    """Weights of each layer, as far as this part has them; the rest is in no layer."""
    parts: int

    @property
    def is_language_model(self) -> bool:
        """Whether it can generate text: a projector of images, an adapter or a bare vocabulary lacks something."""
        return self.layers > 0 and self.vocabulary_size is not None and self.parameters > 0


def read_header(path: Path) -> Header:
    """The header of the file at ``path``, the first part where there are several. Raises :class:`GgufError`."""
    try:
        with path.open("rb") as file:
            if not os.path.isfile(path):  # noqa: PTH113 - a pipe would be waited for
                raise GgufError(f"{path} is not a file.")
            return _header(path, _Reader(path, file))
    except OSError as error:
        raise GgufError(f"{path} cannot be read: {error.strerror or error}.") from error


def part_paths(path: Path) -> tuple[Path, ...]:
    """All parts of a model of which ``path`` is one; only itself where it is not split."""
    match = _PART.search(path.name)
    if match is None:
        return (path,)
    stem, count = path.name[: match.start()], min(int(match[2]), 1000)
    return tuple(path.with_name(f"{stem}-{number:05}-of-{match[2]}.gguf") for number in range(1, count + 1))


class _Reader:
    """The file's bytes in order. Never reads beyond the most that a header may take."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path, self._file = path, file
        self.size = os.fstat(file.fileno()).st_size
        self._data, self._at, self._before = b"", 0, 0

    @property
    def position(self) -> int:
        """Bytes from the file's start."""
        return self._before + self._at

    def wrong(self, what: str) -> GgufError:
        return GgufError(f"{self._path} is no usable GGUF file: {what}. Get it anew, or name another one.")

    def take(self, count: int) -> bytes:
        self._fill(count)
        self._at += count
        return self._data[self._at - count : self._at]

    def scalar(self, code: int) -> int | float | bool:
        form = _SCALARS.get(code)
        if form is None:
            raise self.wrong(f"there is no value type {code}")
        value: int | float | bool = form.unpack(self.take(form.size))[0]
        return value

    def count(self, most: int, what: str) -> int:
        number = int(self.scalar(10))
        if number > most:
            raise self.wrong(f"it claims {number} {what}")
        return number

    def string(self) -> str:
        return self.take(self.count(_MOST_STRING_BYTES, "bytes in one text")).decode("utf-8", "replace")

    def skip_strings(self, count: int) -> None:
        """Pass over texts; a vocabulary has hundreds of thousands."""
        unpack, width = _LENGTH.unpack_from, _LENGTH.size
        for _ in range(count):
            if len(self._data) - self._at < width:
                self._fill(width)
            (length,) = unpack(self._data, self._at)
            if length > _MOST_STRING_BYTES:
                raise self.wrong(f"it claims {length} bytes in one text")
            self._at += width + length
            if self._at > len(self._data):
                self._at -= length
                self.take(length)

    def _fill(self, count: int) -> None:
        left = len(self._data) - self._at
        if left >= count:
            return
        if self.position + count > min(self.size, _MOST_HEADER_BYTES):
            short = self.size <= _MOST_HEADER_BYTES
            raise self.wrong("it ends in the middle of its header" if short else "its header is too large")
        rest = self._data[self._at :]
        read = self._file.read(max(_BLOCK, count - left))
        self._before += self._at
        self._data, self._at = rest + read, 0
        if len(self._data) < count:
            raise self.wrong("it ends in the middle of its header")


def _header(path: Path, reader: _Reader) -> Header:
    if reader.size < 24 or reader.take(4) != MAGIC:
        raise reader.wrong("it does not begin as one")
    version = int(reader.scalar(4))
    if version not in _VERSIONS:
        raise reader.wrong(f"version {version} is not one of {', '.join(map(str, _VERSIONS))}")
    tensors = reader.count(_MOST_TENSORS, "tensors")
    fields = dict(_field(reader) for _ in range(reader.count(_MOST_FIELDS, "fields")))
    infos = tuple(_tensor(reader) for _ in range(tensors))
    return _describe(path, reader, _Fields(fields), infos)


def _field(reader: _Reader) -> tuple[str, Value]:
    key = reader.string()
    return key, _value(reader, int(reader.scalar(4)))


def _value(reader: _Reader, code: int, depth: int = 0) -> Value:
    if code == _STRING:
        return reader.string()
    if code != _ARRAY:
        return reader.scalar(code)
    if depth > 2:
        raise reader.wrong("its arrays are nested too deeply")
    item, count = int(reader.scalar(4)), reader.count(_MOST_HEADER_BYTES, "items in one array")
    if count <= _MOST_KEPT_ITEMS:
        return tuple(_value(reader, item, depth + 1) for _ in range(count))
    if item == _STRING:
        reader.skip_strings(count)
    elif item in _SCALARS:
        reader.take(count * _SCALARS[item].size)
    else:
        raise reader.wrong(f"an array of {count} items of type {item}")
    return _PassedOver(count)


@dataclass(frozen=True, slots=True)
class _Tensor:
    name: str
    elements: int
    type: int
    offset: int
    bytes: int


def _tensor(reader: _Reader) -> _Tensor:
    name, dimensions = reader.string(), int(reader.scalar(4))
    if dimensions > 8:
        raise reader.wrong(f"a tensor of {dimensions} dimensions")
    elements = 1
    for _ in range(dimensions):
        elements *= int(reader.scalar(10))
    code, offset = int(reader.scalar(4)), int(reader.scalar(10))
    known = TENSOR_TYPES.get(code)
    size = 0 if known is None else -(-elements // known.block) * known.bytes
    return _Tensor(name, elements, code, offset, size)


class _Fields:
    """Typed access: a field of another type than it should have is as good as none."""

    def __init__(self, fields: Mapping[str, Value]) -> None:
        self._fields = fields
        self.architecture = self.text("general.architecture")

    def text(self, key: str) -> str | None:
        value = self._fields.get(key)
        return value if isinstance(value, str) and value else None

    def integer(self, key: str) -> int | None:
        value = self._fields.get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 40 else None

    def own(self, key: str) -> int | None:
        """A number under the architecture's name."""
        return self.integer(f"{self.architecture}.{key}")

    def per_layer(self, key: str, layers: int, default: int) -> tuple[int, ...]:
        value = self._fields.get(f"{self.architecture}.{key}")
        if isinstance(value, tuple) and len(value) == layers:
            return tuple(item if isinstance(item, int) and 0 <= item < 1 << 20 else default for item in value)
        one = self.own(key)
        return (default if one is None else one,) * layers

    def length(self, key: str) -> int | None:
        """The number of items of an array, also of one that was passed over."""
        value = self._fields.get(key)
        if isinstance(value, _PassedOver):
            return value.count
        return len(value) if isinstance(value, tuple) else None


def _describe(path: Path, reader: _Reader, fields: _Fields, tensors: Sequence[_Tensor]) -> Header:
    if fields.architecture is None:
        raise reader.wrong("it does not say its architecture")
    layers = fields.own("block_count") or 0
    if layers > 10_000:
        raise reader.wrong(f"it claims {layers} layers")
    heads = fields.per_layer("attention.head_count", layers, 0)
    width, most_heads = fields.own("embedding_length"), max(heads, default=0)
    head_length = width // most_heads if width and most_heads else None
    latent = fields.own("attention.kv_lora_rank")
    return Header(
        path=path,
        architecture=fields.architecture,
        name=fields.text("general.name"),
        quantisation=_quantisation(fields, tensors),
        parameters=sum(tensor.elements for tensor in tensors),
        context_length=fields.own("context_length"),
        layers=layers,
        embedding_length=width,
        heads=heads,
        kv_heads=fields.per_layer("attention.head_count_kv", layers, most_heads),
        key_length=fields.own("attention.key_length") or head_length,
        value_length=fields.own("attention.value_length") or head_length,
        kv_latent_length=None if latent is None else latent + (fields.own("rope.dimension_count") or 0),
        vocabulary_size=fields.length("tokenizer.ggml.tokens"),
        chat_template=fields.text("tokenizer.chat_template"),
        weights_bytes=_weights_bytes(path, reader, fields, tensors),
        layer_bytes=_layer_bytes(tensors, layers),
        parts=len(part_paths(path)),
    )


def _quantisation(fields: _Fields, tensors: Sequence[_Tensor]) -> str | None:
    """As the file says, else the type that most of the weights have."""
    told = fields.integer("general.file_type")
    if told is not None and told in FILE_TYPES:
        return FILE_TYPES[told]
    by_type = Counter[int]()
    for tensor in tensors:
        by_type[tensor.type] += tensor.elements
    known = [TENSOR_TYPES[code].name for code, _ in by_type.most_common() if code in TENSOR_TYPES]
    return known[0] if known else None


def _weights_bytes(path: Path, reader: _Reader, fields: _Fields, tensors: Sequence[_Tensor]) -> int:
    """The size of the weights; raises where a file is shorter than its own tensors, as after a broken download."""
    alignment = fields.integer("general.alignment") or 32
    start = -(-reader.position // alignment) * alignment
    end = start + max((tensor.offset + tensor.bytes for tensor in tensors), default=0)
    if tensors and end > reader.size:
        raise reader.wrong(f"it has {reader.size} bytes, and its weights would end at {end}; it was not copied whole")
    total = 0
    for part in part_paths(path):
        try:
            total += part.stat().st_size
        except OSError as error:
            raise reader.wrong(f"its part {part.name} is missing") from error
    return max(0, total - start)


def _layer_bytes(tensors: Sequence[_Tensor], layers: int) -> tuple[int, ...]:
    sizes = [0] * layers
    for tensor in tensors:
        match = re.match(r"blk\.(\d{1,5})\.", tensor.name)
        if match and int(match[1]) < layers:
            sizes[int(match[1])] += tensor.bytes
    return tuple(sizes)
