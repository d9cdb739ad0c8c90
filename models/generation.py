"""One answer of a model, token by token; and how probable given answers are.

Invariant: text is handed on as it comes and is valid at every moment: a character whose last byte is still missing
waits. A cancel is seen before every evaluation and inside it. The same seed and the same prompt give the same answer.
"""

from __future__ import annotations

import codecs
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .chat import Template
from .constrain import Constraint, Constraints
from .engine import EngineError, Finish, Generated, Limits, PromptTooLong, Scored
from .llama import Cancelled, Llama, Logits
from .schema import Shape

_MOST_ANSWERS = 256
_IMPOSSIBLE = -1e4
"""The logarithm of a probability that is too small for a number."""
_UTF8 = codecs.getincrementaldecoder("utf-8")


@dataclass(slots=True)
class Generator:
    """A loaded model that answers messages."""

    model: Llama
    template: Template
    constraints: Constraints
    _own_answers: dict[str, list[int]] = field(default_factory=dict)
    """The tokens of the last answers by their text. Splitting the text anew could give others, and what stands in the
    cache behind them would have to be evaluated again."""

    def prompt(self, messages: Sequence[Mapping[str, str]]) -> list[int]:
        """The tokens of a prompt for the assistant's turn."""
        tokens: list[int] = []
        for piece in self.template.pieces(messages):
            tokens += self.model.tokens(piece.text, with_control=True) if piece.is_template else self._said(piece.text)
        begin = self.model.begin
        return [begin, *tokens] if begin is not None and tokens[:1] != [begin] else tokens

    def _said(self, text: str) -> list[int]:
        """The tokens of what someone said, none of which ends a turn even where a file marks such a token as a word."""
        if text in self._own_answers:
            return self._own_answers[text]
        tokens = self.model.tokens(text, with_control=False)
        for token in tokens:
            if self.model.is_control(token):
                name = self.model.name(token)
                before, found, after = text.partition(name)
                if not found or len(name) < 2:
                    return [one for one in tokens if not self.model.is_control(one)]
                return [*self._said(before + name[:1]), *self._said(name[1:] + after)]
        return tokens

    def generate(
        self,
        messages: Sequence[Mapping[str, str]],
        limits: Limits,
        shape: Shape | None,
        on_text: Callable[[str], None],
    ) -> Generated:
        """The assistant's turn."""
        began = time.monotonic()
        prompt = self.prompt(messages)
        if len(prompt) + limits.tokens > self.model.context_tokens:
            raise PromptTooLong(
                f"The prompt has {len(prompt)} tokens and the answer may have {limits.tokens}; the context holds"
                f" {self.model.context_tokens}. Nothing was cut: leave something out, or load the model with more."
            )
        answer = _Answer(self.model, limits, None if shape is None else self.constraints.of(shape), on_text, began)
        known, evaluated = self.model.known_of(prompt), 0
        try:
            logits, evaluated = self.model.extend_to(prompt)
            finish = answer.go_on(logits)
        except Cancelled:
            evaluated = evaluated or max(0, self.model.known_of(prompt) - known)
            finish = Finish.SECONDS if time.monotonic() - began > limits.seconds else Finish.CANCELLED
        text = answer.end()
        self._remember(text, answer.tokens)
        return Generated(
            text=text,
            finish=finish,
            prompt_tokens=len(prompt),
            prompt_evaluated=evaluated,
            generated=answer.count,
            first_seconds=answer.first_seconds,
            seconds=time.monotonic() - began,
        )

    def score(self, messages: Sequence[Mapping[str, str]], options: Sequence[str]) -> Scored:
        """How probable each option is as the whole turn. Raises :class:`Cancelled`."""
        began = time.monotonic()
        prompt = self.prompt(messages)
        first, evaluated = self.model.extend_to(prompt)
        likelihoods = [self._likelihood(first, option, len(prompt)) for option in options]
        return Scored(
            probabilities=_softmax(likelihoods),
            log_likelihoods=tuple(likelihoods),
            prompt_tokens=len(prompt),
            prompt_evaluated=evaluated,
            seconds=time.monotonic() - began,
        )

    def _remember(self, text: str, tokens: list[int]) -> None:
        if text and not any(map(self.model.is_control, tokens)):
            self._own_answers[text] = tokens
        while len(self._own_answers) > _MOST_ANSWERS:
            del self._own_answers[next(iter(self._own_answers))]

    def _likelihood(self, first: Logits, option: str, length: int) -> float:
        """The log-probability of an option and the end behind it."""
        tokens = self.model.tokens(option, with_control=False)
        if not tokens:
            raise EngineError("An option without a token cannot be scored.")
        try:
            rows = self.model.append(tokens, all_scores=True)
        finally:
            self.model.cut(length)
        total = _log_probability(first, [tokens[0]])
        for row, token in zip(rows, tokens[1:], strict=False):
            total += _log_probability(row, [token])
        return total + _log_probability(rows[-1], self.model.end_tokens)


