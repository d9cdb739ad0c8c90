"""From the words of the command line to an experiment on its ladder.

Invariant: what cannot be run is refused, with what to do, before the database is opened or anything is stored.
"""

from __future__ import annotations

import argparse
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...planner.rungs import BUILT, FACTS, NOT_BUILT_WHY, OPTIONAL
from ...runtime.interpreters import Interpreter, InterpreterError, NoTorchError, choose
from ...runtime.project import ScriptTarget, TargetError, module_target, script_target
from ...store import Store
from ...store.records import RungName
from ..output import CommandError, Output

if TYPE_CHECKING:
    from ..climb import Climb


@dataclass(frozen=True, slots=True)
class Wanted:
    """A program and the interpreter to run it with."""

    target: ScriptTarget
    interpreter: Interpreter
    shown: str
    """The script as the person named it."""

    def open(self, store: Store, home: Path, options: argparse.Namespace, *, fresh: bool) -> Climb:
        """Its ladder, where it stands or from the ground."""
        from ..budgets import parse_budgets
        from ..climb import Climb
        from ..engine import Limits

        return Climb.open(
            store,
            home,
            self.target,
            python=self.interpreter.path,
            limits=Limits(
                declared_steps=options.steps,
                **parse_budgets(getattr(options, "budget", [])),
                host_limit_bytes=options.memory,
                disk_limit_bytes=options.disk,
                device_limit_bytes=options.gpu_memory,
            ),
            fresh=fresh,
            ranks=options.processes,
        )


def wanted(options: argparse.Namespace, output: Output) -> Wanted:
    """Read the program's name and find its interpreter."""
    target = _target(options)
    named = Path(options.python) if options.python is not None else None
    try:
        interpreter = choose(named, (target.script.parent, target.working_dir))
    except NoTorchError as error:
        raise CommandError("interpreter.no_torch", str(error)) from error
    except InterpreterError as error:
        raise CommandError("interpreter", str(error)) from error
    output.say(f"python {interpreter.path} ({interpreter.source}), torch {interpreter.torch}")
    return Wanted(target, interpreter, options.script or str(target.script.relative_to(target.working_dir)))


def climbable(name: str, *, free: bool = False) -> RungName:
    """The rung that was named, if this version can climb to it (with ``free``: without an approval)."""
    rung = RungName(name)
    possible = [one for one in BUILT if not (free and FACTS[one].costs)]
    if rung in OPTIONAL:
        raise CommandError("usage", f"{rung} has a plan of its own.", f"Use `mlintern {rung} SCRIPT --param …`.")
    names = ", ".join(one for one in possible if one not in OPTIONAL)
    if rung not in BUILT:
        raise CommandError("not_built", f"{rung} is {NOT_BUILT_WHY}.", f"What can be climbed: {names}.")
    if rung not in possible:
        raise CommandError("usage", f"{rung} needs an approval.", f"Use `mlintern run --to {rung}`, or one of {names}.")
    return rung


def _target(options: argparse.Namespace) -> ScriptTarget:
    here = Path.cwd()
    if (options.script is None) == (options.module is None):
        raise CommandError("usage", "Name one script, or one module with -m.", "For example: mlintern check train.py")
    try:
        if options.module is not None:
            return module_target(options.module, options.script_args, working_dir=here)
        return script_target(Path(options.script).expanduser(), options.script_args, working_dir=here)
    except TargetError as error:
        raise _unreadable(error, options.script or options.module, is_module=options.module is not None) from error


def _unreadable(error: TargetError, name: str, *, is_module: bool) -> CommandError:
    """A script that does not parse is bad input (exit code 2); ``--json`` has it as a finding too, for editors."""
    cause = error.__cause__
    if not isinstance(cause, SyntaxError):
        return CommandError("script.unreadable", str(error))
    finding: dict[str, Any] = {
        "id": None,
        "code": "run.crash.syntax",
        "severity": "error",
        "rung": str(RungName.STATIC),
        "message": str(error),
        "evidence": [{"file": name, "line": cause.lineno, "text": (cause.text or "").strip()}],
        "file": name,
        "line": cause.lineno,
        "fix": None,
        "accepted": None,
        "command": shlex.join(["mlintern", "check", *(["-m"] if is_module else []), name, "--to", "static"]),
    }
    return CommandError("script.syntax", str(error), facts={"findings": [finding]})
