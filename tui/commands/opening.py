"""The home folder and the database for one command."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...runtime import launch
from ...runtime.interpreters import InterpreterError
from ...store import Store, StoreError
from ..climb import ClimbError, StaleError
from ..launch import default_home
from ..output import CommandError, ExitCode, Output


def home_folder(options: argparse.Namespace) -> Path:
    """``--home``, ``MLINTERN_HOME`` or the platform's folder, as an absolute path."""
    home = Path(options.home).expanduser().absolute() if options.home else default_home()
    if home.exists() and not home.is_dir():
        raise CommandError("usage", f"{home} is a file.", "Name a folder with --home.")
    return home


def require_config(home: Path) -> None:
    """Refuse to start what costs with a configuration that cannot be understood."""
    from ...planner import prices

    try:
        prices.read(home)
    except prices.ConfigError as error:
        raise CommandError("config", f"{error}.", "Put it right, or move the file away.") from error


def tell_config(home: Path, output: Output) -> None:
    """Tell of a configuration that cannot be understood where it matters less; nothing stops."""
    from ...planner import prices

    price = prices.known(home)
    if price.is_broken:
        output.say(f"no price is known: {price.why_none}")


def _finish_edits(store: Store, home: Path) -> None:
    """An edit that a crash left half done is finished or taken back before anything looks at the files."""
    if (home / "edits").is_dir():
        from ...planner.edits import deciding

        deciding.recover(store, home)


@contextmanager
def opened(home: Path, *, create: bool = True) -> Iterator[Store]:
    """The database, with the truth about runs whose supervisor is gone; its errors become ours."""
    try:
        with Store.open(home, create=create) as store:
            if store.read_only is None:
                launch.reconcile(store)
                _finish_edits(store, home)
            yield store
    except StoreError as error:
        raise CommandError(error.code, error.message, error.hint) from error
    except StaleError as error:
        raise CommandError("changed", f"{error}.", "Start the command again.") from error
    except (launch.LaunchError, ClimbError, InterpreterError) as error:
        raise CommandError("launch", str(error), exit_code=ExitCode.FAULTS) from error
