"""One run under way, as its supervisor sees it: a single loop over what the keeper, the script, the probe and the
clock say.

Invariant: one thread that never waits for anything but the next of these. Time is measured on the clock that does not
jump. A run that has begun always gets an end in the database, or in its folder while the database takes none.
"""

from __future__ import annotations

import os
import selectors
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from ..store import Store, StoreError
from ..store.records import Metric, Run, RunStatus
from ..store.runs import RunChanges
from . import gpu_use, hiding, leftovers, scratch, seal
from .guard import REPORT as MEMORY_REPORT
from .keeper_link import KeeperLink
from .last_words import LastWords
from .limits import Level, Passed, Usage, Watch
from .memory_watch import MemoryWatch
from .monitors import Monitors
from .outcome import Outcome, judge
from .output_log import LogIndexer, OutputLog
from .overrun import Overrun
from .printed import PREFIX, PrintedReader
from .protocol import LaunchFile, Limits, LineReader, ProbeMode, parse_message
from .recorder import FLUSH_SECONDS, Recorder

_READ_BYTES = 1 << 20
_SAMPLE_SECONDS = 1.0
_FIRST_SAMPLES = (0.1, 0.3, 0.6)
_DRAIN_SECONDS = 2.0
_PRINTING_MODES = (ProbeMode.PILOT, ProbeMode.WATCH, ProbeMode.OFF)


