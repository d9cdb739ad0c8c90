"""One model in llama.cpp: its tokens, and the evaluation of a sequence that grows and is cut back.

Invariant: only the worker process imports this. ``_known`` are exactly the tokens that the cache holds; whatever was
evaluated before and stands at the beginning of the next prompt is not evaluated again. An evaluation that is cancelled
leaves the cache as if it had ended with the batch before.
"""

from __future__ import annotations

import ctypes
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from llama_cpp import llama_cpp as C  # noqa: N812 - the C library's functions under their own names
from numpy.typing import NDArray

from .engine import EngineError, PromptTooLong

Logits = NDArray[np.float32]
_PIECE_BYTES = 1 << 10
_KV_TYPES = {"f16": C.GGML_TYPE_F16, "q8_0": C.GGML_TYPE_Q8_0, "q4_0": C.GGML_TYPE_Q4_0}
_ABORTED = 2
_MARK = re.compile(r"<.+>|\[.+\]", re.DOTALL)


class Cancelled(Exception):  # noqa: N818
    """The evaluation was cancelled; what was evaluated before it stays."""


@dataclass(frozen=True, slots=True)
class Load:
    """How a model is loaded."""

    path: Path
    context: int
    kv_type: str = "f16"
    device_layers: int = 0
    threads: int = 1
    batch: int = 256
    extra_buffers: bool = False
    """Whether weights are repacked for this processor: faster, twice the memory, and with some builds it crashes."""


class Llama:
    """A loaded model with one sequence."""

    def __init__(self, load: Load, is_cancelled: Callable[[], bool]) -> None:
        self._is_cancelled = is_cancelled
        self._log = C.llama_log_callback(_to_stderr)
        C.llama_log_set(self._log, ctypes.c_void_p(0))
        C.llama_backend_init()
        self._model = _load_model(load)
        self.vocab = C.llama_model_get_vocab(self._model)
        self._batch_tokens = load.batch
        # The library calls this while it computes, in this thread: so signals are handled there too.
        self._abort = C.ggml_abort_callback(lambda _: is_cancelled())
        self._context = _make_context(self._model, load, self._abort)
        self.context_tokens = int(C.llama_n_ctx(self._context))
        self._memory = C.llama_get_memory(self._context)
        self._batch = C.llama_batch_init(load.batch, 0, 1)
        self.vocabulary_size = int(C.llama_vocab_n_tokens(self.vocab))
        self._known: list[int] = []
        self._ends: NDArray[np.int64] | None = None

    # Tokens

    def tokens(self, text: str, *, with_control: bool) -> list[int]:
        """The tokens of a text. Only ``with_control`` do names of control tokens stand for these."""
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        buffer = (C.llama_token * room)()
        count = C.llama_tokenize(self.vocab, data, len(data), buffer, room, False, with_control)
        if count < 0:
            raise EngineError("A text could not be split into tokens.")
        return list(buffer[:count])

    def piece(self, token: int) -> bytes:
        """The bytes that a token stands for; none for a control token."""
        for size in (_PIECE_BYTES, 1 << 16):
            buffer = ctypes.create_string_buffer(size)
            count = C.llama_token_to_piece(self.vocab, token, buffer, size, 0, False)
            if count >= 0:
                return buffer.raw[:count]
        return b""

    def name(self, token: int) -> str:
        """A token as a template names it; empty for one that the model does not have."""
        text: bytes = C.llama_vocab_get_text(self.vocab, token) if token >= 0 else b""
        return text.decode("utf-8", "replace")

    def ends(self, token: int) -> bool:
        """Whether a token ends a turn or the text."""
        return bool(C.llama_vocab_is_eog(self.vocab, token))

    @property
    def end_tokens(self) -> NDArray[np.int64]:
        """All tokens that end a turn: some models have several, and do not always use the one that they name."""
        if self._ends is None:
            self._ends = np.array([token for token in range(self.vocabulary_size) if self.ends(token)], dtype=np.int64)
        return self._ends

    def is_control(self, token: int) -> bool:
        """Whether a token is one that only a template may write."""
        if C.llama_vocab_is_control(self.vocab, token) or self.ends(token):
            return True
        is_word = C.llama_vocab_get_attr(self.vocab, token) & C.LLAMA_TOKEN_ATTR_USER_DEFINED
        # Some files mark the turns with tokens that they call words.
        return bool(is_word) and _MARK.fullmatch(self.name(token)) is not None

    @property
    def turn_end(self) -> int:
        """The token that ends the assistant's turn."""
        token = int(C.llama_vocab_eot(self.vocab))
        return token if token >= 0 else int(C.llama_vocab_eos(self.vocab))

    @property
    def begin_name(self) -> str:
        """What a template calls the token that may begin a text."""
        return self.name(int(C.llama_vocab_bos(self.vocab)))

    @property
    def begin(self) -> int | None:
        """The token that a prompt begins with, for models that want one."""
        return int(C.llama_vocab_bos(self.vocab)) if C.llama_vocab_get_add_bos(self.vocab) else None

    # Evaluation

    def extend_to(self, tokens: Sequence[int]) -> tuple[Logits, int]:
        """Make the sequence exactly these tokens; the scores after the last, and how many had to be evaluated."""
        if not tokens:
            raise EngineError("A prompt without a token cannot be answered.")
        if len(tokens) > self.context_tokens:
            raise PromptTooLong(
                f"The prompt has {len(tokens)} tokens and the context holds {self.context_tokens}; nothing was cut."
            )
        # The last token is evaluated in any case: its scores are what is asked for.
        keep = min(_shared(self._known, tokens), len(tokens) - 1)
        self.cut(keep)
        start = len(self._known)
        return self.append(tokens[start:]), len(tokens) - start

    def known_of(self, tokens: Sequence[int]) -> int:
        """How many tokens of a prompt, from its beginning, are there already."""
        return _shared(self._known, tokens)

    def append(self, tokens: Sequence[int], *, all_scores: bool = False) -> Logits:
        """Evaluate more tokens; the scores after the last one, or after each. Raises :class:`Cancelled`."""
        if len(self._known) + len(tokens) > self.context_tokens:
            raise PromptTooLong(f"The context of {self.context_tokens} tokens is full.")
        rows: list[Logits] = []
        for at in range(0, len(tokens), self._batch_tokens):
            chunk = tokens[at : at + self._batch_tokens]
            is_last = at + len(chunk) == len(tokens)
            self._decode(chunk, all_scores=all_scores, last_scores=is_last)
            if all_scores:
                rows += [self._scores(index) for index in range(len(chunk))]
        return np.stack(rows) if all_scores else self._scores(-1)

    def cut(self, length: int) -> None:
        """Shorten the sequence; a model that cannot do so in part is begun anew."""
        if length >= len(self._known):
            return
        if length and C.llama_memory_seq_rm(self._memory, 0, length, -1):
            self._known = self._known[:length]
        else:
            C.llama_memory_clear(self._memory, True)
            self._known = []

    def use_threads(self, count: int) -> None:
        """How many threads compute from now on."""
        C.llama_set_n_threads(self._context, count, count)

    def _decode(self, chunk: Sequence[int], *, all_scores: bool, last_scores: bool) -> None:
        if self._is_cancelled():
            raise Cancelled
        batch, start = self._batch, len(self._known)
        batch.n_tokens = len(chunk)
        for index, token in enumerate(chunk):
            batch.token[index] = token
            batch.pos[index] = start + index
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = 0
            batch.logits[index] = all_scores or (last_scores and index == len(chunk) - 1)
        code = int(C.llama_decode(self._context, batch))
        if code == 0:
            self._known += chunk
            return
        self._known += chunk  # as if: so that the cut below takes off whatever part was evaluated
        self.cut(start)
        if code == _ABORTED:
            raise Cancelled
        raise EngineError(f"llama.cpp could not evaluate {len(chunk)} tokens (code {code}); its log says more.")

    def _scores(self, index: int) -> Logits:
        pointer = C.llama_get_logits_ith(self._context, index)
        return np.ctypeslib.as_array(pointer, shape=(self.vocabulary_size,)).copy()

    # State

    def save(self, path: Path) -> int:
        """Write the sequence with its cache to a file; how many tokens it has."""
        if self._known:
            array = (C.llama_token * len(self._known))(*self._known)
            C.llama_state_seq_save_file(self._context, bytes(path), 0, array, len(self._known))
        return len(self._known)

    def restore(self, path: Path) -> int:
        """Take a saved sequence up again; 0 where the file is of another model, or is none."""
        self.cut(0)
        room = self.context_tokens
        array, count = (C.llama_token * room)(), ctypes.c_size_t(0)
        if not C.llama_state_seq_load_file(self._context, bytes(path), 0, array, room, ctypes.byref(count)):
            C.llama_memory_clear(self._memory, True)
            return 0
        self._known = list(array[: count.value])
        return len(self._known)


