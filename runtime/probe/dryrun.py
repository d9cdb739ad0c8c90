"""A dry run: the unmodified script without a model's memory or arithmetic, for its shapes and its peak of memory.

The report ``memory``::

    {"looks": [look, …], "could_not": reason or None, "seconds": float}

    look = {
      "name": "base" | "half" | "autocast" | "checkpoint" | "eval_no_grad" | "real",
      "could_not": reason or None,            # then nothing below is sure to be there
      "ended": "script" | "enough" | "time" | "crash",
      "crash": {"type", "message", "file", "line"} or None,    # what ended the script, also after it was measured
      "batch": {"training": int or None, "evaluation": int or None},     # items, where a loader shows them
      "share": float,                         # of each batch that was kept
      "counts": {"forwards", "backwards", "steps", "evaluations", "asked"},
      "assumed": [operation, …],              # whose result's size depends on values: the largest was taken
      "devices": {"cpu": {"whole": peak, "training": peak or None, "evaluation": peak or None}, …},
      "process": {"growth": int or None, "allocated": int or None, "reserved": int or None},  # a real look's own
      "seconds": float,
    }
    peak = {"total", "parameters", "gradients", "optimizer", "activations", "temporaries", "inputs"}   # bytes

Invariant: a look without a training step has no figures, only a reason. Nothing is guessed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from . import looks
from .channel import Channel
from .crash import describe
from .tracker import Tracker

BUDGET_SECONDS = 12.0
"""All of a dry run, where nobody says otherwise."""
WITHOUT_TORCH_SECONDS = 5.0
"""Processor time after which a script that has not imported torch is taken to work without it."""
LOOK_SECONDS = 6.0
"""One look, from the crossroads on."""
SEEN_SECONDS = 0.7
"""One look, when it has seen a training and an evaluation; a short script comes to its end before."""
STEPS = 2
"""So many steps are enough: the first makes the optimizer's state, the second is as all others are."""
CLOSE = 0.6
"""From this share of the free memory on, what would make it fit is looked at."""
VARIED = ("autocast", "checkpoint", "eval_no_grad")
REAL_SHARES = (0.125, 0.25)
MOST_TEXT = 500


