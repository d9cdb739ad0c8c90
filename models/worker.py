"""The model worker's main program: llama.cpp in a process of its own, which may crash, hang or be killed.

Usage: python -m mlintern.models.worker IN OUT, two inherited descriptors. The first message says what to load.

Invariant: the main thread only listens, so that a cancel, the order to leave (SIGTERM) and the parent's end are seen
while the other thread computes. Nothing is written anywhere but to the answers' pipe and to the log, which is this
process's standard error; when the parent is gone, so is this process.
"""

from __future__ import annotations

import math
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from . import frames
from .engine import CallCancelled, EngineError, Limits

NICENESS = 5
_LEAVE_SECONDS = 5.0
Message = dict[str, Any]


class Worker:
    """The state of the process."""

    def __init__(self, incoming: int, outgoing: int) -> None:
        self._incoming = os.fdopen(incoming, "rb")
        self._outgoing = os.fdopen(outgoing, "wb")
        self._jobs: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._current, self._cancelled_up_to = 0, 0
        """Numbers of calls: they grow, so that a cancel is never taken for that of a later call."""
        self._deadline = math.inf
        self._leaving = threading.Event()
        self._generator: Any = None
        self._state_path: Path | None = None

    def listen(self) -> None:
        """Take messages until the parent is gone."""
        signal.signal(signal.SIGTERM, self._leave)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's ^C is the face's business
        threading.Thread(target=self._compute, daemon=True).start()
        while True:
            try:
                message = frames.read(self._incoming)
            except (EOFError, OSError):
                os._exit(0)
            match message["do"]:
                case "cancel":
                    self._cancelled_up_to = message["id"]
                case "leave":
                    self._leave()
                case _:
                    self._jobs.put(message)

    def _leave(self, *_: object) -> None:
        """Free everything, the state saved where that takes no time worth mentioning."""
        self._leaving.set()
        self._jobs.put({"do": "leave", "id": self._current})
        threading.Timer(_LEAVE_SECONDS, os._exit, (1,)).start()

    def _is_cancelled(self) -> bool:
        is_asked = self._current <= self._cancelled_up_to or self._leaving.is_set()
        return is_asked or time.monotonic() > self._deadline

    def _compute(self) -> None:
        while True:
            job = self._jobs.get()
            self._current, self._deadline = job["id"], math.inf
            try:
                answer = {"done": self._do(job)}
            except EngineError as error:
                answer = {"error": {"kind": type(error).__name__, "message": str(error)}}
            except Exception as error:  # noqa: BLE001 - the process boundary: the parent is told, the log has the rest
                traceback.print_exc()
                answer = {"error": {"kind": "EngineError", "message": f"The model worker failed: {error!r}."}}
            self._send({"id": job["id"], **answer})

    def _do(self, job: Message) -> Any:
        match job["do"]:
            case "load":
                return self._load(job)
            case "leave":
                self._save()
                os._exit(0)
            case "generate":
                self._begin(job)
                return asdict(self._generate(job))
            case "score":
                self._begin(job)
                return asdict(self._score(job))
        raise EngineError(f"The model worker does not know {job['do']!r}.")

    def _begin(self, job: Message) -> None:
        self._deadline = time.monotonic() + job["limits"]["seconds"]
        self._generator.model.use_threads(job["threads"])

    def _load(self, job: Message) -> Any:
        from .chat import Template
        from .constrain import Constraints
        from .generation import Generator
        from .llama import Llama, Load

        settings = {**job["load"], "path": Path(os.fsdecode(bytes.fromhex(job["load"]["path"])))}
        model = Llama(Load(**settings), self._is_cancelled)
        template = Template(
            source=job["template"],
            knows_chatml=len(model.tokens("<|im_end|>", with_control=True)) == 1,
            begin=model.begin_name,
            end=model.name(model.turn_end),
        )
        self._generator = Generator(model, template, Constraints(model, own=job["own_grammar"]))
        self._state_path = Path(job["state"]) if job["state"] else None
        restored = 0
        if self._state_path is not None and self._state_path.exists():
            restored = model.restore(self._state_path)
            self._state_path.unlink(missing_ok=True)
        return {"context": model.context_tokens, "restored": restored}

    def _save(self) -> None:
        if self._generator is not None and self._state_path is not None:
            with suppress(OSError):
                self._state_path.parent.mkdir(parents=True, exist_ok=True)
                self._generator.model.save(self._state_path)

    def _generate(self, job: Message) -> Any:
        from .schema import shape_of

        shape = None if job["schema"] is None else shape_of(job["schema"])
        say: Callable[[str], None] = lambda text: self._send({"id": job["id"], "text": text})  # noqa: E731
        return self._generator.generate(job["messages"], Limits(**job["limits"]), shape, say)

    def _score(self, job: Message) -> Any:
        from .llama import Cancelled

        try:
            return self._generator.score(job["messages"], job["options"])
        except Cancelled:
            raise CallCancelled("The scoring was cancelled, or took too long.") from None

    def _send(self, message: Message) -> None:
        try:
            frames.write(self._outgoing, message)
        except OSError:
            os._exit(0)  # nobody reads any more


def main() -> None:
    """Serve until the parent is gone."""
    with suppress(OSError):
        os.nice(NICENESS)
    Worker(int(sys.argv[1]), int(sys.argv[2])).listen()


if __name__ == "__main__":
    main()
