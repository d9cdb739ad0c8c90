"""`mlintern doctor`: what this machine has, what is missing, and how to get it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...planner.doctor import Advice, Machine, Room, advise, look
from ...planner.model_setting import ModelSetting
from ...runtime.interpreters import Interpreter
from ...store.records import GpuSample, Severity
from ..machine import price_words
from ..output import SCHEMA, ExitCode, Output
from ..text import clean
from ..units import size
from .checks import show_checks
from .opening import home_folder


def command(options: argparse.Namespace, output: Output) -> ExitCode:
    """Look at the machine, or list the checks."""
    if options.checks:
        return show_checks(output)
    output.draw(lambda: "asking interpreters, drivers and the kernel …")
    machine = look(home_folder(options), beside=(Path.cwd(),))
    advice = advise(machine)
    output.erase()
    output.object(_content(machine, advice))
    output.lines(_lines(machine, advice))
    return ExitCode.FAULTS if any(one.severity is Severity.ERROR for one in advice) else ExitCode.DONE


def _content(machine: Machine, advice: tuple[Advice, ...]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "cores": machine.cores,
        "memory": {"total_bytes": machine.memory_bytes, "available_bytes": machine.memory_available_bytes},
        "home": _room(machine.home),
        "scratch": _room(machine.scratch),
        "interpreters": [_interpreter(one) for one in machine.interpreters],
        "gpus": [_gpu(one) for one in machine.gpus],
        "nvidia_driver": machine.has_driver,
        "usable_gpus": machine.usable_gpus,
        "isolation": list(machine.isolation),
        "llama": {"version": machine.llama, "programs": [str(path) for path in machine.llama_programs]},
        "models": [str(path) for path in machine.models],
        "model": _model(machine.model),
        "slurm": None if machine.slurm is None else str(machine.slurm),
        "price": {
            "usd_per_hour": machine.price.usd_per_hour,
            "usd_per_kwh": machine.price.usd_per_kwh,
            "source": machine.price.source,
        },
        "missing": [
            {"topic": one.topic, "severity": str(one.severity), "message": one.message, "fix": one.fix}
            for one in advice
        ],
    }


def _model(chosen: ModelSetting) -> dict[str, Any]:
    path = None if chosen.path is None else str(chosen.path)
    return {"path": path, "server": chosen.server, "why_none": chosen.why_none}


def _room(room: Room) -> dict[str, Any]:
    return {"folder": str(room.folder), "free_bytes": room.free_bytes, "total_bytes": room.total_bytes}


def _interpreter(one: Interpreter) -> dict[str, Any]:
    has = {"python": one.python, "torch": one.torch, "torch_built_for": one.torch_built_for}
    return {"path": str(one.path), "found": one.source, **has}


def _gpu(gpu: GpuSample) -> dict[str, Any]:
    memory = {"memory_used_bytes": gpu.memory_used_bytes, "memory_total_bytes": gpu.memory_total_bytes}
    return {"index": gpu.index, "name": gpu.name, **memory}


def _lines(machine: Machine, advice: tuple[Advice, ...]) -> Iterator[str]:
    for one in machine.interpreters:
        built = f" for {one.torch_built_for}" if one.torch_built_for else ""
        torch = f"torch {one.torch}{built}" if one.torch else "no torch"
        yield clean(f"python {one.python}: {one.path} ({one.source}), {torch}")
    yield f"cpu: {machine.cores} core{'s' if machine.cores > 1 else ''}"
    yield f"memory: {size(machine.memory_available_bytes)} free of {size(machine.memory_bytes)}"
    for gpu in machine.gpus:
        yield clean(
            f"gpu {gpu.index}: {gpu.name}, {size(gpu.memory_used_bytes)} of {size(gpu.memory_total_bytes)} in use"
        )
    if not machine.gpus:
        yield f"gpu: none seen{'' if machine.has_driver else ' (no NVIDIA driver library)'}"
    yield f"isolation: {', '.join(machine.isolation) or 'none'}"
    for label, room in (("home", machine.home), ("scratch", machine.scratch)):
        yield clean(f"{label}: {room.folder}, {size(room.free_bytes)} free of {size(room.total_bytes)}")
    programs = ", ".join(map(str, machine.llama_programs))
    yield clean(f"llama.cpp: {machine.llama or 'no Python package'}{f', {programs}' if programs else ''}")
    yield f"models: {len(machine.models) or 'none'}"
    chosen = machine.model.server or machine.model.path
    yield clean(f"decided by: {f'{chosen}, and the built-in rules' if chosen else 'the built-in rules'}")
    yield f"slurm: {machine.slurm or 'none'}"
    yield clean(f"price: {price_words(machine.price)}")
    for item in advice:
        yield clean(f"{item.severity}: {item.topic}: {item.message}")
        yield clean(f"fix: {item.fix}")
