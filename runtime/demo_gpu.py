"""A GPU that is not there: NVIDIA's library replaced by a small stand-in that tells made-up values, to see the screens.

Invariant: whoever runs with it is told so by the device's own name, and by every face. It is built in a folder of its
own and takes the real library's place only in the processes that are started with this environment.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

LIBRARY_VARIABLE = "MLINTERN_DEMO_GPU"
"""Names the library to load in place of NVIDIA's."""

STATE_VARIABLE = "FAKE_NVML_STATE"
LABEL = "demo GPU: made-up values"

_SOURCE = Path(__file__).with_name("demo_nvml") / "nvml.c"
_LIBRARY_NAME = "libnvidia-ml.so.1"
_GIB = 1 << 30


class DemoError(RuntimeError):
    """The stand-in cannot be built; the text says why and what to do."""


def is_on() -> bool:
    """Whether this process sees the made-up GPU."""
    return LIBRARY_VARIABLE in os.environ


def switch_on(folder: Path) -> None:
    """Build the library in ``folder``, write what it tells, and use it here and in every process started from here."""
    library = build(folder)
    state = folder / "state"
    state.write_text(script())
    os.environ[LIBRARY_VARIABLE] = str(library)
    os.environ[STATE_VARIABLE] = str(state)


def build(folder: Path) -> Path:
    """The compiled stand-in. Raises :class:`DemoError`."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise DemoError("the demo GPU is built with a C compiler, and there is none: install gcc, or leave it out")
    library = folder / _LIBRARY_NAME
    # Under the name of the real one, so that whoever asks for that is given what is loaded already.
    soname = f"-Wl,-soname,{_LIBRARY_NAME}"
    command = [compiler, "-shared", "-fPIC", "-O1", soname, "-o", str(library), str(_SOURCE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise DemoError(f"the demo GPU could not be built: {compiler} said: {last[0]}")
    return library


def script() -> str:
    """Two minutes, again and again: a device that works, with an evaluation now and then, and an idle one."""
    frames = []
    for second in range(0, 120, 2):
        evaluates = second % 40 >= 34
        used = min(14, 4 + second // 2) + (4 if evaluates else 0)
        busy, watts = (55, 190_000) if evaluates else (93 + second % 5, 310_000 + second % 7 * 4_000)
        frames.append(
            f"@ {second}\n"
            f"demo-GPU-made-up {24 * _GIB} {used * _GIB} {busy} {watts} {61 + second // 12} energy=0+300000\n"
            f"demo-GPU-made-up {24 * _GIB} {_GIB // 2} 0 28000 34 energy=0+28000\n"
        )
    return "".join(frames) + "@ 120 again\n"