def _shared(known: Sequence[int], wanted: Sequence[int]) -> int:
    """How many tokens two sequences have in common at their beginning."""
    for index, (one, other) in enumerate(zip(known, wanted, strict=False)):
        if one != other:
            return index
    return min(len(known), len(wanted))


def _load_model(load: Load) -> Any:
    settings = C.llama_model_default_params()
    settings.n_gpu_layers = load.device_layers
    settings.use_extra_bufts = load.extra_buffers
    model = C.llama_model_load_from_file(bytes(load.path), settings)
    if not model:
        raise EngineError(
            f"llama.cpp cannot load {load.path}: too little memory, a file that is not whole, or an architecture that"
            " this version does not know. Its log says more."
        )
    return model


def _make_context(model: Any, load: Load, abort: Any) -> Any:
    settings = C.llama_context_default_params()
    settings.n_ctx = load.context
    settings.n_batch = settings.n_ubatch = load.batch
    settings.n_threads = settings.n_threads_batch = load.threads
    settings.type_k = settings.type_v = _KV_TYPES[load.kv_type]
    quantised = load.kv_type != "f16"
    settings.flash_attn_type = C.LLAMA_FLASH_ATTN_TYPE_ENABLED if quantised else C.LLAMA_FLASH_ATTN_TYPE_AUTO
    settings.abort_callback = abort
    settings.swa_full = True  # a sequence can only be cut back where its older tokens were kept
    settings.no_perf = True
    context = C.llama_init_from_model(model, settings)
    if not context:
        raise EngineError(f"llama.cpp has too little memory for {load.path} with {load.context} tokens of context.")
    return context


def _to_stderr(level: int, text: bytes, _: object) -> None:
    """The worker's standard error is its log."""
    sys.stderr.write(text.decode("utf-8", "replace"))