class DryRun:
    """Puts the parts of a dry run together for one process and the looks that are forked from it."""

    def __init__(self, settings: Mapping[str, Any], channel: Channel, tracker: Tracker) -> None:
        self._settings = settings
        self._channel = channel
        self._tracker = tracker
        self._began = time.monotonic()
        self._budget = float(settings.get("time_budget_seconds") or BUDGET_SECONDS)
        self._room: Mapping[str, int] = settings.get("memory_room") or {}
        self._real: float | None = settings.get("real_share")
        """Set in the process of a real look: the share of each batch."""
        self._without_tensors = 0
        """What a real look's process holds besides tensors."""
        self._folder, self._environment = os.getcwd(), dict(os.environ)
        """Where and how the script was begun, for the looks that begin it anew."""
        self._process = os.getpid()
        self._name = "real" if self._real is not None else "base"
        self._descriptor: int | None = None
        self._forked = 0.0
        self._seconds = LOOK_SECONDS
        self._is_users: Callable[[str], bool] = lambda file: False
        self._hooks: Any = None
        self._stages: Any = None
        self._mode: Any = None

    @property
    def owns_process(self) -> bool:
        """Whether this is the first process or a look, and not a process that the script has forked."""
        return os.getpid() == self._process

    def start(self, is_users: Callable[[str], bool]) -> None:
        """Begin: whatever the script does, this process says something within its time."""
        self._is_users = is_users
        os.environ.setdefault("PYTORCH_NVML_BASED_CUDA_CHECK", "1")  # asking for a GPU must not forbid to fork
        guard = threading.Timer(self._budget, self._give_up)
        guard.daemon = True
        guard.start()
        threading.Thread(target=self._give_up_without_torch, daemon=True).start()

    def install(self, hooks: Any) -> None:
        """Hook in, right after torch was imported; ``hooks`` are the probe's own."""
        import torch

        from . import stand_ins
        from .fake import DryMode
        from .memory import Ledger
        from .stages import Stages

        ledger = Ledger()
        self._hooks = hooks
        self._mode = DryMode(ledger, is_fake=self._real is None)
        self._stages = Stages(ledger, crossroads=self._cross)
        self._stages.after_step = self._end_if_enough
        self._stages.cannot = self._cannot
        stand_ins.install(self._mode)
        self._stages.install()
        self._cross_before_cuda(torch)
        self._mode.__enter__()

    def end(self, error: BaseException | None) -> int:
        """The script is over: in a look this never returns, in the first process it says why there was no look."""
        if self._descriptor is not None:
            self._finish("script" if error is None or isinstance(error, SystemExit) else "crash", error)
        self._tell([], self._why_no_look(error))
        return 0

    # -- the crossroads ----------------------------------------------------------------------------------------------

    def _cross(self, *, before_cuda: bool = False) -> None:
        """Fork the looks; this process waits for them and ends, and only the forks return."""
        if self._real is not None:
            from .variations import apply

            apply("real", self._stages, share=self._real)
            _forget_highest()
            self._without_tensors = (_own_bytes("VmRSS") or 0) - self._mode.ledger.held("cpu")
            self._begin(int(self._settings["report_fd"]))
            return
        self._seconds = max(2.0, min(LOOK_SECONDS, self._left()))
        names = ["base", "half"] if self._stages.has_loader or before_cuda else ["base"]
        under_way = [look for name in names if (look := self._fork(name)) is not None]
        if len(under_way) < len(names):
            return  # a fork: it goes on with the script
        reports = [one for one in looks.gather(under_way) if one["name"] != "half" or _has_batch(one)]
        for name in self._wanted(reports[0]):
            look = self._fork(name)
            if look is None:
                return
            reports.extend(looks.gather([look]))
        reports.extend(self._real_looks(reports[0]))
        self._tell(reports, reports[0].get("could_not"))
        os._exit(0)

    def _fork(self, name: str) -> looks.Look | None:
        """The look, or ``None`` inside of it."""
        found = looks.fork(name, max(self._seconds, self._left()))
        if isinstance(found, looks.Look):
            return found
        import torch

        self._name = name
        self._process = os.getpid()
        if name != "base":
            looks.be_quiet()
        torch.set_num_threads(1)  # a pool of threads does not survive a fork
        self._tracker.take_over()
        self._hooks.take_over()
        self._begin(found)
        from .variations import apply

        impossible = apply(name, self._stages)
        if impossible is not None:
            looks.tell(found, {"name": name, "could_not": impossible})
        return None

    def _begin(self, descriptor: int) -> None:
        """This process is a look from now on."""
        self._descriptor, self._forked = descriptor, time.monotonic()
        looks.come_to_an_end_after(self._seconds, self._be_patient)

    def _wanted(self, base: Mapping[str, Any]) -> list[str]:
        """The looks that are worth their time: none where the memory is there."""
        if not self._is_close(base):
            return []
        return [name for name in VARIED if self._left() > self._seconds / 2]

    def _is_close(self, base: Mapping[str, Any]) -> bool:
        devices = base.get("devices") or {}
        return any(
            peaks["whole"]["total"] > CLOSE * self._room[device]
            for device, peaks in devices.items()
            if device in self._room
        )

    def _left(self) -> float:
        return self._budget - (time.monotonic() - self._began) - looks.GRACE_SECONDS

    def _real_looks(self, base: Mapping[str, Any]) -> list[looks.Report]:
        """Small shares of the batch with real tensors, each in a process of its own that begins the script anew."""
        batch = (base.get("batch") or {}).get("training")
        if not self._is_close(base) or batch is None:
            return []
        reports = []
        for share in REAL_SHARES:
            if self._left() < self._seconds / 2:
                break
            reports.append(self._real_look(base, share))
        return reports

    def _real_look(self, base: Mapping[str, Any], share: float) -> looks.Report:
        for device, peaks in base["devices"].items():
            peak = peaks["training"] or peaks["whole"]
            fixed = peak["parameters"] + peak["gradients"] + peak["optimizer"]
            if device in self._room and fixed + share * (peak["total"] - fixed) > 0.9 * self._room[device]:
                return {"name": "real", "share": share, "could_not": f"its share would not fit the {device} memory"}
        reader, writer = os.pipe()
        own = {"events_fd": None, "report_fd": writer, "real_share": share, "time_budget_seconds": self._left()}
        process = subprocess.Popen(
            [sys.executable, "-u", str(Path(__file__).with_name("launch.py"))],
            cwd=self._folder,
            env={**self._environment, "MLINTERN_PROBE": json.dumps({**self._settings, **own})},
            pass_fds=[writer],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(writer)
        process.returncode = 0  # whoever gathers waits for it
        (report,) = looks.gather([looks.Look("real", process.pid, reader, time.monotonic() + self._left())])
        return {**report, "share": share}

    def _cross_before_cuda(self, torch: Any) -> None:
        """A process that has begun to use CUDA cannot be forked: the looks begin before."""
        begin = torch.cuda._lazy_init

        def _lazy_init() -> None:
            if torch.cuda.is_available():
                self._stages.reach_crossroads(before_cuda=True)
            begin()

        torch.cuda._lazy_init = _lazy_init

    # -- the end of a look -------------------------------------------------------------------------------------------

    def _end_if_enough(self) -> None:
        """After a step: an evaluation is waited for, but not for long, and so is what comes after it."""
        stages = self._stages
        if self._descriptor is None or stages.steps < STEPS:
            return
        if time.monotonic() - self._forked > (SEEN_SECONDS if stages.evaluations else self._seconds / 2):
            self._finish("enough", None)

    def _cannot(self, why: str) -> None:
        """This look has found out that there is nothing to see."""
        assert self._descriptor is not None
        looks.tell(self._descriptor, {"name": self._name, "could_not": why})

    def _be_patient(self) -> None:
        """The look's time is over; one that has not seen enough steps takes what is left of all."""
        left = self._left()
        if max(self._stages.steps, self._tracker.steps_done) < STEPS and left > 0.5:
            looks.come_to_an_end_after(left, lambda: self._finish("time", None))
        else:
            self._finish("time", None)

    def _finish(self, ended: str, error: BaseException | None) -> None:
        """Report and end this process. It may come in the middle of anything, from a signal."""
        looks.has_come_to_an_end()
        assert self._descriptor is not None
        try:
            report = self._report(ended, error)
        except Exception as problem:  # noqa: BLE001  boundary: inside of this the script goes on
            report = {"name": self._name, "could_not": f"its report failed: {type(problem).__name__}: {problem}"}
        looks.tell(self._descriptor, report)

    def _report(self, ended: str, error: BaseException | None) -> looks.Report:
        stages, mode = self._stages, self._mode
        stages.mark_all_parameters()
        crash = self._crash(error) if ended == "crash" and error is not None else None
        steps = max(stages.steps, self._tracker.steps_done)
        report: looks.Report = {
            "name": self._name,
            "could_not": self._why_not(ended, steps, crash),
            "ended": ended,
            "crash": crash,
            "batch": {name: stages.batches.get(name) for name in ("training", "evaluation")},
            "share": self._real or (0.5 if self._name == "half" else 1.0),
            "counts": {
                "forwards": stages.forwards,
                "backwards": stages.backwards,
                "steps": steps,
                "evaluations": stages.evaluations,
                "asked": mode.asked,
            },
            "assumed": sorted(mode.assumed),
            "devices": _by_device(mode.ledger.peaks()),
            "process": self._own_process(),
            "seconds": time.monotonic() - self._forked,
        }
        return report

    def _why_not(self, ended: str, steps: int, crash: Mapping[str, Any] | None) -> str | None:
        if steps > 0 or self._stages.backwards > 1:
            return None
        if crash is not None:
            return f"{crash['type']}: {crash['message']}".rstrip(": ")
        if ended == "time":
            return f"no training step was over after {time.monotonic() - self._forked:.0f} s"
        return "the script ended without a training step that could be seen"

    def _crash(self, error: BaseException) -> dict[str, Any]:
        told = describe(error, error.__traceback__, self._tracker, self._is_users)
        first = str(told["message"]).strip().splitlines()[:1]
        return {
            "type": told["type"],
            "message": first[0][:MOST_TEXT] if first else "",
            "file": told["file"],
            "line": told["line"],
        }

    def _own_process(self) -> dict[str, int | None]:
        """What a real look's process took beyond what it holds without tensors, and the device's own count."""
        if self._real is None:
            return {"growth": None, "allocated": None, "reserved": None}
        import torch

        highest = _own_bytes("VmHWM")
        grown = None if highest is None else highest - self._without_tensors
        own = {"growth": grown, "allocated": None, "reserved": None}
        if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
            own["allocated"] = int(torch.cuda.max_memory_allocated())
            own["reserved"] = int(torch.cuda.max_memory_reserved())
        return own

    # -- the first process -------------------------------------------------------------------------------------------

    def _why_no_look(self, error: BaseException | None) -> str:
        if error is not None and not isinstance(error, SystemExit):
            crash = self._crash(error)
            return f"{crash['type']}: {crash['message']}".rstrip(": ") + ", before any model ran"
        if self._stages is None:
            return "the script ended without using torch"
        return "the script ended before any model ran"

    def _give_up(self) -> None:
        """The time is over and the script has not come to the crossroads."""
        if self.owns_process and self._descriptor is None and not (self._stages and self._stages.is_past):
            self._tell([], f"the script was still preparing after {self._budget:.0f} s")
            os._exit(0)

    def _give_up_without_torch(self) -> None:
        """Nobody waits to the end of a program that works without torch: it imports what it needs at its beginning."""
        while time.process_time() < WITHOUT_TORCH_SECONDS:
            time.sleep(0.2)
            if "torch" in sys.modules:
                return
        if "torch" not in sys.modules and self.owns_process:
            self._tell([], f"the script had not imported torch after {WITHOUT_TORCH_SECONDS:.0f} s of work")
            os._exit(0)

    def _tell(self, reports: list[looks.Report], could_not: str | None) -> None:
        if self._real is not None:
            looks.tell(int(self._settings["report_fd"]), {"name": "real", "could_not": could_not})
        self._channel.send(
            "memory", looks=reports, could_not=could_not, seconds=round(time.monotonic() - self._began, 3)
        )
        self._channel.send("end", ok=True, steps=0, words=None)
        self._channel.finish()


def _by_device(peaks: Mapping[tuple[str, str], Any]) -> dict[str, dict[str, Any]]:
    devices: dict[str, dict[str, Any]] = {}
    for (device, purpose), peak in peaks.items():
        if purpose in ("whole", "training", "evaluation"):
            empty = dict.fromkeys(("whole", "training", "evaluation"))
            devices.setdefault(device, empty)[purpose] = peak.as_json()
    return devices


def _forget_highest() -> None:
    """Let ``VmHWM`` begin anew, where the kernel grants it: what was before is no part of a training."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _has_batch(report: Mapping[str, Any]) -> bool:
    return bool(report.get("could_not")) or (report.get("batch") or {}).get("training") is not None


def _own_bytes(name: str) -> int | None:
    """What the kernel says of this process's memory: ``VmRSS`` now, ``VmHWM`` at most."""
    with suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    return None
