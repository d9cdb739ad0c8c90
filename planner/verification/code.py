"""The user's code as it is now, against the code that ran."""

from __future__ import annotations

from pathlib import Path

from ...runtime import seal
from ...runtime.project import fingerprint
from ...store import Store
from ...store.records import Experiment, Run
from .checked import Checked, could_not, differs, matches

_SHOWN = 5


def check_code(store: Store, run: Run, experiment: Experiment) -> Checked:
    """Whether running it again would run the same code; names the files that changed where their hashes were kept."""
    compared = "the script and what it imports, as they are now, with the fingerprint of what ran"
    if not experiment.script.exists():
        return could_not("code", f"{experiment.script} is not there any more")
    changed = _changed_files(store, run)
    if fingerprint(seal.target_of(experiment)) == experiment.fingerprint:
        return matches("code", compared)
    named = f": {', '.join(changed[:_SHOWN])}" if changed else ""
    return differs("code", compared, f"the code has changed since{named}")


def _changed_files(store: Store, run: Run) -> list[str]:
    files = (seal.sealed(store, run.id) or {}).get("code", ())
    return [str(one["path"]) for one in files if seal.file_hash(Path(one["path"])) != one["sha256"]]
