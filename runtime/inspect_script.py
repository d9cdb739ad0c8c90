"""Static inspection of a script: a child that runs in the interpreter that the user chose.

``python inspect_script.py --script train.py`` or ``--module package.train``, in the folder that the script runs in.

Invariant: nothing of the user's code is executed, and exactly one JSON object is the last line of standard output.
Standard library only, Python 3.9 syntax. It is run without ``-I`` on purpose: PYTHONPATH and the user's site folder
must count as in the real run.
"""

from __future__ import annotations

import sys

# What Python has loaded by itself, before anything of ours: these names cannot be shadowed by a file beside the script.
STARTUP_MODULES = frozenset(sys.modules)


def main() -> int:
    """Load the inspector under a private name, so that the names of its files cannot meet the user's own."""
    import importlib
    import importlib.util
    from pathlib import Path

    folder = Path(__file__).resolve().parent / "inspector"
    spec = importlib.util.spec_from_file_location(
        "_mlintern_inspector", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"mlintern's inspector folder is missing: {folder}")
    package = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = package
    spec.loader.exec_module(package)
    entry = importlib.import_module("_mlintern_inspector.entry")
    code: int = entry.main(sys.argv[1:], STARTUP_MODULES)
    return code


if __name__ == "__main__":
    sys.exit(main())
