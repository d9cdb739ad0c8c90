"""Asks the libraries in a forked child, so that an import that crashes, hangs or prints harms nothing.

Invariant: every question gets an answer; what a crash or the time limit left open is "could not tell", with the
module to blame.
"""

from __future__ import annotations

import json
import os
import select
import signal
import time
from collections.abc import Iterator, Sequence
from typing import Any

from .census import defaults_of
from .imports import Question
from .library import ABSENT, COULD_NOT_TELL, FOUND, Library, Looked
from .places import Places
from .signatures import judge

MAX_FORKS = 4
CALL = "call"
"""The answer that carries a verdict about a call's arguments."""
Result = dict[str, Any]


def ask(questions: Sequence[Question], places: Places, seconds: float) -> list[Result]:
    """One result for each question, in order."""
    deadline = time.monotonic() + seconds
    results: dict[int, Result] = {}
    culprits: dict[str, str] = {}
    for attempt in range(MAX_FORKS):
        is_last = attempt == MAX_FORKS - 1
        open_questions = [index for index in range(len(questions)) if index not in results]
        if not open_questions:
            break
        # A library that hangs may have half of the time that is left: then there is some for the others.
        until = deadline if is_last else (time.monotonic() + deadline) / 2
        module, end = _ask_once(questions, open_questions, places, culprits, until, results)
        if not end:
            break
        culprits[module] = f"importing {module} {end}" if module else f"looking into the libraries {end}"
        if not module:
            break
    why = "; ".join(culprits.values()) or "it was not reached"
    return [results.get(index, {"answer": COULD_NOT_TELL, "why": why}) for index in range(len(questions))]


def _ask_once(
    questions: Sequence[Question],
    open_questions: list[int],
    places: Places,
    culprits: dict[str, str],
    deadline: float,
    results: dict[int, Result],
) -> tuple[str, str]:
    """Fork, collect what the child says, and return the module it died in and how; no end means that it finished."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _serve(questions, open_questions, places, culprits, writer)
    os.close(writer)
    module, finished, late = "", False, False
    for message in _messages(reader, deadline):
        if message is None:
            late = True
        elif "module" in message:
            module = message["module"]
        elif "index" in message:
            results[message.pop("index")] = message
        else:
            finished = True
    os.close(reader)
    if late:
        os.kill(child, signal.SIGKILL)  # it is ours and not waited for yet, so its id cannot be another's
    _, status = os.waitpid(child, 0)
    if finished:
        return "", ""
    return module, "takes too long" if late else _how_it_ended(status)


def _serve(
    questions: Sequence[Question], open_questions: list[int], places: Places, culprits: dict[str, str], writer: int
) -> None:
    """The child's whole life; never returns."""
    code = 1
    try:
        _silence()
        with os.fdopen(writer, "w", encoding="utf-8") as pipe:

            def say(**message: Any) -> None:
                pipe.write(json.dumps(message) + "\n")
                pipe.flush()

            library = Library(places, announce=lambda name: say(module=name), failed=culprits)
            for index in open_questions:
                say(index=index, **answer(questions[index], library))
            say(end=True)
        code = 0
    finally:
        os._exit(code)


def answer(question: Question, library: Library) -> Result:
    """Look one thing up."""
    if question.defaults_of:
        looked = library.follow(question.defaults_of)
        return {"answer": looked.answer, "parameters": defaults_of(looked.value) if looked.answer == FOUND else []}
    if question.use is None:
        looked = library.module(question.module)
        if question.name and looked.answer == FOUND:
            looked = library.member(looked.value, question.name)
        return _looked(looked)
    looked = library.follow(question.use.target)
    if looked.answer != FOUND or question.use.shape is None:
        return _looked(looked)
    return {"answer": CALL, **vars(judge(looked.value, question.use.shape, method=question.use.method))}


def _looked(looked: Looked) -> Result:
    if looked.answer == ABSENT:
        return {"answer": ABSENT, "owner": looked.owner, "name": looked.name, "similar": looked.similar}
    return {"answer": looked.answer, "why": looked.why}


def _messages(reader: int, deadline: float) -> Iterator[Any]:
    """The child's messages as they come; ``None`` when the time is up."""
    rest = b""
    while True:
        remaining = deadline - time.monotonic()
        ready = select.select([reader], [], [], max(0.0, remaining))[0]
        if not ready:
            yield None
            return
        chunk = os.read(reader, 65536)
        if not chunk:
            return
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield json.loads(line)


def _silence() -> None:
    """Nothing that a library prints may reach the report."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)


def _how_it_ended(status: int) -> str:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        return f"ends the interpreter (signal {signal.Signals(number).name})"
    return f"ends the interpreter (exit {os.WEXITSTATUS(status)})"
