"""The interpreters that can run a script: finding them, saying what they have, and looking at a script through one.

Invariant: an interpreter is only ever asked in a child process with a time limit; nothing of it is imported here. Asked
what it has, it does not import torch either: torch's version and the CUDA that it is built for are read from its files.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..store.records import Json

OLDEST_PYTHON = (3, 9)
EXAMINE_SECONDS = 20.0
TORCH_SECONDS = 120.0
"""Importing torch may take long on a busy machine."""
INSPECT_SECONDS = 120.0
"""The whole inspection; the time for importing libraries inside it is ``LIBRARY_SECONDS``."""
LIBRARY_SECONDS = 60.0

_INSPECTOR = Path(__file__).with_name("inspect_script.py")
# Understood by every Python since 2.6, so that an old one is told from a program that is no Python at all.
_QUESTION = r"""
import sys
answer = {"python": ".".join(map(str, sys.version_info[:3]))}
if sys.version_info >= (3, 8):
    import importlib.machinery, importlib.metadata, pathlib, re
    spec = importlib.machinery.PathFinder.find_spec("torch", sys.path[1:])
    if spec is not None and spec.origin is not None:
        try:
            answer["torch"] = importlib.metadata.version("torch")
        except importlib.metadata.PackageNotFoundError:
            answer["torch"] = "unknown"
        try:
            text = pathlib.Path(spec.origin).with_name("version.py").read_text()
        except OSError:
            text = ""
        for kind in ("cuda", "hip"):
            built = re.search(kind + r"\b[^=\n]*=\s*'([^']+)'", text)
            answer[kind] = built.group(1) if built else None
import json
sys.stdout.write("\n" + json.dumps(answer) + "\n")
"""
# With this variable torch asks the driver's library in place of CUDA, which would take memory on the device.
_GPU_QUESTION = r"""
import os
os.environ["PYTORCH_NVML_BASED_CUDA_CHECK"] = "1"
import torch
print("\n" + '{"gpus": %d}' % (torch.cuda.device_count() if torch.cuda.is_available() else 0))
"""


class InterpreterError(RuntimeError):
    """The interpreter cannot be used; the text says why and what to do."""


class NoTorchError(InterpreterError):
    """The interpreter works but has no torch."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python that answered, and what it has."""

    path: Path
    """As it is called: a virtual environment's link is not resolved, because the link makes it that environment."""
    python: str
    torch: str | None
    torch_built_for: str | None
    """``CUDA 12.8``, ``ROCm 6.4``, or ``None`` for a build without an accelerator (or without torch)."""
    source: str
    """How it was found: ``--python``, ``VIRTUAL_ENV``, ``conda``, ``.venv``, ``mlintern's own`` or ``PATH``."""


def examine(python: Path, *, source: str = "--python", seconds: float = EXAMINE_SECONDS) -> Interpreter:
    """What this interpreter has; raises InterpreterError where it cannot be used."""
    path = _absolute(python)
    _refuse_unusable(path)
    answer = _last_json(_run([str(path), "-c", _QUESTION], path=path, seconds=seconds).stdout)
    if "python" not in answer:
        raise InterpreterError(f"{path} is not a Python interpreter. Name one with --python, such as .venv/bin/python")
    version = str(answer["python"])
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        raise InterpreterError(f"{path} is Python {version}, older than {oldest}. Name a newer one with --python")
    return Interpreter(path, version, answer.get("torch"), _built_for(answer), source)


def require_torch(interpreter: Interpreter) -> Interpreter:
    """The interpreter itself; raises NoTorchError where it has no torch."""
    if interpreter.torch is None:
        raise NoTorchError(
            f"{interpreter.path} (Python {interpreter.python}) has no torch. Name an interpreter that has it with "
            f"--python, or install it: {interpreter.path} -m pip install torch"
        )
    return interpreter


def candidates(
    beside: Sequence[Path] = (), *, environment: Mapping[str, str] | None = None
) -> Iterator[tuple[Path, str]]:
    """Interpreters that may be meant, the likeliest first, each once; ``beside`` are folders that may hold a .venv."""
    variables = os.environ if environment is None else environment
    seen: set[Path] = set()
    for path, source in _places(beside, variables):
        # The folder is resolved and the link is not: two environments may link to the same Python.
        known = path.parent.resolve() / path.name
        if known.parent not in seen and path.is_file() and os.access(path, os.X_OK):
            seen.add(known.parent)
            yield path, source


def find_all(beside: Sequence[Path] = (), *, environment: Mapping[str, str] | None = None) -> tuple[Interpreter, ...]:
    """Every interpreter that can be found and answers."""
    found = []
    for path, source in candidates(beside, environment=environment):
        try:
            found.append(examine(path, source=source))
        except InterpreterError:
            continue  # not what was asked for by name; the next one may do
    return tuple(found)


