"""Runs a user's script under the probe, as ``python script.py …`` or ``python -m package …`` would run it.

Started as ``python -u …/probe/launch.py`` with the settings in the environment variable ``MLINTERN_PROBE`` (a JSON
object, see ``runtime/protocol.py``), which is taken out again before the script runs. ``sys.argv``, ``sys.path``,
``__main__`` and the exit code are what the script would have without us.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

ENVIRONMENT = "MLINTERN_PROBE"
PACKAGE = "_mlintern_probe"


def load_package(module: str = "session") -> Any:
    """Import this folder under a private name, whatever the user's folders are called."""
    here = Path(__file__).resolve().parent
    spec = importlib.util.spec_from_file_location(PACKAGE, here / "__init__.py", submodule_search_locations=[str(here)])
    if spec is None or spec.loader is None:
        raise ImportError(f"the probe's own files are missing under {here}")
    package = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = package
    spec.loader.exec_module(package)
    return importlib.import_module(f"{PACKAGE}.{module}")


def main() -> None:
    """Run the script that the settings name."""
    settings = json.loads(os.environ.pop(ENVIRONMENT))
    processes = settings.get("processes")
    if processes is not None:
        launcher = load_package("ranks.launcher")
        if processes > 1:
            _end_as(launcher.Launcher(settings).run())
        launcher.alone()
    session = load_package()
    del sys.path[0]  # the probe's own folder, which python put there
    status = session.run(settings)
    if settings.get("mode") == "examine":
        _leave(status)
    sys.exit(status)


def _end_as(status: int) -> None:
    """Exit as the rank did that decides; a negative status is the signal that ended it."""
    if status >= 0:
        sys.exit(status)
    if -status != signal.SIGKILL:
        signal.signal(-status, signal.SIG_DFL)
    os.kill(os.getpid(), -status)
    sys.exit(128 - status)


def _leave(status: int | str | None) -> None:
    """Exit as ``sys.exit`` does, but leave the taking apart of the libraries out: it can take a second, and shows
    nothing.
    """
    threading._shutdown()  # type: ignore[attr-defined]  # waits for the script's threads, as the exit does
    atexit._run_exitfuncs()
    if isinstance(status, str):
        sys.stderr.write(f"{status}\n")
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    os._exit(status if isinstance(status, int) else int(status is not None))


if __name__ == "__main__":
    main()
