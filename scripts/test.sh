#!/bin/sh
# Set up, then run everything that must hold: tests, lint, types, import rules, docs. Arguments go to pytest.
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh test
exec .venv/bin/python -m pytest "$@"
