"""The second engine: a server on an address that the person named, speaking OpenAI's protocol (llama-server, Ollama,
vLLM, LM Studio).

Invariant: only that address is ever spoken to, directly: no redirect is followed and no proxy is used. What comes back
is bounded and checked; an answer that is not of the shape that was asked for is an error, because servers differ in
what they enforce.
"""

from __future__ import annotations

import http.client
import json
import math
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NoReturn
from urllib.parse import urlsplit

from .engine import (
    CallCancelled,
    CannotScore,
    EngineError,
    EngineMissing,
    Finish,
    Generated,
    Identity,
    Limits,
    Message,
    NotAsAsked,
    Scored,
)
from .schema import Shape, misfit, shape_of

_MOST_LINE_BYTES = 1 << 20
_MOST_BYTES = 16 << 20
_CONNECT_SECONDS = 10.0
_LETTERS = "ABCDEFGHIJKLMNOPQRST"
"""As many as a server tells probabilities of."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> NoReturn:
        raise EngineError(f"The server at {req.full_url} sends elsewhere, to {newurl}; only the named address is used.")


class ServerEngine:
    """See :class:`mlintern.models.engine.Engine`. Nothing is sent before the first call."""

    def __init__(self, address: str, *, name: str | None = None) -> None:
        self._base = base_address(address)
        self._name = name
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects)
        self._calls = threading.Lock()
        self._is_cancelled = threading.Event()
        self._response: http.client.HTTPResponse | None = None

    @property
    def identity(self) -> Identity:
        """The model, as the server names it. Raises :class:`EngineMissing`."""
        if self._name is None:
            listed = self._json(self._request("/v1/models", None), _CONNECT_SECONDS)
            try:
                self._name = str(listed["data"][0]["id"])
            except (KeyError, IndexError, TypeError):
                raise EngineMissing(f"The server at {self._base} names no model; load one there.") from None
        return Identity(self._name, f"server:{self._name}", self._base)

    def generate(
        self,
        messages: Sequence[Message],
        *,
        limits: Limits | None = None,
        on_text: Callable[[str], None] | None = None,
        schema: Mapping[str, Any] | None = None,
    ) -> Generated:
        """The next turn. Raises :class:`EngineError`."""
        limits = limits or Limits()
        shape = None if schema is None else shape_of(schema)
        with self._calls:
            self._is_cancelled.clear()
            answer = self._streamed(self._asked(messages, limits, schema), limits, on_text or _nobody)
        if shape is not None and answer.finish is Finish.COMPLETE:
            _check(shape, answer.text)
        return answer

    def score(self, messages: Sequence[Message], options: Sequence[str]) -> Scored:
        """How probable each option is, asked as letters. Raises :class:`CannotScore` where the server does not tell."""
        if not options or len(options) > len(_LETTERS):
            raise CannotScore(f"A server tells probabilities of up to {len(_LETTERS)} options.")
        began = time.monotonic()
        listed = "\n".join(f"{letter}: {option}" for letter, option in zip(_LETTERS, options, strict=False))
        last = Message(messages[-1].role, f"{messages[-1].text}\n\nAnswer with one letter and nothing else.\n{listed}")
        body = {**self._asked([*messages[:-1], last], Limits(tokens=1), None), "stream": False}
        with self._calls:
            self._is_cancelled.clear()
            answer = self._json(
                self._request("/v1/chat/completions", {**body, "logprobs": True, "top_logprobs": 20}), 300.0
            )
        if self._is_cancelled.is_set():
            raise CallCancelled("The scoring was cancelled.")
        likelihoods = [_of_letter(answer, letter) for letter in _LETTERS[: len(options)]]
        most = max(likelihoods)
        if most == -math.inf:
            raise CannotScore(f"The server at {self._base} does not tell how probable its answers are.")
        weights = [math.exp(one - most) for one in likelihoods]
        floor = [max(one, -1e9) for one in likelihoods]
        probabilities = tuple(weight / sum(weights) for weight in weights)
        return Scored(probabilities, tuple(floor), None, None, time.monotonic() - began)

    def cancel(self) -> None:
        """End the call under way; from any thread."""
        self._is_cancelled.set()
        response = self._response
        if response is not None:
            with suppress(OSError, AttributeError, ValueError):
                # Whoever waits for the next line is woken: closing alone would leave it waiting.
                response.fp.raw._sock.shutdown(2)  # type: ignore[attr-defined]

    def close(self) -> None:
        """End the call under way."""
        self.cancel()

    def _asked(
        self, messages: Sequence[Message], limits: Limits, schema: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self.identity.name,
            "messages": [{"role": str(message.role), "content": message.text} for message in messages],
            "max_tokens": limits.tokens,
            "temperature": limits.temperature,
            "seed": limits.seed,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if schema is not None:
            named = {"name": "answer", "strict": True, "schema": dict(schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": named}
        return body

    def _streamed(self, body: dict[str, Any], limits: Limits, on_text: Callable[[str], None]) -> Generated:
        began, parts = time.monotonic(), list[str]()
        first: float | None = None
        finish, usage = Finish.COMPLETE, dict[str, Any]()
        try:
            for event in self._events(self._request("/v1/chat/completions", body), limits.seconds):
                usage = _part(event, "usage") or usage
                choice = _first_choice(event)
                text = _part(choice, "delta").get("content")
                if isinstance(text, str) and text:
                    first = first if first is not None else time.monotonic() - began
                    parts.append(text)
                    on_text(text)
                if choice.get("finish_reason") == "length":
                    finish = Finish.TOKENS
                if self._is_cancelled.is_set() or time.monotonic() - began > limits.seconds:
                    finish = Finish.CANCELLED if self._is_cancelled.is_set() else Finish.SECONDS
                    break
        except EngineError:
            if not self._is_cancelled.is_set():
                raise
            finish = Finish.CANCELLED
        prompt = _count(usage.get("prompt_tokens"))
        cached = _count(_part(usage, "prompt_tokens_details").get("cached_tokens"))
        evaluated = None if prompt is None or cached is None else max(0, prompt - cached)
        generated = _count(usage.get("completion_tokens"))
        return Generated("".join(parts), finish, prompt, evaluated, generated, first, time.monotonic() - began)

    def _request(self, path: str, body: Mapping[str, Any] | None) -> urllib.request.Request:
        data = None if body is None else json.dumps(body).encode()
        return urllib.request.Request(f"{self._base}{path}", data, {"Content-Type": "application/json"})

    def _events(self, request: urllib.request.Request, seconds: float) -> Iterator[dict[str, Any]]:
        """The events of a stream; the end of the stream without its last word is an error."""
        with self._opened(request, seconds) as response:
            self._response = response
            try:
                while not self._is_cancelled.is_set():
                    line = response.readline(_MOST_LINE_BYTES)
                    if not line:
                        raise EngineError(f"The server at {self._base} ended in the middle of its answer.")
                    if line.strip() == b"data: [DONE]":
                        return
                    if line.startswith(b"data:"):
                        yield _object(line.removeprefix(b"data:"), self._base)
            except (OSError, http.client.HTTPException) as error:
                raise EngineError(f"The server at {self._base} broke off: {error}.") from error
            finally:
                self._response = None

    def _json(self, request: urllib.request.Request, seconds: float) -> dict[str, Any]:
        with self._opened(request, seconds) as response:
            try:
                return _object(response.read(_MOST_BYTES), self._base)
            except (OSError, http.client.HTTPException) as error:
                raise EngineError(f"The server at {self._base} broke off: {error}.") from error

    def _opened(self, request: urllib.request.Request, seconds: float) -> http.client.HTTPResponse:
        try:
            response: http.client.HTTPResponse = self._opener.open(request, timeout=seconds)
        except urllib.error.HTTPError as error:
            with error:
                said = error.read(500).decode("utf-8", "replace")
            raise EngineError(f"The server at {self._base} refuses ({error.code}): {said}") from error
        except (OSError, http.client.HTTPException) as error:
            why = getattr(error, "reason", error)
            raise EngineMissing(f"No server answers at {self._base}: {why}. Start it, or name another one.") from error
        return response


def base_address(address: str) -> str:
    """The address without a path of the protocol. Raises :class:`EngineError` for what is none."""
    parts = urlsplit(address if "://" in address else f"http://{address}")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise EngineError(f"“{address}” is no address of a server; write for example http://127.0.0.1:8080.")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/').removesuffix('/v1')}"


def _check(shape: Shape, text: str) -> None:
    try:
        problem = misfit(shape, json.loads(text))
    except (ValueError, RecursionError):
        problem = "the answer is no JSON"
    if problem is not None:
        raise NotAsAsked(f"The server did not keep to the form that was asked for: {problem}.")


def _object(data: bytes, address: str) -> dict[str, Any]:
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise EngineError(f"What answers at {address} does not speak the protocol.")
    return content


def _part(content: Mapping[str, Any], key: str) -> dict[str, Any]:
    """An object inside another; empty where there is none."""
    part = content.get(key)
    return part if isinstance(part, dict) else {}


def _first_choice(event: Mapping[str, Any]) -> dict[str, Any]:
    choices = event.get("choices")
    return choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}


def _of_letter(answer: Mapping[str, Any], letter: str) -> float:
    """The log-probability of a letter as the first token, in the forms that tokenizers have for it."""
    try:
        listed = answer["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
        found = [float(one["logprob"]) for one in listed if str(one["token"]).strip() == letter]
    except (KeyError, IndexError, TypeError, ValueError):
        return -math.inf
    return math.log(sum(map(math.exp, found))) if found else -math.inf


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _nobody(text: str) -> None:
    pass
