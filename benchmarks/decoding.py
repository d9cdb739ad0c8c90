"""What keeping a model to a form costs, and what a follow-up question costs: real llama.cpp, a vocabulary of 150 000.

Usage: python -m mlintern.benchmarks.decoding [--rounds N] [--tokens N] [--json FILE]

The model is noise of the shape of a small one, written into a temporary folder: its words cost what a real model's do,
and much of what it wants to say is refused, which a model that does what it is told does not reach. Free and
constrained answers take turns in one process; the figure is the ratio of their times per token. Exit code 1 where the
constrained one takes more than a tenth longer, or a follow-up evaluates more than its new tokens.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from mlintern.models.engine import Generated, Limits, Message, Role
from mlintern.models.fit import Plan
from mlintern.models.gguf import read_header
from mlintern.models.local import LocalEngine, Surroundings
from mlintern.tests.models import tiny

BUDGET = 0.10
VOCABULARY = 150_000
SHAPE = tiny.Shape(width=512, layers=8, heads=8, kv_heads=2, feed_forward=1536, context=8192)
SCHEMA = {"type": "object", "properties": {"why": {"type": "string", "minLength": 600, "maxLength": 2000}}}
LONG = "The learning rate is divided by ten after each third of the epochs. " * 15


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, tell, and judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--tokens", type=int, default=48)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        engine = _engine(Path(folder))
        try:
            told = {**_constrained(engine, options.rounds, options.tokens), **_follow_up(engine)}
            told |= {**_cancel(engine), **_lateness(engine)}
        finally:
            engine.close()
    for key, value in told.items():
        print(f"{key}: {value}")
    if options.json is not None:
        options.json.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    is_good = told["constrained_over_free"] <= 1 + BUDGET and told["follow_up_evaluated"] <= told["follow_up_new"]
    return 0 if is_good else 1


def _engine(folder: Path) -> LocalEngine:
    """A model of noise; the output is tied to the embeddings, as small models have it."""
    path, random = folder / "noise.gguf", np.random.default_rng(1)
    vocabulary = _vocabulary()
    tensors: dict[str, Any] = {}
    for name, size in tiny.sizes(SHAPE, len(vocabulary)).items():
        noise = random.standard_normal(size, dtype=np.float32) / np.float32(math.sqrt(size[-1]))
        tensors[name] = np.ones(size, dtype=np.float32) if "norm" in name else noise.astype(np.float16)
    tiny.write(path, vocabulary, SHAPE, {name: one for name, one in tensors.items() if name != "output.weight"})
    plan = Plan(SHAPE.context, "f16", 0, 0, 0)
    return LocalEngine(read_header(path), folder, Surroundings(plan=lambda: plan, threads=lambda: 1))


def _vocabulary() -> tiny.Vocabulary:
    vocabulary = tiny.Vocabulary()
    random, seen = np.random.default_rng(2), set(vocabulary.texts)
    letters = [*tiny.LETTERS[97:123], *tiny.LETTERS[97:123], tiny.LETTERS[32], *tiny.LETTERS[33:65]]
    while len(vocabulary.texts) < VOCABULARY:
        text = "".join(random.choice(letters, size=random.integers(2, 9)))
        if text not in seen:
            seen.add(text)
            vocabulary.texts.append(text)
            vocabulary.types.append(tiny.NORMAL)
    return vocabulary


def _constrained(engine: LocalEngine, rounds: int, tokens: int) -> dict[str, Any]:
    """Time per token, free and constrained in turns; the first of each warms up."""
    free, held = list[float](), list[float]()
    for number in range(rounds + 1):
        limits = Limits(tokens=tokens, temperature=1.0, seed=number)
        pair = [(free, None), (held, SCHEMA)]
        for times, schema in pair if number % 2 else pair[::-1]:
            answer = engine.generate([_user("Why?")], limits=limits, schema=schema)
            if number:
                times.append(_per_token(answer))
    ratios = [one / other for one, other in zip(held, free, strict=True)]
    return {
        "vocabulary": VOCABULARY,
        "free_ms_per_token": round(1e3 * median(free), 2),
        "constrained_ms_per_token": round(1e3 * median(held), 2),
        "constrained_over_free": round(median(ratios), 3),
        "ratios": [round(ratio, 3) for ratio in ratios],
    }


def _per_token(answer: Generated) -> float:
    assert answer.first_seconds is not None and answer.generated is not None
    return (answer.seconds - answer.first_seconds) / (answer.generated - 1)


def _follow_up(engine: LocalEngine) -> dict[str, Any]:
    """A long first question, and a short one after it."""
    limits = Limits(tokens=8)
    first = engine.generate([_user(LONG)], limits=limits)
    talk = [_user(LONG), Message(Role.ASSISTANT, first.text), _user("And then?")]
    second = engine.generate(talk, limits=limits)
    assert first.prompt_tokens and first.generated and second.prompt_tokens
    assert first.first_seconds and second.first_seconds
    return {
        "first_prompt": first.prompt_tokens,
        "first_seconds": round(first.first_seconds, 3),
        "follow_up_prompt": second.prompt_tokens,
        "follow_up_new": second.prompt_tokens - first.prompt_tokens - first.generated + 1,
        "follow_up_evaluated": second.prompt_evaluated,
        "follow_up_seconds": round(second.first_seconds, 3),
        "first_over_follow_up": round(first.first_seconds / second.first_seconds, 1),
    }


def _cancel(engine: LocalEngine) -> dict[str, Any]:
    """Milliseconds from the cancel to the call's end, while it reads and while it writes."""
    reading = [_cancelled(engine, [_user(f"{number} {LONG * 6}")], 0.3) for number in range(5)]
    writing = [_cancelled(engine, [_user("Go on.")], 0.3) for _ in range(5)]
    worst = {"cancel_reading_ms": max(reading), "cancel_writing_ms": max(writing)}
    return {name: round(1e3 * seconds, 1) for name, seconds in worst.items()}


def _cancelled(engine: LocalEngine, messages: Sequence[Message], after: float) -> float:
    ended = list[float]()

    def run() -> None:
        engine.generate(messages, limits=Limits(tokens=1000))
        ended.append(time.monotonic())

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(after)
    asked = time.monotonic()
    engine.cancel()
    thread.join()
    return ended[0] - asked


def _lateness(engine: LocalEngine) -> dict[str, Any]:
    """How late the face's own thread wakes up while the worker writes: 99th percentile of 400 ticks of 5 ms."""
    thread = threading.Thread(target=lambda: engine.generate([_user("Go on.")], limits=Limits(tokens=400)))
    thread.start()
    late = list[float]()
    while thread.is_alive() and len(late) < 400:
        began = time.monotonic()
        time.sleep(0.005)
        late.append(time.monotonic() - began - 0.005)
    engine.cancel()
    thread.join()
    return {"face_late_ms_p99": round(1e3 * sorted(late)[int(len(late) * 0.99) - 1], 1)}


def _user(text: str) -> Message:
    return Message(Role.USER, text)


if __name__ == "__main__":
    raise SystemExit(main())
