"""What the rest of the program knows of a language model: one small interface, whoever generates.

Invariant: everything that an engine returns is data of unknown quality. What cannot be done is an :class:`EngineError`
that says why and what to do; an engine never answers with less than was asked for, such as free text for a schema.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable


class Role(StrEnum):
    """Whose turn a message is."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class Message:
    """One turn. The text may be anyone's: it can say what it wants and still not end its turn."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may be generated, and how."""

    tokens: int = 1024
    seconds: float = 300.0
    temperature: float = 0.0
    """0 takes the likeliest token each time, which can be repeated exactly."""
    seed: int = 0


class Finish(StrEnum):
    """Why a generation ended."""

    COMPLETE = "complete"
    TOKENS = "token limit"
    SECONDS = "time limit"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Generated:
    """A text, and what it took. Counts of tokens; ``None`` where a server does not say."""

    text: str
    finish: Finish
    prompt_tokens: int | None
    prompt_evaluated: int | None
    """Tokens of the prompt that were really computed; the rest was still there from before."""
    generated: int | None
    first_seconds: float | None
    """Until the first text."""
    seconds: float

    @property
    def prompt_reused(self) -> int | None:
        """Tokens of the prompt that were still there."""
        if self.prompt_tokens is None or self.prompt_evaluated is None:
            return None
        return self.prompt_tokens - self.prompt_evaluated


@dataclass(frozen=True, slots=True)
class Scored:
    """How probable each option is, given that one of them is the answer; they add up to 1."""

    probabilities: tuple[float, ...]
    log_likelihoods: tuple[float, ...]
    """Of each option as a whole answer, its end included: how likely the model was to say any of them at all."""
    prompt_tokens: int | None
    prompt_evaluated: int | None
    seconds: float

    @property
    def margin(self) -> float:
        """The best option's lead over the second in probability."""
        best, *others = sorted(self.probabilities, reverse=True)
        return best - (others[0] if others else 0.0)


@dataclass(frozen=True, slots=True)
class Identity:
    """Which model answered, so that an answer can be traced: a name for people, and a fingerprint."""

    name: str
    fingerprint: str
    place: str
    """The file or the address."""


class EngineError(RuntimeError):
    """A generation that could not be made; the text says why and what to do."""


class EngineMissing(EngineError):  # noqa: N818
    """There is no engine: llama.cpp is not installed, the file is not there, the server does not answer."""


class EngineDied(EngineError):  # noqa: N818
    """The worker ended while it worked. The next call starts another one."""


class CallCancelled(EngineError):  # noqa: N818
    """Options were being scored when it was cancelled; half of a score is none."""


class PromptTooLong(EngineError):  # noqa: N818
    """The prompt does not fit into the context; nothing is ever cut silently."""


class UnsupportedSchema(EngineError):  # noqa: N818
    """A schema that cannot be kept to exactly."""


class NotAsAsked(EngineError):  # noqa: N818
    """An answer that has not the form that was asked for."""


class CannotScore(EngineError):  # noqa: N818
    """An engine that does not tell how probable its answers are."""


@runtime_checkable
class Engine(Protocol):
    """A language model that is ready, or says why it is not. One call at a time; ``cancel`` from any thread."""

    @property
    def identity(self) -> Identity:
        """Which model this is."""

    def generate(
        self,
        messages: Sequence[Message],
        *,
        limits: Limits = ...,
        on_text: Callable[[str], None] | None = None,
        schema: Mapping[str, Any] | None = None,
    ) -> Generated:
        """The next turn. ``on_text`` gets pieces of valid text as they come; with a ``schema`` it is compact JSON."""

    def score(self, messages: Sequence[Message], options: Sequence[str]) -> Scored:
        """How probable each option is as the next turn."""

    def cancel(self) -> None:
        """End the call under way, if there is one: it returns what it has."""

    def close(self) -> None:
        """Free everything."""
