#!/bin/sh
# Set up, then run everything that must hold: tests, lint, types, import rules, docs. Arguments go to pytest.
# Most of a test's time is spent waiting for processes, so two run at once (JOBS=4 for more, JOBS=0 for one by one).
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh test
exec .venv/bin/python -m pytest -n "${JOBS:-2}" "$@"
