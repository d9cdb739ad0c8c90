#!/bin/sh
# Make .venv in this repository and install mlintern into it with the extras that are named, in tested versions.
# Usage: sh scripts/setup.sh EXTRA,EXTRA      (PYTHON=python3.12 chooses another interpreter)
set -eu
cd "$(dirname "$0")/.."
extras=$1
python=${PYTHON:-python3}

if [ ! -x .venv/bin/python ]; then
    if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        echo "mlintern needs Python 3.11 or newer; $python is older. Name another one: PYTHON=python3.12 sh $0 $extras" >&2
        exit 2
    fi
    if ! "$python" -m venv .venv; then
        rm -rf .venv
        echo "A virtual environment could not be made. On Debian and Ubuntu: apt install python3-venv" >&2
        exit 2
    fi
fi

# Installed already, and neither the project nor the versions changed since: nothing to do.
stamp=".venv/installed-$extras"
wanted=$(cat pyproject.toml constraints.txt | cksum)
if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi

if ! .venv/bin/python -c 'import importlib.util, sys; sys.exit(importlib.util.find_spec("torch") is None)'; then
    echo "Installing; on Linux, torch brings several GB of CUDA packages along." >&2
    echo "To save them on a machine without a GPU: Ctrl-C, and see \"PyTorch without CUDA\" in README.md." >&2
fi
case ",$extras," in
*,llama,* | *,all,* | *,test,*)
    if ! .venv/bin/python -c 'import importlib.util, sys; sys.exit(importlib.util.find_spec("llama_cpp") is None)'; then
        if ! command -v "${CXX:-c++}" >/dev/null; then
            echo "llama.cpp is compiled here, which needs a C++ compiler. On Debian and Ubuntu: apt install g++" >&2
            exit 2
        fi
        echo "llama.cpp is compiled, which takes some minutes the first time." >&2
    fi
    ;;
esac
# llama.cpp is compiled here, for any processor of this kind: tuned to one, some builds crash with quantised models.
export CMAKE_ARGS="${CMAKE_ARGS:--DGGML_NATIVE=OFF -DLLAVA_BUILD=OFF}"
.venv/bin/python -m pip install --quiet --constraint constraints.txt --editable ".[$extras]"
echo "$wanted" > "$stamp"
