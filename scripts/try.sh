#!/bin/sh
# Set up, then take the bundled digits example up the ladder. No arguments, on a terminal: in the application.
# No arguments, no terminal: the rungs that need no approval, and the forecast of the full run.
# With arguments: mlintern run, for example: sh scripts/try.sh --to full --approve pilot=5m --approve full=15m
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh torch,examples

if [ $# -gt 0 ]; then
    exec .venv/bin/mlintern run examples/digits_cnn.py "$@"
elif [ -t 0 ] && [ -t 1 ]; then
    exec .venv/bin/mlintern-tui examples/digits_cnn.py
else
    exec .venv/bin/mlintern check examples/digits_cnn.py
fi