class WatchedRun:
    """Watches one run from its start to its end."""

    def __init__(
        self,
        store: Store,
        run: Run,
        launch: LaunchFile,
        *,
        limits: Limits,
        keeper: KeeperLink,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._run = run
        self._launch = launch
        self._limits = limits
        self._keeper = keeper
        self._clock = clock
        self._recorder = Recorder(store, run)
        self._watch = Watch(limits)
        self._overrun = Overrun(store, run, self._recorder)
        self._monitors = Monitors(keeper.pid, usd_per_hour=run.usd_per_hour, usd_per_kwh=run.usd_per_kwh)
        self._memory = MemoryWatch(
            store.path.parent,
            limits,
            launch.probe.mode,
            keeper=keeper,
            recorder=self._recorder,
            stop=self._stop,
            clock=clock,
        )
        self._log = OutputLog(run.log_path)
        self._code = seal.code(store, run)
        self._begun_at = time.time()
        self._indexer = LogIndexer(store, run.id, run.log_path)
        self._last_words = LastWords(run.folder)
        self._lines = LineReader()
        self._printed = PrintedReader() if launch.probe.mode in _PRINTING_MODES else None
        self._selector = selectors.DefaultSelector()
        self._sample_times = iter(_FIRST_SAMPLES)
        self._next_sample = self._next_flush = 0.0
        self._started: float | None = None
        self._ended: float | None = None
        self._wait_status: int | None = None
        self._failure: str | None = None
        self._gone: dict[str, Any] | None = None
        self._stop_reason: str | None = None
        self._kill_at: float | None = None
        self._leave_at: float | None = None

    def run(self, announce: Callable[[str | None], None]) -> None:
        """Start the training process, watch it, and write down how it ended.

        ``announce`` is told once: ``None`` when the training runs, or why it does not.
        """
        self._last_words.take_room()
        self._listen()
        self._keeper.give_orders(self._launch, self._run.folder)
        while not self._is_started_or_over():
            self._turn()
        announce(self._failure)
        while not self._is_over():
            self._turn()
        self._finish(self._outcome())

    # --- the loop ---------------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        for descriptor, handler in (
            (self._keeper.reports, self._hear_keeper),
            (self._keeper.output, self._hear_output),
            (self._keeper.events, self._hear_probe),
            (_wake_on_signal(), self._hear_signal),
        ):
            self._selector.register(descriptor, selectors.EVENT_READ, handler)

    def _turn(self) -> None:
        """Wait for the next thing to happen, and see to it."""
        for key, _ in self._selector.select(max(0.0, self._next_due() - self._clock())):
            key.data(key.fd)
        now = self._clock()
        if self._is_running:
            self._pass_all(self._watch.check(Usage(self._elapsed(now))))
            if now >= self._next_sample:
                self._sample(now)
        if now >= self._next_flush or self._recorder.has_much:
            self._next_flush = now + FLUSH_SECONDS
            if self._recorder.flush():
                self._indexer.advance(self._log.size_bytes)
        if (self._log.is_full or self._recorder.is_full) and self._is_running:
            self._stop(f"the disk that holds {self._run.folder} is full")
        if self._kill_at is not None and now >= self._kill_at:
            self._kill_at = None
            self._keeper.kill()

    def _next_due(self) -> float:
        due = [self._clock() + _SAMPLE_SECONDS, self._next_flush if self._recorder.is_waiting else None, self._kill_at]
        if self._is_running:
            due.append(self._next_sample)
            if self._limits.wall_seconds is not None and self._started is not None and self._stop_reason is None:
                due.append(self._started + self._limits.wall_seconds)
        return min(moment for moment in due if moment is not None)

    @property
    def _is_running(self) -> bool:
        return self._started is not None and self._ended is None

    def _elapsed(self, now: float) -> float:
        return 0.0 if self._started is None else (self._ended or now) - self._started

    def _is_started_or_over(self) -> bool:
        return self._started is not None or self._is_over()

    def _is_over(self) -> bool:
        """Whether the keeper is gone and everything that was written has been read."""
        if self._keeper.reports in self._selector.get_map():
            return False
        self._leave_at = self._leave_at or self._clock() + _DRAIN_SECONDS
        open_pipes = {self._keeper.output, self._keeper.events} & self._selector.get_map().keys()
        return not open_pipes or self._clock() >= self._leave_at

    # --- what happens -----------------------------------------------------------------------------------------------

    def _hear_keeper(self, descriptor: int) -> None:
        words = self._keeper.hear()
        if words is None:
            self._selector.unregister(descriptor)
            self._ended = self._ended or self._clock()
            self._keeper.close()
            return
        for word in words:
            match word["e"]:
                case "started":
                    self._begin(word)
                case "failed":
                    self._failure = word["what"]
                    self._recorder.report("isolation", {"held": None, "refused": word["refused"]})
                case "exited":
                    self._wait_status = word["status"]
                    self._ended = self._clock()
                case "stuck":
                    self._recorder.event("run.stuck", pids=word["pids"])
                case "gone":
                    self._gone = word

    def _begin(self, word: dict[str, Any]) -> None:
        self._started = self._next_sample = self._clock()
        self._next_sample += next(self._sample_times)
        self._recorder.report("isolation", {"held": word["isolation"], "refused": word["refused"]})
        if word.get("labels") is not None:
            self._recorder.report(hiding.REPORT, word["labels"])
            self._recorder.event("labels.probed", **word["labels"])
        if word["temporary"] is not None:
            self._recorder.report(leftovers.TEMPORARY, {"path": word["temporary"]})
        self._memory.training_pid = word["pid"]
        self._recorder.begin(isolation=word["isolation"], pid=word["pid"])
        if self._stop_reason is not None:
            self._keeper.terminate()

    def _hear_output(self, descriptor: int) -> None:
        data = os.read(descriptor, _READ_BYTES)
        if not data:
            self._selector.unregister(descriptor)
            return
        self._log.write(data)
        if self._printed is not None:
            found = self._printed.feed(data, now=self._clock())
            steps = self._recorder.steps
            self._recorder.measured(
                tuple(Metric(PREFIX + one.name, steps or one.step or 0, one.value) for one in found)
            )

    def _hear_probe(self, descriptor: int) -> None:
        data = os.read(descriptor, _READ_BYTES)
        if not data:
            self._selector.unregister(descriptor)
            return
        for line in self._lines.feed(data):
            message = parse_message(line)
            if message is None:
                self._lines.dropped += 1
            else:
                self._recorder.hear(message)

    def _hear_signal(self, descriptor: int) -> None:
        os.read(descriptor, 64)
        self._stop("stopped on request")

    def _sample(self, now: float) -> None:
        sample, usage = self._monitors.look(self._elapsed(now))
        self._recorder.sample(sample)
        self._recorder.used(self._monitors.spent(sample.elapsed_seconds))
        self._raise_ceiling(self._overrun.look(usage.wall_seconds, self._limits.wall_seconds))
        self._pass_all(self._watch.check(usage))
        if self._monitors.host is not None:
            self._memory.look(sample, usage, self._monitors.host)
        self._next_sample = now + self._memory.pause(next(self._sample_times, _SAMPLE_SECONDS))

    def _raise_ceiling(self, ceiling_seconds: float | None) -> None:
        if ceiling_seconds is None or self._stop_reason is not None:
            return
        self._limits = replace(self._limits, wall_seconds=ceiling_seconds)
        self._watch.allow(self._limits)
        self._recorder.allow(ceiling_seconds)

    def _pass_all(self, passed: tuple[Passed, ...]) -> None:
        for one in passed:
            self._recorder.event(
                "run.limit", limit=one.name, level=one.level, used=one.used, allowed=one.allowed, words=one.words
            )
            if one.level is Level.OVER:
                self._stop(one.words)

    def _stop(self, reason: str) -> None:
        """Ask the script to end, and remember to make it; the first reason counts."""
        if self._stop_reason is not None or self._ended is not None:
            return
        self._stop_reason = reason
        self._kill_at = self._clock() + self._limits.grace_seconds
        self._recorder.event("run.stopping", reason=reason, grace_seconds=self._limits.grace_seconds)
        if self._started is not None:
            self._keeper.terminate()

    # --- the end ----------------------------------------------------------------------------------------------------

    def _outcome(self) -> Outcome:
        if self._failure is not None:
            return Outcome(RunStatus.FAILED, self._failure)
        if self._wait_status is None:
            return Outcome(RunStatus.FAILED, "the process that kept the training was killed, and the training with it")
        outcome = judge(
            self._wait_status,
            stopped=self._stop_reason,
            crash=self._recorder.crash,
            out_of_memory=self._memory.kills > 0,
            memory_limit_bytes=self._memory.limit_bytes,
        )
        if self._log.is_full and outcome.status is RunStatus.DONE:
            return replace(outcome, reason=f"{self._log.lost_bytes} bytes of its output did not fit on the disk")
        return outcome

    def _finish(self, outcome: Outcome) -> None:
        self._log.close()
        self._monitors.close(None if self._started is None else self._elapsed(self._clock()))
        if (report := self._monitors.gpu_use) is not None:
            self._recorder.report(gpu_use.REPORT, report)
        gone = self._gone or {}
        if gone.get("written"):
            files = [{"path": path, "bytes": size} for path, size in gone["written"]]
            self._recorder.report("written_paths", {"files": files})
        if self._started is not None:
            self._recorder.report(MEMORY_REPORT, self._memory.report())
        if self._lines.dropped:
            self._recorder.report("probe_lines", {"dropped": self._lines.dropped})
        changes = self._changes(outcome, gone)
        log = {"sha256": self._log.sha256, "bytes": self._log.size_bytes}
        command = self._launch.command
        places = (command.working_dir, *(() if command.script is None else (command.script.parent,)))
        self._recorder.seal(changes, log=log, code=self._code, started=self._begun_at, places=places)
        if not self._recorder.end(changes):
            self._insist(changes)
        self._last_words.forget()
        leftovers.remove(self._store, self._run)
        if not self._log.is_full:
            # The run is told in full; a search that finds less of it is no reason to fail.
            with suppress(StoreError):
                self._indexer.finish()

    def _changes(self, outcome: Outcome, gone: dict[str, Any]) -> RunChanges:
        peaks = [size for size in (self._monitors.peak_host_bytes, gone.get("largest_bytes")) if size]
        wall_seconds = None if self._started is None else self._elapsed(self._clock())
        changes: RunChanges = {
            "status": outcome.status,
            "reason": outcome.reason,
            "exit_code": outcome.exit_code,
            "signal": outcome.signal,
            "ended_at": time.time(),
            "wall_seconds": wall_seconds,
            "cpu_seconds": gone.get("cpu_seconds"),
            "peak_host_bytes": max(peaks) if peaks and self._started is not None else None,
            "peak_device_bytes": self._monitors.peak_device_bytes,
        }
        return changes if wall_seconds is None else changes | self._monitors.spent(wall_seconds)

    def _insist(self, changes: RunChanges) -> None:
        """The database does not take the end: make room, try for a while, and leave word for whoever looks next."""
        scratch.remove(self._run.folder / "scratch")
        self._last_words.say(dict(changes))
        self._last_words.free_reserve()
        deadline = self._clock() + 30.0
        while not self._recorder.end(changes):
            if self._clock() > deadline:
                os._exit(1)
            time.sleep(0.1)


def _wake_on_signal() -> int:
    """A descriptor that becomes readable when someone asks this process to end."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    return reader
