"""`mlintern-tui`: reads the command line, and starts the application or the plain text in its place.

Invariant: what is wrong with the arguments is said before anything is opened, in one line, with exit code 2.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

from .arguments import LIMIT_OPTIONS
from .units import UnitError, parse_processes, parse_size, parse_steps

if TYPE_CHECKING:
    from .engine import Paper, Target

BAD_USAGE = 2

Known = TypeVar("Known")


def main(argv: Sequence[str] | None = None) -> int:
    """Start it; returns the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    own, script_args = _split(words)
    options = _parser().parse_args(own)
    try:
        target = _target(options, tuple(script_args))
        python = _python(options.python)
    except (UnitError, ValueError) as error:
        return _refuse(str(error))
    home = Path(options.home).expanduser().absolute() if options.home else None
    if home is not None and home.exists() and not home.is_dir():
        return _refuse(f"{home} is a file: name a folder with --home")
    if not options.plain and not (sys.stdin.isatty() and sys.stderr.isatty()):
        return _refuse("this is no terminal to draw on: use --plain, or the command `mlintern` in scripts")
    if options.demo_gpu:
        from .demo import run_demo

        return run_demo(home, lambda demo_home: _run(demo_home, python, target, plain=options.plain))
    home = home or default_home()
    if home.exists() and not home.is_dir():
        return _refuse(f"{home} is a file: name a folder with --home")
    return _run(home, python, target, plain=options.plain)


def _run(home: Path, python: Path | None, target: Target | Paper | None, *, plain: bool) -> int:
    if plain:
        from .plain import run_plain

        return run_plain(home, python, target)
    return _run_screens(home, python, target)


def default_home() -> Path:
    """``MLINTERN_HOME``, or the platform's folder for user data."""
    named = os.environ.get("MLINTERN_HOME")
    if named:
        return Path(named).expanduser().absolute()
    from platformdirs import user_data_path

    return user_data_path("mlintern", appauthor=False)


def _run_screens(home: Path, python: Path | None, target: Target | Paper | None) -> int:
    from .app import application
    from .backend import LocalBackend
    from .stderr_guard import LOG_NAME, guarded_stderr

    app = application(LocalBackend(home, python), target)
    with guarded_stderr(home):
        app.run()
        app.close_desks()
    for line in app.leaving_words():
        sys.stderr.write(f"{line}\n")
    if app.return_code:
        sys.stderr.write(f"mlintern-tui failed by a fault of its own; what it said is in {home / LOG_NAME}\n")
    return app.return_code or 0


def _split(words: list[str]) -> tuple[list[str], list[str]]:
    """Our own words and the script's, which stand behind ``--``."""
    if "--" not in words:
        return words, []
    at = words.index("--")
    return words[:at], words[at + 1 :]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(BAD_USAGE, f"mlintern-tui: {message}; see mlintern-tui --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="mlintern-tui",
        usage="mlintern-tui [PATH] [--plain] [--home DIR] [--python EXE] [--steps N] [--processes N]\n"
        "                    [--budget AMOUNT …] [--memory SIZE] [--disk SIZE] [--gpu-memory SIZE] [--demo-gpu]\n"
        "                    [-- ARGS…]",
        description="Rehearse, forecast, approve, run and remember a PyTorch training script, unmodified and offline.",
        epilog="What stands behind -- goes to the script, as for its full run.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "path", nargs="?", metavar="PATH", help="a script, an experiment's folder, or a paper; without one, Home opens"
    )
    parser.add_argument("--plain", action="store_true", help="lines of text, for screen readers and pipes")
    parser.add_argument("--home", metavar="DIR", help="where everything is kept (default: MLINTERN_HOME, or user data)")
    parser.add_argument("--python", metavar="EXE", help="the interpreter that runs the script")
    parser.add_argument("--steps", metavar="N", help="total number of optimizer steps, where it cannot be known")
    parser.add_argument("--processes", metavar="N", help="how many ranks a distributed script has on this machine")
    parser.add_argument(
        "--budget",
        metavar="AMOUNT",
        action="append",
        default=[],
        help="what all runs together may take: 2h, $5, 2kWh, 3gpuh, or several such as 2h,$5",
    )
    parser.add_argument(
        "--demo-gpu", action="store_true", help="a made-up GPU, to see the screens; kept in a folder of its own"
    )
    for option, what in LIMIT_OPTIONS.items():
        parser.add_argument(option, metavar="SIZE", help=f"{what}, such as 8GB; a run is stopped there")
    return parser


def _target(options: argparse.Namespace, script_args: tuple[str, ...]) -> Target | Paper | None:
    from .budgets import parse_budgets
    from .engine import NOTHING_SAID, Limits
    from .starting_point import starting_point

    limits = Limits(
        declared_steps=_read(options.steps, parse_steps),
        **parse_budgets(options.budget),
        host_limit_bytes=_read(options.memory, parse_size),
        disk_limit_bytes=_read(options.disk, parse_size),
        device_limit_bytes=_read(options.gpu_memory, parse_size),
    )
    ranks = _read(options.processes, parse_processes)
    if options.path is None:
        if script_args or limits != NOTHING_SAID or ranks is not None:
            raise ValueError("arguments and limits belong to a script: name it, for example mlintern-tui train.py")
        return None
    return starting_point(options.path, script_args, limits=limits, ranks=ranks)


def _read(written: str | None, parse: Callable[[str], Known]) -> Known | None:
    return None if written is None else parse(written)


def _python(named: str | None) -> Path | None:
    if named is None:
        return None
    path = Path(named).expanduser().absolute()
    if not path.is_file() or not os.access(path, os.X_OK):
        raise ValueError(f"no such interpreter: {named}; name one with --python, such as .venv/bin/python")
    return path


def _refuse(message: str) -> int:
    sys.stderr.write(f"mlintern-tui: {message}\n")
    return BAD_USAGE


if __name__ == "__main__":
    sys.exit(main())
