"""`mlintern seal`: labels of the test, put where no run of the script can read them."""

from __future__ import annotations

import argparse
from pathlib import Path

from ...planner.verification.opened import SEALED, LabelsError
from ...runtime.project import TargetError, script_target
from ..output import SCHEMA, CommandError, ExitCode, Output
from ..sealing import seal_labels
from ..text import clean
from .opening import home_folder, opened


def command(options: argparse.Namespace, output: Output) -> ExitCode:
    """Seal a file, and say what protects it and what does not."""
    source = Path(options.labels).expanduser().absolute()
    try:
        script = script_target(Path(options.script).expanduser(), (), working_dir=Path.cwd()).script
    except TargetError as error:
        raise CommandError("script.unreadable", str(error)) from error
    home = home_folder(options)
    with opened(home) as store:
        try:
            done = seal_labels(store, home, source, script=script, move=options.move)
        except LabelsError as error:
            raise CommandError("labels", f"{error}.") from error
        except OSError as error:
            words = f"{source} cannot be sealed: {error.strerror}."
            raise CommandError("labels", words, "Name another file.") from error
    output.object(
        {
            "schema": SCHEMA,
            "script": str(script),
            "labels": done.labels.id,
            "rows": done.labels.rows,
            "sha256": done.labels.sha256,
            "metrics": [f"{SEALED}{name}" for name in done.measures],
            "left": None if done.left is None else str(done.left),
        }
    )
    lines = [f"sealed {done.labels.rows} labels for {script.name}: no run of it is let read them (Linux); elsewhere"
             " their mode alone keeps them, and each run says which holds"]  # fmt: skip
    if done.left is not None:
        lines.append(f"NOT sealed as long as {done.left} lies there: remove it, or use --move")
    lines.append(f"the script writes predictions….csv with the columns id and prediction; then for example: mlintern"
                 f" confirm RUN --metric {SEALED}{done.measures[0]} --target VALUE")  # fmt: skip
    output.lines(map(clean, lines))
    return ExitCode.DONE
