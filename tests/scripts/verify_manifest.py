"""Run scripts of the corpus and compare what they do with what the manifest says.

Usage: python verify_manifest.py [--size tiny|full] [--json FILE] [NAME…]. Exit code 1 when a number is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from mlintern.tests.scripts.corpus import HERE, Script, Setting, scripts

ONE_THREAD = {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1", "TOKENIZERS_PARALLELISM": "false"}


def count(script: Script, setting: Setting) -> dict[str, Any]:
    """Run one script in a copy of the corpus and return what was counted."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "copy"
        shutil.copytree(script.folder, copy, ignore=shutil.ignore_patterns("__pycache__", "runs"))
        counts = Path(scratch) / "counts.json"
        command = [sys.executable, str(HERE / "count_steps.py"), str(counts), *script.command(setting)]
        done = subprocess.run(
            command,
            cwd=copy,
            env={**os.environ, **ONE_THREAD, "TMPDIR": scratch},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            return {"failed": done.stderr.strip().splitlines()[-1:]}
        counted: dict[str, Any] = json.loads(counts.read_text(encoding="utf-8"))
        return counted


def main() -> int:
    """Go through the scripts that were named, or through all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--size", choices=("tiny", "full"), default="tiny")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    wrong, found = 0, {}
    for script in scripts():
        if arguments.names and script.name not in arguments.names:
            continue
        if script.missing:
            sys.stdout.write(f"{script.name}: skipped, needs {', '.join(script.missing)}\n")
            continue
        setting: Setting = getattr(script, arguments.size)
        counted = count(script, setting)
        right = (counted.get("steps"), counted.get("backwards")) == (setting.steps, setting.backwards)
        wrong += not right
        found[f"{script.name}.{arguments.size}"] = counted
        sys.stdout.write(f"{script.name}: {counted}{'' if right else '  WRONG in the manifest'}\n")
        sys.stdout.flush()
        if arguments.json:
            arguments.json.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
