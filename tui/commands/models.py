"""`mlintern models`: the models that lie on this machine, whether they fit, and a trial of one.

Invariant: listing reads headers and loads nothing; only ``--test`` starts a model, in a process of its own.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ...models.engine import EngineError
from ...models.fit import Memory, NoFit, Plan, plan
from ...models.gguf import GgufError, Header, read_header
from ...models.library import Listed, list_models, look_at, own_folder
from ...models.local import HOW_TO_INSTALL, is_installed
from ...models.trial import try_model
from ...planner import model_setting
from ...planner.local_model import memory_now, plan_now
from ...planner.model_setting import ModelSetting
from ...store.model_trials import ModelTrial, TrialOutcome
from ..output import SCHEMA, CommandError, ExitCode, Output
from ..text import clean
from ..units import size
from .opening import home_folder, opened


def command(options: argparse.Namespace, output: Output) -> ExitCode:
    """List them all, or try one."""
    home = home_folder(options)
    if options.test is not None:
        return _test(home, Path(options.test).expanduser(), output)
    output.draw(lambda: "reading the headers of the models that are here …")
    listed, memory = list_models(home), memory_now()
    setting = model_setting.known(home)
    output.erase()
    models = [_model(one, memory, setting) for one in listed]
    output.object({"schema": SCHEMA, "chosen": _chosen(setting), "models": models, "trial": None})
    output.lines(_lines(listed, memory, setting, home))
    return ExitCode.DONE


def _test(home: Path, path: Path, output: Output) -> ExitCode:
    try:
        header = read_header(path.absolute())
    except GgufError as error:
        raise CommandError("model", str(error)) from error
    if not header.is_language_model:
        raise CommandError("model", f"{path} is no language model but a part of one ({header.architecture}).")
    if not is_installed():
        raise CommandError("llama", "llama.cpp is not installed here.", HOW_TO_INSTALL + ".")
    memory = memory_now()
    try:
        how = plan_now(header, memory)
    except EngineError as error:
        raise CommandError("model", str(error), exit_code=ExitCode.FAULTS) from error
    output.say(f"loading {path.name} ({size(header.weights_bytes)}); once more with less if it crashes")
    with opened(home) as store:
        trial = try_model(store, home, header, how)
    model = _model(look_at(header.path), memory, model_setting.known(home))
    chosen = _chosen(model_setting.known(home))
    output.object({"schema": SCHEMA, "chosen": chosen, "models": [model], "trial": _trial(trial)})
    output.lines(_trial_lines(header, how, trial))
    return ExitCode.DONE if trial.outcome is TrialOutcome.RUNS else ExitCode.FAULTS


def _chosen(setting: ModelSetting) -> dict[str, Any]:
    path = None if setting.path is None else str(setting.path)
    return {"path": path, "server": setting.server, "name": setting.name, "why_none": setting.why_none}


def _model(one: Listed, memory: Memory, setting: ModelSetting) -> dict[str, Any]:
    header = one.header
    told: dict[str, Any] = {
        "path": str(one.path),
        "label": one.label,
        "source": one.source,
        "problem": one.problem,
        "is_chosen": _is_chosen(one, setting),
    }
    if header is None:
        empty = ("name", "architecture", "quantisation", "parameters", "weights_bytes", "context_length")
        return told | dict.fromkeys((*empty, "fits", "plan", "needed_bytes", "free_bytes"))
    how = _plan(one, memory)
    return told | {
        "name": header.name,
        "architecture": header.architecture,
        "quantisation": header.quantisation,
        "parameters": header.parameters,
        "weights_bytes": header.weights_bytes,
        "context_length": header.context_length,
        "fits": None if how is None else isinstance(how, Plan),
        "plan": asdict(how) if isinstance(how, Plan) else None,
        "needed_bytes": how.needed_bytes if isinstance(how, NoFit) else None,
        "free_bytes": how.free_bytes if isinstance(how, NoFit) else None,
    }


def _plan(one: Listed, memory: Memory) -> Plan | NoFit | None:
    """Whether it fits; not asked of what is no language model."""
    return plan(one.header, memory) if one.header is not None and one.problem is None else None


def _is_chosen(one: Listed, setting: ModelSetting) -> bool:
    return setting.path is not None and setting.path.resolve() == one.path.resolve()


def _trial(trial: ModelTrial) -> dict[str, Any]:
    return {
        "outcome": str(trial.outcome),
        "runtime": trial.runtime,
        "extra_buffers": trial.extra_buffers,
        "prompt_tokens_per_second": trial.prompt_tokens_per_second,
        "tokens_per_second": trial.tokens_per_second,
        "detail": trial.detail,
    }


def _lines(listed: tuple[Listed, ...], memory: Memory, setting: ModelSetting, home: Path) -> Iterator[str]:
    for one in listed:
        mark = "* " if _is_chosen(one, setting) else "  "
        yield clean(f"{mark}{one.label}: {_words(one, _plan(one, memory))} ({one.source})")
        yield clean(f"    {one.path}")
    if not listed:
        yield clean(f"no GGUF file was found; put one into {own_folder(home)}")
    if setting.server is not None:
        yield clean(f"chosen: the server at {setting.server}")
    elif setting.path is not None:
        yield clean(f"chosen: {setting.path}")
    else:
        yield clean(f"chosen: none, so the built-in rules decide ({setting.why_none})")
    if not is_installed():
        yield f"llama.cpp is not installed: {HOW_TO_INSTALL}"


def _words(one: Listed, how: Plan | NoFit | None) -> str:
    if one.header is None or how is None:
        return one.problem or "unknown"
    header = one.header
    about = f"{size(header.weights_bytes)}, {header.quantisation or 'unknown quantisation'}, context "
    about += f"{header.context_length or 'unknown'}"
    if isinstance(how, NoFit):
        return f"{about}; does not fit: needs {size(how.needed_bytes)}, {size(how.free_bytes)} free"
    return f"{about}; {_plan_words(header, how)}"


def _plan_words(header: Header, how: Plan) -> str:
    kept = "" if how.kv_type == "f16" else f", cache as {how.kv_type}"
    if how.device_layers > header.layers:
        place = f"fits on the GPU ({size(how.device_bytes)})"
    elif how.device_layers:
        place = f"fits, {how.device_layers} of {header.layers} layers on the GPU ({size(how.device_bytes)})"
    else:
        place = f"fits on the CPU ({size(how.host_bytes)})"
    return f"{place} with {how.context} tokens of context{kept}"


def _trial_lines(header: Header, how: Plan, trial: ModelTrial) -> Iterator[str]:
    yield clean(f"{header.path.name}: {trial.outcome}, {_plan_words(header, how)}")
    if trial.tokens_per_second is not None and trial.prompt_tokens_per_second is not None:
        yield (
            f"reads {trial.prompt_tokens_per_second:.0f} and writes {trial.tokens_per_second:.1f} tokens a second"
            f" on this machine as it is now"
        )
    elif trial.outcome is TrialOutcome.RUNS:
        yield "how fast is unknown: its answer ended at once"
    yield clean(f"by {trial.runtime}")
    if trial.detail is not None:
        yield clean(trial.detail)
