"""Whether a model fits into this machine's memory beside an experiment, and with how much context.

Invariant: pure arithmetic on the header. What the experiment needs is taken off first; a model never gets memory that a
run was promised. A plan is an upper bound: layers with a sliding window are counted in full.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .gguf import Header
from .gguf_types import KV_BYTES

CONTEXTS = (16_384, 8_192, 4_096, 2_048)
"""Tried from the largest; with fewer tokens than the last, a decision and its evidence do not fit into a prompt."""
BATCH_TOKENS = 256
"""Tokens evaluated at once: the compute buffer grows with it, and so does the time until a cancel is seen on a GPU."""
_HOST_OVERHEAD_BYTES = 200 << 20
"""The worker's Python, llama.cpp itself and its smaller buffers."""
_DEVICE_OVERHEAD_BYTES = 700 << 20
"""A CUDA context with its libraries."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What is free now, and what of it a run will need. Sizes in bytes; devices in the driver's order."""

    host_free: int
    device_free: tuple[int, ...] = ()
    host_promised: int = 0
    device_promised: int = 0
    """On the roomiest device, which is where an experiment goes first."""

    @property
    def host(self) -> int:
        """What a model may take of the host's memory."""
        return max(0, self.host_free - self.host_promised)

    @property
    def device(self) -> int:
        """What a model may take of one device."""
        return max(0, max(self.device_free, default=0) - self.device_promised)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a model is loaded: it fits so."""

    context: int
    kv_type: str
    device_layers: int
    """Layers on the GPU, from the last one down; one more than the model has puts the output there too."""
    host_bytes: int
    device_bytes: int


@dataclass(frozen=True, slots=True)
class NoFit:
    """Why it does not fit, with the numbers."""

    needed_bytes: int
    free_bytes: int


def kv_bytes_per_token(header: Header, kv_type: str = "f16") -> int:
    """Bytes of cached keys and values for each token of context, over all layers."""
    size = KV_BYTES[kv_type]
    attending = [heads for heads in header.kv_heads if heads]
    if header.kv_latent_length is not None:
        return int(len(attending) * header.kv_latent_length * size)
    return int(sum(attending) * ((header.key_length or 0) + (header.value_length or 0)) * size)


def compute_bytes(header: Header, batch_tokens: int = BATCH_TOKENS) -> int:
    """Bytes of llama.cpp's compute buffer: one row of scores per token of a batch, and some rows of activations."""
    return batch_tokens * 4 * ((header.vocabulary_size or 0) + 16 * (header.embedding_length or 0))


def plan(header: Header, memory: Memory, *, contexts: Sequence[int] = CONTEXTS) -> Plan | NoFit:
    """The roomiest way to load it: the most context first, on the GPU where all of it goes there."""
    most = header.context_length or contexts[0]
    tried = [context for context in contexts if context <= most] or [most]
    for context in tried:
        for kv_type in ("f16", "q8_0"):
            found = _on_device(header, memory, context, kv_type) or _on_host(header, memory, context, kv_type)
            if found is not None:
                return found
    return NoFit(_needed(header, tried[-1], "q8_0") + _HOST_OVERHEAD_BYTES, memory.host)


def _needed(header: Header, context: int, kv_type: str) -> int:
    return header.weights_bytes + context * kv_bytes_per_token(header, kv_type) + compute_bytes(header)


def _on_device(header: Header, memory: Memory, context: int, kv_type: str) -> Plan | None:
    """All on the GPU, or as many layers as go there where the rest fits into the host's memory."""
    kv = context * kv_bytes_per_token(header, kv_type)
    room = memory.device - _DEVICE_OVERHEAD_BYTES - compute_bytes(header)
    if room >= header.weights_bytes + kv and memory.host >= _HOST_OVERHEAD_BYTES:
        device = header.weights_bytes + kv + compute_bytes(header) + _DEVICE_OVERHEAD_BYTES
        return Plan(context, kv_type, header.layers + 1, _HOST_OVERHEAD_BYTES, device)
    kv_of_layer = kv // max(1, header.layers)
    layers, used = 0, 0
    for size in reversed(header.layer_bytes):
        if used + size + kv_of_layer > room:
            break
        layers, used = layers + 1, used + size + kv_of_layer
    rest = _needed(header, context, kv_type) + _HOST_OVERHEAD_BYTES - used
    if not layers or rest > memory.host:
        return None
    device = used + compute_bytes(header) + _DEVICE_OVERHEAD_BYTES
    return Plan(context, kv_type, layers, rest, device)


def _on_host(header: Header, memory: Memory, context: int, kv_type: str) -> Plan | None:
    needed = _needed(header, context, kv_type) + _HOST_OVERHEAD_BYTES
    return Plan(context, kv_type, 0, needed, 0) if needed <= memory.host else None
