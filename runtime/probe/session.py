"""One run of one script under the probe, from the first line to the exit code."""

from __future__ import annotations

import builtins
import contextlib
import importlib.machinery
import os
import runpy
import signal
import sys
import time
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import after_import, instrument
from .channel import Channel
from .clocks import children_cpu
from .crash import describe
from .dryrun import DryRun
from .environment import Environment
from .frameworks import REWRITTEN, watch_frameworks
from .policy import Policy
from .ranks.alone import stand_alone
from .ranks.member import Membership
from .sites import SiteTable
from .stuck import StuckWatch, Waiting
from .torch_hooks import TorchHooks
from .tracker import Tracker

REPORT_SECONDS = 5.0
MOST_WORDS = 500
"""What a script says with ``sys.exit(words)`` is told as far as this."""


def run(settings: Mapping[str, Any]) -> int | str | None:
    """Run the script under the settings and return what ``sys.exit`` should be called with."""
    return Session(settings).run()


class Session:
    """Puts the parts of the probe together for one process."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        self._channel = Channel(settings.get("events_fd"))
        self._table = SiteTable()
        self._tracker = Tracker(_policy(settings), self._table)
        self._dry = DryRun(settings, self._channel, self._tracker) if settings.get("mode") == "dryrun" else None
        self._examiner = self._make_examiner() if settings.get("mode") == "examine" else None
        self._environment = Environment() if settings.get("mode") in ("watch", "pilot") else None
        self._ablation: Any = None
        self._stuck: StuckWatch | None = None
        self._member: Membership | None = None
        self._process = os.getpid()
        self._next_report = time.monotonic() + REPORT_SECONDS

    def _make_examiner(self) -> Any:
        from .examine.examiner import Examiner
        from .examine.observers import OBSERVERS

        self._table.products = True
        os.environ["TORCH_COMPILE_DISABLE"] = "1"  # nothing is timed, and what is compiled cannot be watched
        return Examiner(self._channel, self._tracker, OBSERVERS)

    def run(self) -> int | str | None:
        """Run to the end; an exception is printed as python prints it and told to the supervisor."""
        self._prepare()
        status: int | str | None = 0
        error: BaseException | None = None
        try:
            self._execute()
        except SystemExit as exit_:
            status = exit_.code
        except BaseException as raised:  # boundary: the user's whole program  # noqa: BLE001
            error = raised
        if self._dry is not None and self._dry.owns_process:
            if error is not None:
                self._print(error)
            return self._dry.end(error)
        if os.getpid() != self._process:
            return status if error is None else self._print(error)  # a forked child of the script came this way
        if error is not None:
            self._tell_crash(error)
            status = self._print(error)
        self._finish(ok=error is None and status in (0, None), words=status if isinstance(status, str) else None)
        if isinstance(error, KeyboardInterrupt):
            raise error
        return status

    def _prepare(self) -> None:
        settings = self._settings
        self._finder = instrument.install(settings.get("roots", ()), self._table, REWRITTEN)
        if self._dry is not None:
            self._dry.start(self._finder.is_users)
        setattr(builtins, instrument.HOOK, self._tracker)
        os.register_at_fork(after_in_child=self._tracker.stand_down)
        if self._environment is not None:
            self._environment.listen()
        if settings.get("rank") is not None:
            self._member = Membership(settings, self._channel, self._tracker, self._finder.is_users)
        waiting = after_import.install()
        waiting.call("torch", self._hook_torch)
        watch_frameworks(waiting, self._tracker, self._table)
        if self._dry is None:
            self._stuck = StuckWatch(
                self._channel, is_short=self._tracker.policy.rehearses, is_users=self._finder.is_users
            )
            self._stuck.begin()
        if self._examiner is not None:
            self._examiner.begin(self._finder.is_users, waiting)
            signal.signal(signal.SIGALRM, self._break_off)
            signal.setitimer(signal.ITIMER_REAL, float(settings.get("whole_seconds") or 0.0))
        if settings.get("redirect"):
            from . import redirect

            temporary = os.environ.get("TMPDIR")  # the supervisor's own for this run
            free = [*settings.get("writable", ()), *([temporary] if temporary else [])]
            redirect.install(settings["redirect"], free, waiting)
        self._channel.send("hello", pid=os.getpid(), python=sys.version.split()[0], torch=None, started=time.time())

    def _hook_torch(self, torch: Any) -> None:
        hooks = TorchHooks(torch, self._tracker, self._channel, self._stuck.waiting if self._stuck else Waiting())
        hooks.install()
        if self._dry is not None:
            self._dry.install(hooks)
        if self._dry is not None and self._settings.get("processes") is not None:
            stand_alone(torch)
        if self._member is not None:
            self._member.on_torch(torch)
        if self._examiner is not None:
            from .examine.torch_events import listen

            listen(torch, self._examiner)
        if self._settings.get("mode") == "pilot":
            self._ablate(torch)
        self._channel.send("hello", pid=os.getpid(), python=sys.version.split()[0], torch=str(torch.__version__))
        progress = self._channel.progress

        def report_as_well(steps: int) -> None:
            progress(steps)
            now = time.monotonic()
            if now >= self._next_report:
                self._next_report = now + REPORT_SECONDS
                self._send_loops()

        self._channel.progress = report_as_well  # type: ignore[method-assign]

    def _ablate(self, torch: Any) -> None:
        from .ablation import STEPS_BEFORE_END, Ablation

        stop, tracker = self._settings.get("stop_steps"), self._tracker
        near_end = 0 if stop is None else int(stop) - STEPS_BEFORE_END
        self._ablation = Ablation(torch, self._finder.is_users, lambda: tracker.steps_done >= near_end)
        self._ablation.install()

    def _execute(self) -> None:
        module, script = self._settings.get("module"), self._settings.get("script")
        arguments = list(self._settings.get("args", ()))
        if module:
            sys.path.insert(0, str(Path.cwd()))
            sys.argv = ["-m", *arguments]
            self._execute_module(module)
        else:
            path = Path(str(script)).absolute()
            sys.path.insert(0, str(path.parent.resolve()))
            sys.argv = [str(self._settings.get("argv0") or script), *arguments]
            loader = importlib.machinery.SourceFileLoader("__main__", str(path))
            self._run_main(path, loader, package=None, spec=None)

    def _execute_module(self, name: str) -> None:
        _, spec, _ = runpy._get_module_details(name)  # type: ignore[attr-defined]
        path = Path(str(spec.origin))
        sys.argv[0] = str(path)
        self._run_main(path, spec.loader, package=spec.parent, spec=spec)

    def _run_main(self, path: Path, loader: Any, *, package: str | None, spec: Any) -> None:
        main = types.ModuleType("__main__")
        main.__dict__.update(
            __file__=str(path),
            __loader__=loader,
            __package__=package,
            __spec__=spec,
            __builtins__=builtins,
            __cached__=None,
        )
        sys.modules["__main__"] = main
        exec(self._compile(path), main.__dict__)

    def _compile(self, path: Path) -> types.CodeType:
        source = path.read_bytes()
        try:
            return instrument.rewrite(source, str(path), self._table)
        except (RecursionError, ValueError) as problem:
            self._channel.send("note", code="loops.unwatched", text=f"{path.name} could not be rewritten: {problem}")
            return compile(source, str(path), "exec", dont_inherit=True)

    def _tell_crash(self, error: BaseException) -> None:
        self._channel.send("crash", **describe(error, error.__traceback__, self._tracker, self._finder.is_users))

    def _print(self, error: BaseException) -> int:
        trace = error.__traceback__
        while trace is not None and Path(trace.tb_frame.f_code.co_filename).resolve().parent == Path(__file__).parent:
            trace = trace.tb_next
        sys.excepthook(type(error), error.with_traceback(trace), trace)
        return 130 if isinstance(error, KeyboardInterrupt) else 1

    def _send_loops(self) -> None:
        tree = self._tracker.report()
        self._channel.send(
            "loops",
            tree=tree,
            steps={str(number): count for number, count in self._tracker.steps.items()},
            cpu=time.process_time(),
            children_cpu=children_cpu(),
            cut=self._tracker.was_cut,
        )

    def _break_off(self, number: int, frame: Any) -> None:
        """An examination's time is over, and the script is not: what was seen until here is told."""
        if os.getpid() != self._process:
            return
        self._finish(ok=True, words=None, broke_off=True)
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        os._exit(0)

    def _finish(self, *, ok: bool, words: str | None, broke_off: bool = False) -> None:
        if self._examiner is not None:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
            self._examiner.finish(ok=ok)
        self._send_loops()
        if self._member is not None:
            self._member.finish()
        if self._ablation is not None and ok:
            self._channel.send("observed.ablation", **self._ablation.report())
        if self._environment is not None:
            self._channel.send("environment", **self._environment.report())
        told = words and words[:MOST_WORDS]
        self._channel.send("end", ok=ok, steps=self._tracker.steps_done, words=told, broke_off=broke_off)
        self._channel.finish()


def _policy(settings: Mapping[str, Any]) -> Policy:
    return Policy(
        mode=settings.get("mode", "watch"),
        stop_steps=settings.get("stop_steps"),
        budget_seconds=float(settings.get("time_budget_seconds") or 6.0),
        thorough=bool(settings.get("thorough", False)),
        by_count=int(settings.get("world") or 1) > 1,
    )
