"""GGUF files that the tests write themselves: models that say exactly what a table tells, and models of noise.

A scripted model is a Markov table in the weights of a real llama: embeddings are one-hot, attention and feed-forward
add nothing, and the output matrix holds the logarithms of the table. Whatever llama.cpp computes is then known exactly.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

NORMAL, CONTROL, USER_DEFINED = 1, 3, 4
END, START = "<|im_end|>", "<|im_start|>"
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
NEVER = -30.0
"""Log-probability of what the table does not name."""


def _byte_letters() -> list[str]:
    """How byte-level BPE writes each byte, as a letter that can be seen."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = iter(range(256, 512))
    return [chr(byte) if byte in plain else chr(next(others)) for byte in range(256)]


LETTERS = _byte_letters()


@dataclass
class Vocabulary:
    """Every single byte, the turn marks, and words that are always one token."""

    words: Sequence[str] = ()
    texts: list[str] = field(init=False)
    types: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.texts = [*LETTERS, END, START, *self.words]
        self.types = [NORMAL] * 256 + [CONTROL] * 2 + [USER_DEFINED] * len(self.words)

    def id(self, text: str | int) -> int:
        """A word's token, a turn mark's, a letter's, or a byte's."""
        if isinstance(text, int):
            return text
        if text in (END, START) or text in self.words:
            return self.texts.index(text, 256)
        (byte,) = text.encode()
        return byte

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True)
class Shape:
    """Sizes of a model."""

    width: int = 64
    layers: int = 1
    heads: int = 2
    kv_heads: int = 1
    feed_forward: int = 64
    context: int = 4096


