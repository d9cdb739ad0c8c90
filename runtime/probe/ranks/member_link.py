"""The launcher's end of one rank: its process, its pipes, and what it has told so far."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from typing import Any

from ..stuck import SIGNAL

MOST_LOSSES = 200
MOST_LINE_BYTES = 8 << 20
MOST_UNENDED_BYTES = 1 << 14
SIGNS = ("hello", "progress", "metrics", "loops", "end", "rank")
"""Messages that show that a rank goes on."""
ECHO = re.compile(r"Connection (?:reset|closed|refused)|Broken pipe|[Tt]imed? ?out waiting|aborted|closed by peer")
"""What a rank says when another one is gone."""


class Member:
    """One rank."""

    def __init__(self, rank: int) -> None:
        self.rank = rank
        self.output, self.output_writer = os.pipe()
        self.events, self._events_writer = os.pipe()
        self._control_reader, self._control = os.pipe()
        self._stacks = tempfile.TemporaryFile()  # noqa: SIM115  open for as long as the rank lives
        self._process: subprocess.Popen[bytes] | None = None
        self._unended = b""
        self._rest = b""
        self._open = {"output", "events"}
        self.exit_code: int | None = None
        self.was_ended = False
        """Whether the launcher itself has ended it."""
        self.steps = self.steps_before = 0
        self.last_sign = time.monotonic()
        self.crash: dict[str, Any] | None = None
        self.crash_is_echo = False
        self.crashed_at = 0.0
        self.look: dict[str, Any] | None = None
        self._losses: list[list[Any]] = []
        self._facts: dict[str, Any] = {}
        self._loops: dict[str, Any] | None = None

    # -- the process ---------------------------------------------------------------------------------------------------

    @property
    def inherited(self) -> tuple[int, ...]:
        """The descriptors that the rank's process keeps."""
        return (self._events_writer, self._control_reader, self._stacks.fileno())

    @property
    def is_open(self) -> bool:
        """Whether more may come."""
        return bool(self._open)

    def settings(self, settings: Mapping[str, Any], world: int) -> str:
        """What the rank's probe is told."""
        own = {"events_fd": self._events_writer, "control_fd": self._control_reader, "stacks_fd": self._stacks.fileno()}
        return json.dumps({**settings, **own, "processes": None, "rank": self.rank, "world": world})

    def started(self, process: subprocess.Popen[bytes]) -> None:
        """Its process runs; the far ends of the pipes are its alone."""
        self._process = process
        for descriptor in (self.output_writer, self._events_writer, self._control_reader):
            os.close(descriptor)

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; ``None`` while it runs."""
        self.exit_code = None if self._process is None else self._process.poll()
        return self.exit_code

    def send(self, number: int) -> None:
        """Signal it; one that has ended is not."""
        if self._process is not None and self.poll() is None:
            self._process.send_signal(number)

    def end_workers(self) -> None:
        """End what it left behind, its loader's workers say, which would wait for it for ever."""
        if self._process is not None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except OSError:
                return

    def last_words(self) -> bytes:
        """How it ended, as a line of the log."""
        code = self.exit_code or 0
        if self.was_ended:
            return f"mlintern: rank {self.rank} was ended because of the others\n".encode()
        how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        return f"mlintern: rank {self.rank} {how}\n".encode()

    # -- what it says --------------------------------------------------------------------------------------------------

    def read_output(self) -> bytes | None:
        """Whole lines, marked with the rank; ``None`` at the end."""
        data = os.read(self.output, 1 << 16)
        mark = f"[rank{self.rank}]: ".encode()
        if not data:
            rest, self._unended = self._unended, b""
            return None if not rest else mark + rest + b"\n"
        *lines, self._unended = (self._unended + data).split(b"\n")
        if len(self._unended) > MOST_UNENDED_BYTES:
            lines, self._unended = [*lines, self._unended], b""
        # torch marks the lines of an exception so itself
        return b"".join((b"" if line.startswith(mark) else mark) + line + b"\n" for line in lines)

    def read_events(self) -> list[tuple[bytes, dict[str, Any]]] | None:
        """The messages that are whole by now, each with its bytes; ``None`` at the end."""
        data = os.read(self.events, 1 << 18)
        if not data:
            return None
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > MOST_LINE_BYTES:
            self._rest = b""
        found = []
        for line in lines:
            try:
                message = json.loads(line)
            except ValueError:
                continue
            if isinstance(message, dict):
                found.append((line, message))
        return found

    def close_output(self) -> None:
        """Nothing more is written."""
        self._open.discard("output")
        os.close(self.output)

    def close_events(self) -> None:
        """Nothing more is told."""
        self._open.discard("events")
        os.close(self.events)

    def take(self, message: dict[str, Any]) -> bool:
        """Note what it says; whether that shows that it goes on."""
        kind = message.get("e")
        if kind == "progress":
            self.steps_before, self.steps = self.steps, int(message.get("steps") or 0)
        elif kind == "metrics":
            losses = [row[:1] + row[2:3] for row in message.get("rows", ()) if row[1:2] == ["loss"]]
            self._losses = (self._losses + losses)[:MOST_LOSSES]
        elif kind == "crash":
            self.crash, self.crashed_at = message, time.monotonic()
            self.crash_is_echo = ECHO.search(str(message.get("message"))) is not None
        elif kind == "rank":
            self._facts = {name: value for name, value in message.items() if name != "e"}
        elif kind == "look":
            self.look = {name: value for name, value in message.items() if name != "e"}
        elif kind == "loops":
            self._loops = message.get("tree")
        return kind in SIGNS

    def marked(self, message: Mapping[str, Any]) -> bytes:
        """A message of its own, with its rank."""
        return encoded({**message, "rank": self.rank})

    # -- looking at it -------------------------------------------------------------------------------------------------

    def ask(self) -> None:
        """Ask where it stands; a rank that cannot answer is asked for its stack by a signal."""
        self.look = None
        try:
            os.write(self._control, b"look\n")
        except OSError:
            return

    def answer(self) -> dict[str, Any]:
        """Where it stands, as far as it could say."""
        if self.look is not None:
            return self.look
        if not SIGNAL or self._process is None or self.poll() is not None:
            return {}
        before = os.fstat(self._stacks.fileno()).st_size
        self._process.send_signal(SIGNAL)
        deadline = time.monotonic() + 0.5
        while time.monotonic() < deadline and os.fstat(self._stacks.fileno()).st_size == before:
            time.sleep(0.01)
        text = self._written(before)
        return {"text": text} if text else {}

    def _written(self, after: int) -> str:
        """What the C library has written of its stacks."""
        return os.pread(self._stacks.fileno(), 1 << 16, after).decode("utf-8", "replace")

    def told(self) -> dict[str, Any]:
        """Everything about it, for the report."""
        crash = self.crash or {}
        died = self._written(0) if (self.exit_code or 0) < 0 else ""
        return {
            **({"died_at": died} if died else {}),
            "rank": self.rank,
            "exit_code": self.exit_code,
            "steps": self.steps,
            "silent_seconds": round(time.monotonic() - self.last_sign, 1),
            "losses": self._losses,
            "loops": _lengths(self._loops),
            "crash": {name: crash.get(name) for name in ("type", "message", "file", "line")} if crash else None,
            "crash_is_echo": self.crash_is_echo,
            **self._facts,
        }


def encoded(message: Mapping[str, Any]) -> bytes:
    """A message as a line."""
    return json.dumps(message, separators=(",", ":"), default=str).encode("utf-8", "backslashreplace") + b"\n"


def _lengths(tree: Any) -> list[dict[str, Any]]:
    """Of every loop that trains: where it is, and the lengths that it was to have."""
    found: list[dict[str, Any]] = []
    waiting = [tree] if isinstance(tree, dict) else []
    while waiting:
        node = waiting.pop()
        waiting.extend(child for child in node.get("children", ()) if isinstance(child, dict))
        if node.get("role") == "train":
            count = node.get("planned_count")
            planned = node.get("planned_sum", 0) / count if count else None
            place = {"file": node.get("file"), "line": node.get("line")}
            found.append({**place, "planned": planned, "wall": node.get("self_wall"), "wait": node.get("wait")})
    return found

