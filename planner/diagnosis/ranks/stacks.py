"""Stacks as programs print them: ``py-spy dump``, and ``faulthandler``. Text in, frames out, innermost first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .facts import Frame

_PROCESS = re.compile(r"^Process (\d+): (.*)$")
_THREAD = re.compile(r'^Thread (?:\d+|0x[0-9a-f]+)(?: \(([^)]*)\))?(?:: "(.*)")?')
_SPY_FRAME = re.compile(r"^ {4}(?P<function>\S.*?) \((?P<file>[^()]+):(?P<line>\d+)\)\s*$")
_FAULT_THREAD = re.compile(
    r"^(?P<current>Current thread|Thread) 0x[0-9a-f]+(?: \[.*\])? \(most recent call first\):"
)
_FAULT_FRAME = re.compile(r'^  File "(?P<file>.*)", line (?P<line>\d+) in (?P<function>.*)$')
MOST_PROCESSES, MOST_FRAMES = 256, 60


@dataclass(frozen=True, slots=True)
class Stack:
    """One process's main thread, as far as the text tells which that is."""

    pid: int | None
    command: str
    frames: tuple[Frame, ...]
    is_worker: bool = False
    """Whether it is a loader's worker process."""


def read(text: str) -> tuple[Stack, ...]:
    """Every process's main thread; empty where the text holds no stacks."""
    if "(most recent call first):" in text:
        return tuple(_of_faulthandler(text.splitlines()))[:MOST_PROCESSES]
    if text.startswith("Process ") or "\nProcess " in text:
        return tuple(_of_py_spy(text.splitlines()))[:MOST_PROCESSES]
    return ()


def _of_py_spy(lines: list[str]) -> Iterator[Stack]:
    pid, command = None, ""
    threads: list[tuple[str, list[Frame]]] = []
    for line in [*lines, "Process 0: end"]:
        if begun := _PROCESS.match(line):
            if threads:
                yield _stack(pid, command, threads)
            pid, command, threads = int(begun[1]), begun[2], []
        elif named := _THREAD.match(line):
            threads.append((named[2] or "", []))
        elif threads and (frame := _SPY_FRAME.match(line)):
            threads[-1][1].append(Frame(frame["file"], int(frame["line"]), frame["function"]))


def _of_faulthandler(lines: list[str]) -> Iterator[Stack]:
    """The main thread is the one that prints last; one dump follows another without a mark."""
    threads: list[tuple[str, list[Frame]]] = []
    for line in lines:
        if begun := _FAULT_THREAD.match(line):
            threads.append((begun["current"], []))
        elif threads and (frame := _FAULT_FRAME.match(line)):
            threads[-1][1].append(Frame(frame["file"], int(frame["line"]), frame["function"]))
    if threads:
        yield _stack(None, "", threads)


def _stack(pid: int | None, command: str, threads: list[tuple[str, list[Frame]]]) -> Stack:
    """Of a process its main thread: the one of that name, or the one that runs the program, or the last."""
    main = next((frames for name, frames in threads if name == "MainThread"), None)
    if main is None:
        main = next((frames for _, frames in threads if any(f.function == "<module>" for f in frames)), threads[-1][1])
    is_worker = any(frame.function == "_worker_loop" for frame in main)
    return Stack(pid, command, tuple(main[:MOST_FRAMES]), is_worker)
