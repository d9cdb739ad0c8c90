"""Which tokens may come next, so that an answer has exactly the shape that was asked for.

Invariant: what a constraint lets through is a beginning of a text of its shape. llguidance does it where it is
installed, llama.cpp's own grammar otherwise; a grammar that neither takes is an error. The token that the model wants
is looked at first, and the whole vocabulary only where that one may not come, so a model that does what it is told
pays nothing.
"""

from __future__ import annotations

import codecs
import ctypes
import importlib.util
from typing import Any, Protocol

import numpy as np
from llama_cpp import llama_cpp as C  # noqa: N812

from . import grammar
from .engine import EngineError, UnsupportedSchema
from .llama import Llama, Logits
from .schema import Shape


class Constraint(Protocol):
    """The state of one answer."""

    def allows(self, token: int) -> bool:
        """Whether this token may come next."""

    def mask(self, logits: Logits) -> None:
        """Make the scores of all tokens that may not come next minus infinity."""

    def accept(self, token: int) -> None:
        """Go on by one token that is allowed."""

    def forced(self) -> list[int]:
        """Tokens that must come next, whatever the model says; they are accepted already."""

    def is_over(self) -> bool:
        """Whether nothing but the end can come."""


class Constraints:
    """Makes constraints for one model; what is dear to make is made once."""

    def __init__(self, model: Llama, *, own: bool = False) -> None:
        self._model = model
        self._own = own or importlib.util.find_spec("llguidance") is None
        self._tokenizer: Any = None

    def of(self, shape: Shape) -> Constraint:
        """A constraint at its beginning."""
        if self._own:
            return _OwnGrammar(self._model, grammar.gbnf(shape))
        if self._tokenizer is None:
            from llguidance.llamacpp import lltokenizer_from_vocab

            self._tokenizer = lltokenizer_from_vocab(self._model.vocab, eos_token=self._model.turn_end)
        return _Guidance(self._model, self._tokenizer, grammar.lark(shape))


class _Guidance:
    """By llguidance."""

    def __init__(self, model: Llama, tokenizer: Any, source: str) -> None:
        from llguidance import LLMatcher

        self._model = model
        self._matcher = LLMatcher(tokenizer, LLMatcher.grammar_from_lark(source), log_level=0)
        self._check()
        self._bits = np.zeros((tokenizer.vocab_size + 31) // 32, dtype=np.int32)

    def allows(self, token: int) -> bool:
        if self._model.ends(token):
            return bool(self._matcher.is_accepting())
        return int(self._matcher.validate_tokens([token])) == 1

    def mask(self, logits: Logits) -> None:
        self._matcher.unsafe_compute_mask_ptr(self._bits.ctypes.data, self._bits.nbytes)
        self._check()
        allowed = np.unpackbits(self._bits.view(np.uint8), bitorder="little", count=len(logits))
        logits[allowed == 0] = -np.inf

    def accept(self, token: int) -> None:
        self._matcher.consume_token(token)
        self._check()

    def forced(self) -> list[int]:
        tokens = list(self._matcher.compute_ff_tokens())
        if tokens:
            self._matcher.consume_tokens(tokens)
            self._check()
        return tokens

    def is_over(self) -> bool:
        return bool(self._matcher.is_stopped())

    def _check(self) -> None:
        if self._matcher.is_error():
            raise UnsupportedSchema(f"The grammar of the answer cannot be kept to: {self._matcher.get_error()}")


class _OwnGrammar:
    """By llama.cpp's grammar sampler."""

    def __init__(self, model: Llama, source: str) -> None:
        self._model = model
        self._sampler = C.llama_sampler_init_grammar(model.vocab, source.encode(), b"root")
        if not self._sampler:
            raise UnsupportedSchema("llama.cpp does not take the grammar of the answer; its log says why.")
        size = model.vocabulary_size
        self._entries = np.zeros(size, dtype=[("id", np.int32), ("logit", np.float32), ("p", np.float32)])
        self._is_over = False
        # The grammar looks at characters, and lets bytes through that never become one.
        self._characters = codecs.getincrementaldecoder("utf-8")("strict")

    def __del__(self) -> None:
        if getattr(self, "_sampler", None):
            C.llama_sampler_free(self._sampler)

    def allows(self, token: int) -> bool:
        if not self._is_text(token):
            return False
        one = self._entries[:1].copy()
        one["id"], one["logit"] = token, 0.0
        self._apply(one)
        return bool(np.isfinite(one["logit"][0]))

    def mask(self, logits: Logits) -> None:
        entries = self._entries
        entries["id"], entries["logit"] = np.arange(len(entries)), logits
        self._apply(entries)
        logits[entries["id"]] = entries["logit"]

    def accept(self, token: int) -> None:
        self._is_over = self._model.ends(token)
        # To accept what does not fit throws in C++ and would end the process.
        if not self.allows(token):
            raise EngineError("A token does not fit the grammar of the answer.")
        C.llama_sampler_accept(self._sampler, token)
        self._characters.decode(self._model.piece(token))

    def _is_text(self, token: int) -> bool:
        before = self._characters.getstate()
        try:
            self._characters.decode(self._model.piece(token), final=self._model.ends(token))
            pending = self._characters.getstate()[0]
            # Half of a surrogate is found out only with its last byte, when nothing fits any more.
            return not (pending[:1] == b"\xed" and pending[1:2] >= b"\xa0")
        except UnicodeDecodeError:
            return False
        finally:
            self._characters.setstate(before)

    def forced(self) -> list[int]:
        return []

    def is_over(self) -> bool:
        return self._is_over

    def _apply(self, entries: Any) -> None:
        data = ctypes.cast(entries.ctypes.data, ctypes.POINTER(C.llama_token_data))
        array = C.llama_token_data_array(data, len(entries), -1, False)
        C.llama_sampler_apply(self._sampler, ctypes.byref(array))