@dataclass(slots=True)
class _Answer:
    """An answer that grows."""

    model: Llama
    limits: Limits
    constraint: Constraint | None
    on_text: Callable[[str], None]
    began: float
    tokens: list[int] = field(default_factory=list)
    first_seconds: float | None = None
    _parts: list[str] = field(default_factory=list)
    _decoder: codecs.IncrementalDecoder = field(default_factory=lambda: _UTF8("replace"))
    _random: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self._random = np.random.default_rng(self.limits.seed)

    @property
    def count(self) -> int:
        """Tokens so far."""
        return len(self.tokens)

    def go_on(self, logits: Logits) -> Finish:
        """From the scores after the prompt to the end."""
        while True:
            forced = [] if self.constraint is None else self.constraint.forced()
            forced = forced[: self.limits.tokens - self.count]
            if forced:
                if any(self.model.ends(token) for token in forced):
                    return Finish.COMPLETE
                self._say(forced)
                step: Sequence[int] = forced
            else:
                if self.constraint is not None and self.constraint.is_over():
                    return Finish.COMPLETE
                token = self._choose(logits)
                if self.model.ends(token):
                    return Finish.COMPLETE
                if self.constraint is not None:
                    self.constraint.accept(token)
                self._say([token])
                step = (token,)
            if self.constraint is not None and self.constraint.is_over():
                return Finish.COMPLETE
            if self.count >= self.limits.tokens:
                return Finish.TOKENS
            if time.monotonic() - self.began > self.limits.seconds:
                return Finish.SECONDS
            logits = self.model.append(step)

    def end(self) -> str:
        """The whole text; a character that was begun and not ended is told as such."""
        self._hand_on(self._decoder.decode(b"", final=True))
        return "".join(self._parts)

    def _say(self, tokens: Sequence[int]) -> None:
        self.tokens += tokens
        if self.first_seconds is None:
            self.first_seconds = time.monotonic() - self.began
        self._hand_on(self._decoder.decode(b"".join(map(self.model.piece, tokens))))

    def _hand_on(self, text: str) -> None:
        if text:
            self._parts.append(text)
            self.on_text(text)

    def _choose(self, logits: Logits) -> int:
        """The next token: what the model wants where that may come, else the best of what may."""
        is_masked = False
        while True:
            token = self._sample(logits)
            if self.constraint is None or self.constraint.allows(token):
                return token
            if not is_masked:
                self.constraint.mask(logits)
                is_masked = True
            else:
                logits[token] = -np.inf
            if not np.isfinite(logits).any():
                raise EngineError("No token of this model's vocabulary fits the answer that was asked for.")

    def _sample(self, logits: Logits) -> int:
        if self.limits.temperature <= 0:
            return int(np.argmax(logits))
        scaled = logits.astype(np.float64) / self.limits.temperature
        weights = np.exp(scaled - scaled.max())
        return int(np.searchsorted(np.cumsum(weights), self._random.random() * weights.sum(), side="right"))


def _log_probability(logits: Logits, tokens: Sequence[int] | NDArray[np.int64]) -> float:
    """Of any of some tokens."""
    values = logits.astype(np.float64)
    weights = np.exp(values - values.max())
    share = float(weights[tokens].sum() / weights.sum())
    return math.log(share) if share > 0 else _IMPOSSIBLE


def _softmax(likelihoods: Sequence[float]) -> tuple[float, ...]:
    most = max(likelihoods)
    weights = [math.exp(one - most) for one in likelihoods]
    return tuple(weight / sum(weights) for weight in weights)