def choose(
    named: Path | None, beside: Sequence[Path] = (), *, environment: Mapping[str, str] | None = None
) -> Interpreter:
    """The interpreter to run a script with: the one that was named, or the first with torch; always one with torch."""
    if named is not None:
        return require_torch(examine(named))
    found = []
    for path, source in candidates(beside, environment=environment):
        try:
            interpreter = examine(path, source=source)
        except InterpreterError:
            continue
        if interpreter.torch is not None:
            return interpreter
        found.append(str(path))
    looked = f" Looked at {', '.join(found)}." if found else ""
    raise NoTorchError(f"No Python with torch was found.{looked} Name one, such as --python .venv/bin/python")


def usable_gpus(interpreter: Interpreter, *, seconds: float = TORCH_SECONDS) -> int:
    """How many GPUs its torch can use. It imports torch, and makes no context on any of them."""
    path = interpreter.path
    done = _run([str(path), "-c", _GPU_QUESTION], path=path, seconds=seconds)
    answer = _last_json(done.stdout)
    if "gpus" not in answer:
        words = (done.stderr.strip().splitlines() or ["it said nothing"])[-1][:300]
        raise InterpreterError(f"{path} could not import its torch: {words}")
    return int(answer["gpus"])


def inspect(
    python: Path,
    *,
    script: Path | None,
    module: str | None,
    working_dir: Path,
    library_seconds: float = LIBRARY_SECONDS,
) -> Json:
    """The report of runtime/inspector about a script or module, as seen from this interpreter.

    Libraries that leave something behind when they are imported leave it in a folder that goes.
    """
    target = ["--module", module] if module is not None else ["--script", str(script)]
    inspector = [str(python), "-B", str(_INSPECTOR), *target, "--seconds", str(library_seconds)]
    with tempfile.TemporaryDirectory(prefix="mlintern-", ignore_cleanup_errors=True) as scratch:
        command = [sys.executable, "-P", "-m", "mlintern.runtime.confined", scratch, *inspector]
        done = _run(command, path=python, seconds=INSPECT_SECONDS + library_seconds, working_dir=working_dir)
    report = _last_json(done.stdout)
    if "schema" not in report:
        words = (done.stderr.strip().splitlines() or ["it said nothing"])[-1][:300]
        raise InterpreterError(f"{python} could not look at the script: {words}")
    return report


def _places(beside: Sequence[Path], variables: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    for variable, source in (("VIRTUAL_ENV", "VIRTUAL_ENV"), ("CONDA_PREFIX", "conda")):
        if variables.get(variable):
            yield _python_in(Path(variables[variable])), source
    for folder in beside:
        for name in (".venv", "venv", "env"):
            if (folder / name / "pyvenv.cfg").is_file():
                yield _python_in(folder / name), name
    yield Path(sys.executable), "mlintern's own"
    for entry in variables.get("PATH", "").split(os.pathsep):
        for name in ("python3", "python"):
            if entry:
                yield _absolute(Path(entry) / name), "PATH"


def _python_in(prefix: Path) -> Path:
    return prefix / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path.expanduser()))  # noqa: PTH100  resolve() would follow a virtual environment's link


def _refuse_unusable(path: Path) -> None:
    if not path.exists():
        raise InterpreterError(f"No such interpreter: {path}. Name one with --python, such as .venv/bin/python")
    if path.is_dir():
        inside = next((one for one in (_python_in(path), _python_in(path / ".venv")) if one.exists()), None)
        hint = f"Did you mean {inside}?" if inside else "Name the python inside it with --python"
        raise InterpreterError(f"{path} is a folder, not an interpreter. {hint}")
    if not os.access(path, os.X_OK):
        raise InterpreterError(f"{path} is not executable. Name an interpreter with --python, such as .venv/bin/python")


def _run(
    command: Sequence[str], *, path: Path, seconds: float, working_dir: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a child that is killed with everything it started when the time is up."""
    try:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=working_dir,
            start_new_session=True,
            text=True,
            errors="replace",
        )
    except OSError as error:
        words = error.strerror or error
        raise InterpreterError(f"{path} cannot be started: {words}. Name another with --python") from error
    try:
        output, errors = child.communicate(timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise InterpreterError(f"{path} did not answer within {seconds:.0f} s. Name another with --python") from error
    finally:
        _kill_group(child)
    return subprocess.CompletedProcess(list(command), child.returncode, output, errors)


def _kill_group(child: subprocess.Popen[str]) -> None:
    if child.poll() is not None:
        return
    os.killpg(child.pid, signal.SIGKILL)
    child.communicate()


def _last_json(output: str) -> dict[str, Any]:
    """The last line that is a JSON object; start-up files of the user may print before it."""
    for line in reversed(_lines(output)):
        if line.startswith("{"):
            try:
                found = json.loads(line)
            except ValueError:
                return {}
            return found if isinstance(found, dict) else {}
    return {}


def _lines(output: str) -> list[str]:
    return [line.strip() for line in output.splitlines() if line.strip()]


def _built_for(answer: Mapping[str, Any]) -> str | None:
    if answer.get("cuda"):
        return f"CUDA {answer['cuda']}"
    return f"ROCm {answer['hip']}" if answer.get("hip") else None
