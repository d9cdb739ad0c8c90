"""`mlintern`: the same engine as the application, without a screen, for scripts and for people.

Invariant: bad usage is told in one line with exit code 2 before anything is opened; what a command needs is loaded only
when that command is used.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from .arguments import LATER, parser
from .output import CommandError, ExitCode, Output

TAKES_SCRIPT_ARGS = ("check", "run", "sweep", "confirm", "history")
"""Where words behind ``--`` mean something; for the history they are more of the query, such as ``-status:lost``."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    own, script_args = _split(words)
    _prepare_streams()
    output = Output(as_json="--json" in own)
    try:
        options = parser().parse_args(own)
        options.script_args = script_args
        return int(_command(options)(options, output))
    except CommandError as error:
        return int(output.fail(error))
    except KeyboardInterrupt:
        return int(output.fail(CommandError("interrupted", "Interrupted.", exit_code=ExitCode.INTERRUPTED)))
    except BrokenPipeError:
        # Whoever read our output has gone. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(ExitCode.DONE)


def _split(words: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """Our own words and the script's, which stand behind ``--``."""
    if "--" not in words:
        return words, ()
    at = words.index("--")
    return words[:at], tuple(words[at + 1 :])


def _prepare_streams() -> None:
    for stream in (sys.stdout, sys.stderr):
        # A name with stray bytes, or a terminal that is not UTF-8, must not end the telling.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _command(options: argparse.Namespace) -> Callable[[argparse.Namespace, Output], ExitCode]:
    name = options.command
    if name in LATER:
        raise CommandError("not_built", f"`mlintern {name}` is not built yet.", "This version cannot do it.")
    if options.script_args and name not in TAKES_SCRIPT_ARGS:
        raise CommandError("usage", f"`mlintern {name}` takes nothing behind --.", "Leave it out.")
    module = import_module(f".commands.{name}", __package__)
    command: Callable[[argparse.Namespace, Output], ExitCode] = module.command
    return command


if __name__ == "__main__":
    sys.exit(main())