def write_scripted(
    path: Path,
    words: Sequence[str],
    table: Mapping[str | int, Mapping[str | int, float]],
    *,
    template: str | None = CHATML,
    context: int = 4096,
) -> Path:
    """After each token what follows with which probability; what is not in the table is followed by the turn's end."""
    vocabulary = Vocabulary(words)
    width = -(-len(vocabulary) // 32) * 32
    shape = Shape(width, 1, width // 32, 1, 32, context)
    output = np.full((len(vocabulary), width), NEVER, dtype=np.float32)
    output[vocabulary.id(END), :] = 0.0
    for before, after in table.items():
        output[:, vocabulary.id(before)] = NEVER
        for text, probability in after.items():
            output[vocabulary.id(text), vocabulary.id(before)] = math.log(probability)
    tensors = {name: np.zeros(size, dtype=np.float32) for name, size in sizes(shape, len(vocabulary)).items()}
    tensors["token_embd.weight"] = np.eye(len(vocabulary), width, dtype=np.float32)
    tensors["output.weight"] = output
    tensors["output_norm.weight"] = np.full(width, 1 / math.sqrt(width), dtype=np.float32)
    write(path, vocabulary, shape, tensors, template=template)
    return path


def say(path: Path, text: str, *, template: str | None = CHATML, context: int = 4096) -> Path:
    """A model that answers everything with one text."""
    words = distinct_parts(text)
    chain: dict[str | int, dict[str | int, float]] = {
        before: {after: 1.0} for before, after in zip(["\n", *words], [*words, END], strict=True)
    }
    return write_scripted(path, words, chain, template=template, context=context)


def distinct_parts(text: str) -> list[str]:
    """The text in parts of which no two are alike, none a single byte: each tells where in the text it stands."""
    parts: list[str] = []
    at = 0
    while at < len(text):
        length = 2
        while text[at : at + length] in parts and at + length < len(text):
            length += 1
        part = text[at : at + length]
        at += length
        if len(text) - at < 2 or part in parts:
            part, at = part + text[at:], len(text)
        parts.append(part)
    assert len(set(parts)) == len(parts), text
    return parts


def write_random(
    path: Path, seed: int, *, words: Sequence[str] = (), shape: Shape | None = None, dtype: Any = np.float32
) -> Path:
    """A model of noise: it says anything."""
    shape = shape or Shape()
    vocabulary, random = Vocabulary(words), np.random.default_rng(seed)
    tensors = {}
    for name, size in sizes(shape, len(vocabulary)).items():
        if "norm" in name:
            tensors[name] = np.ones(size, dtype=np.float32)
        else:
            noise = random.standard_normal(size, dtype=np.float32) * (1 / math.sqrt(size[-1]))
            tensors[name] = noise.astype(dtype)
    tensors["output.weight"] = tensors["output.weight"] * 4
    write(path, vocabulary, shape, tensors)
    return path


def sizes(shape: Shape, vocabulary: int) -> dict[str, tuple[int, ...]]:
    """The tensors of a llama, rows first."""
    width, head = shape.width, shape.width // shape.heads
    found: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (vocabulary, width),
        "output_norm.weight": (width,),
        "output.weight": (vocabulary, width),
    }
    for layer in range(shape.layers):
        block = {
            "attn_norm": (width,), "attn_q": (width, width), "attn_k": (head * shape.kv_heads, width),
            "attn_v": (head * shape.kv_heads, width), "attn_output": (width, width), "ffn_norm": (width,),
            "ffn_gate": (shape.feed_forward, width), "ffn_up": (shape.feed_forward, width),
            "ffn_down": (width, shape.feed_forward),
        }  # fmt: skip
        found |= {f"blk.{layer}.{name}.weight": size for name, size in block.items()}
    return found


def write(
    path: Path,
    vocabulary: Vocabulary,
    shape: Shape,
    tensors: Mapping[str, np.ndarray[Any, Any]],
    *,
    template: str | None = CHATML,
    more: Mapping[str, Any] | None = None,
) -> None:
    """The file, version 3 of the format."""
    fields: dict[str, Any] = {
        "general.architecture": "llama",
        "general.name": path.stem,
        "general.file_type": 1 if tensors["token_embd.weight"].dtype == np.float16 else 0,
        "llama.block_count": shape.layers,
        "llama.context_length": shape.context,
        "llama.embedding_length": shape.width,
        "llama.feed_forward_length": shape.feed_forward,
        "llama.attention.head_count": shape.heads,
        "llama.attention.head_count_kv": shape.kv_heads,
        "llama.attention.layer_norm_rms_epsilon": 1e-6,
        "llama.rope.dimension_count": shape.width // shape.heads,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.tokens": vocabulary.texts,
        "tokenizer.ggml.token_type": vocabulary.types,
        "tokenizer.ggml.merges": [f"{LETTERS[0]} {LETTERS[1]}"],
        "tokenizer.ggml.eos_token_id": vocabulary.id(END),
        "tokenizer.ggml.add_bos_token": False,
        **({} if template is None else {"tokenizer.chat_template": template}),
        **(more or {}),
    }
    kinds = {np.dtype(np.float32): 0, np.dtype(np.float16): 1}
    head = bytearray(b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(fields)))
    for key, value in fields.items():
        head += _text(key) + _typed(value)
    offset = 0
    for name, array in tensors.items():
        head += _text(name) + struct.pack("<I", array.ndim)
        head += b"".join(struct.pack("<Q", size) for size in reversed(array.shape))
        head += struct.pack("<IQ", kinds[array.dtype], offset)
        offset += -(-array.nbytes // 32) * 32
    with path.open("wb") as file:
        file.write(head + bytes(-len(head) % 32))
        for array in tensors.values():
            file.write(array.tobytes())
            file.write(bytes(-array.nbytes % 32))


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _typed(value: Any) -> bytes:
    match value:
        case bool():
            return struct.pack("<I?", 7, value)
        case int():
            return struct.pack("<II", 4, value)
        case float():
            return struct.pack("<If", 6, value)
        case str():
            return struct.pack("<I", 8) + _text(value)
        case [str(), *_]:
            return struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(_text, value))
        case [int(), *_]:
            return struct.pack(f"<IIQ{len(value)}i", 9, 5, len(value), *value)
    raise TypeError(value)
