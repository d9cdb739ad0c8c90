"""Looking at past runs: which there are, one of them, what went wrong, and what differs.

Invariant: metrics of a run that works on a cut script are no results and are not told.
"""

from __future__ import annotations

from collections.abc import Iterator

from ....store import NotFound
from ....store.records import Experiment, Run
from ...diagnosis.diagnose import diagnose
from ...diagnosis.log import read
from ...diagnosis.subject import Subject, of_run
from ...verification.verify import RESULTS
from ..tool import PATH, RUN, Arguments, Found, Surroundings, Tool, Touches

MOST_RUNS = 30
MOST_LOG_BYTES = 32 << 20
_MOST_METRICS = 20


def run_of(surroundings: Surroundings, number: int) -> Run:
    """The run with this number. Raises ``StoreError``."""
    return surroundings.store.runs.get(number)


def list_runs(surroundings: Surroundings, arguments: Arguments) -> Found:
    """The latest runs, newest first."""
    store = surroundings.store
    told = []
    for run_id in list(store.runs.ids(""))[:MOST_RUNS]:
        run = store.runs.get(run_id)
        told.append(_one_line(run, store.experiments.get(run.experiment_id)))
    return Found("\n".join((f"{len(told)} runs, the newest first", *told)), ("mlintern history lists all",))


def look_at_run(surroundings: Surroundings, arguments: Arguments) -> Found:
    """How a run went: status, time, steps, memory, metrics, findings."""
    run = run_of(surroundings, arguments["run"])
    experiment = surroundings.store.experiments.get(run.experiment_id)
    lines = [_one_line(run, experiment), *_run_lines(surroundings, run)]
    return Found("\n".join(lines), (f"mlintern show {run.id} shows all of it",), {"run": run.id})


def diagnose_run(surroundings: Surroundings, arguments: Arguments) -> Found:
    """What went wrong with a run."""
    run = run_of(surroundings, arguments["run"])
    subject = of_run(surroundings.store, run, most_bytes=MOST_LOG_BYTES)
    next_step = f"mlintern diagnose {run.id} shows all of it"
    return Found("\n".join((f"run {run.id}", *_diagnosis_lines(surroundings, subject))), (next_step,), {"run": run.id})


def diagnose_log(surroundings: Surroundings, arguments: Arguments) -> Found:
    """What went wrong in a log of the workspace."""
    path = arguments["path"]
    with surroundings.workspace.opened(path) as file:
        log = read(file)
    subject = Subject(str(surroundings.workspace.folder / path), diagnose(log), lines=log.total)
    lines = _diagnosis_lines(surroundings, subject)
    return Found("\n".join((path, *lines)), (f"mlintern diagnose {path} shows all of it",))


def compare_runs(surroundings: Surroundings, arguments: Arguments) -> Found:
    """What differs between runs, arguments first."""
    store = surroundings.store
    runs = [store.runs.get(number) for number in dict.fromkeys(arguments["runs"])]
    experiments = [store.experiments.get(run.experiment_id) for run in runs]
    rows = {f"run {run.id}": _values(surroundings, run, one) for run, one in zip(runs, experiments, strict=True)}
    names = list(dict.fromkeys(name for values in rows.values() for name in values))
    told = []
    for name in names:
        values = [row.get(name, "unknown") for row in rows.values()]
        if len(set(values)) > 1:
            told.append(f"{name}: {' | '.join(values)}")
    head = " | ".join(rows)
    same = len(names) - len(told)
    command = f"mlintern compare {' '.join(str(run.id) for run in runs)}"
    return Found("\n".join((head, *told, f"{same} more are the same")), (f"{command} shows all of it",))


def _values(surroundings: Surroundings, run: Run, experiment: Experiment) -> dict[str, str]:
    values = {
        "script": str(experiment.module or experiment.script),
        "arguments": " ".join(experiment.args),
        "code": experiment.fingerprint[:12],
        "rung": str(run.rung),
        "status": str(run.status),
        "seconds": _number(run.wall_seconds),
        "steps": _number(run.steps),
    }
    return values | dict(_metrics(surroundings, run))


def _one_line(run: Run, experiment: Experiment) -> str:
    reason = f", {run.reason}" if run.reason else ""
    what = f"{experiment.module or experiment.script.name} {' '.join(experiment.args)}".strip()
    return f"run {run.id}: {run.rung} of {what}: {run.status}{reason}"


def _run_lines(surroundings: Surroundings, run: Run) -> Iterator[str]:
    store = surroundings.store
    yield f"seconds {_number(run.wall_seconds)}, ceiling {_number(run.ceiling_seconds)}"
    yield f"steps {_number(run.steps)} of {_number(run.planned_steps)}"
    yield f"peak memory {_number(run.peak_host_bytes)} bytes, of the GPU {_number(run.peak_device_bytes)} bytes"
    yield from (f"metric {name}: {value}" for name, value in _metrics(surroundings, run))
    if run.rung not in RESULTS:
        yield "its metrics are no results: the script was cut"
    for finding in store.findings.for_experiment(run.experiment_id)[:12]:
        yield f"finding {finding.id}: {finding.severity} {finding.code}: {finding.message}"


def _metrics(surroundings: Surroundings, run: Run) -> Iterator[tuple[str, str]]:
    if run.rung in RESULTS:
        for name, metric in list(surroundings.store.metrics.last(run.id).items())[:_MOST_METRICS]:
            yield name, f"{metric.value:g}"


def _diagnosis_lines(surroundings: Surroundings, subject: Subject) -> Iterator[str]:
    cause, advice = subject.diagnosis.cause, subject.advice(surroundings.store)
    if cause is None or advice is None:
        yield f"nothing wrong was seen in {subject.lines} lines"
        return
    yield f"{cause.certainty}: {cause.code}: {cause.what}"
    for quote in cause.quotes[:6]:
        yield f"  {'' if quote.line is None else f'line {quote.line}: '}{quote.text}"
    yield from (f"it could also be: {words}" for words in cause.instead)
    yield f"test: {cause.test}"
    yield from (f"tried: {one.remedy}: {one.outcome}" for one in advice.tried)
    for number, measure in enumerate(advice.untried, start=1):
        yield f"remedy {number}: {measure.remedy} (if {measure.tests})"


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _has_runs(surroundings: Surroundings) -> bool:
    return has_run(surroundings, 1)


def has_run(surroundings: Surroundings, number: int) -> bool:
    """Whether there is a run with this number."""
    try:
        surroundings.store.runs.get(number)
    except NotFound:
        return False
    return True


_RUNS = {"type": "array", "items": RUN, "minItems": 2, "maxItems": 5}
TOOLS = (
    Tool("list_runs", "lists past runs", {}, Touches.RECORD, list_runs, is_useful=_has_runs),
    Tool("look_at_run", "tells how a run went", {"run": RUN}, Touches.RECORD, look_at_run, is_useful=_has_runs),
    Tool("diagnose_run", "tells what went wrong with a run and what to try", {"run": RUN}, Touches.RECORD,
         diagnose_run, is_useful=_has_runs),
    Tool("diagnose_log", "tells what went wrong in a log file of the workspace", {"path": PATH}, Touches.WORKSPACE,
         diagnose_log),
    Tool("compare_runs", "tells what differs between runs", {"runs": _RUNS}, Touches.RECORD, compare_runs,
         is_useful=_has_runs),
)  # fmt: skip
