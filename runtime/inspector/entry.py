"""The child's main: arguments in, one JSON report out."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import platform
import sys
import time
from pathlib import Path
from typing import Any

from .census import callees, census
from .context import Context
from .imports import Answers, Question, check_files, check_imports, name_questions, surely_imported
from .library import ABSENT, similar_names
from .patterns import patterns
from .places import MISSING, Places, use_search_path_of
from .project import Project, SourceFile
from .signatures import COULD_NOT_TELL, FITS
from .trace import Trace
from .worker import CALL, ask

SCHEMA = 1


def main(arguments: list[str], startup_modules: frozenset[str]) -> int:
    """Inspect what the arguments name and print the report."""
    options = _parser().parse_args(arguments)
    started = time.perf_counter()
    places = Places(startup_modules)
    if options.script:
        script = Path(options.script)
        use_search_path_of(str(script.resolve().parent))
        main_file: SourceFile | None = SourceFile("__main__", script, "", is_main=True)
    else:
        use_search_path_of(str(Path.cwd()))
        main_file = _module_file(options.module, places)
    report = _describe_interpreter(places)
    if main_file is None:
        report["error"] = f"no module named {options.module} that Python could run with -m"
    else:
        report.update(inspect(main_file, places, seconds=options.seconds))
    report["seconds"] = round(time.perf_counter() - started, 3)
    print(json.dumps(report))  # noqa: T201  the report is this program's output
    return 0


def inspect(main_file: SourceFile, places: Places, *, seconds: float) -> dict[str, Any]:
    """Everything that can be told about the program."""
    project = Project(main_file, places)
    answers = Answers()
    check_files(project, answers)
    questions = list(check_imports(project, answers)) + list(name_questions(project))
    found, trace = patterns(project)
    asked = _default_questions(project, trace)
    results = ask([*questions, *asked], places, seconds) if questions or asked else []
    for question, result in zip(questions, results):  # noqa: B905  (Python 3.9 has no strict zip)
        _file_result(question, result, answers)
    told = zip(asked, results[len(questions) :])  # noqa: B905
    signatures = {question.defaults_of: result.get("parameters", []) for question, result in told}
    return {
        "files": [str(file.path) for file in project.files.values()],
        "faults": answers.faults,
        "could_not_tell": answers.could_not_tell,
        "checked": answers.checked,
        "patterns": found,
        "hyperparameters": census(trace, signatures),
    }


def _default_questions(project: Project, trace: Trace) -> list[Question]:
    """What parameters the callables have that the run surely imports."""
    imported = surely_imported(project)
    names = [name for name in callees(trace) if name.partition(".")[0] in imported]
    return [Question(str(project.main.path), 0, Context(), defaults_of=name) for name in names]


def _file_result(question: Question, result: dict[str, Any], answers: Answers) -> None:
    """Put one answer where it belongs."""
    kind = "call" if question.use is not None and question.use.shape is not None else "name"
    if question.use is None and not question.name:
        kind = "import"
    if result["answer"] == ABSENT:
        missing = f"{result['owner']}.{result['name']}".strip(".")
        if kind == "name" and f"{question.module}.".startswith(f"{missing}."):
            return  # the module itself is missing, which its own question has told
        facts = {"owner": result["owner"], "name": result["name"], "similar": result["similar"]}
        if kind == "import":
            facts = {"module": question.module, "missing": missing, "similar": result["similar"]}
        answers.fault(
            kind if question.use is None else "attribute", question.file, question.line, question.context, **facts
        )
    elif result["answer"] == CALL and result["problem"] not in (FITS, COULD_NOT_TELL):
        facts = {key: value for key, value in result.items() if key not in ("answer", "why")}
        facts["similar"] = [one for name in result["names"] for one in similar_names(name, result["accepts"])[:1]]
        answers.fault("call", question.file, question.line, question.context, callee=question.what, **facts)
    elif COULD_NOT_TELL in (result["answer"], result.get("problem")):
        answers.doubt(kind, question.file, question.line, question.what, result["why"])
    if kind != "import" and result["answer"] != COULD_NOT_TELL and result.get("problem") != COULD_NOT_TELL:
        answers.checked["calls" if kind == "call" else "names"] += 1


def _describe_interpreter(places: Places) -> dict[str, Any]:
    torch: str | None = None
    if places.find("torch").kind != MISSING:
        try:
            torch = importlib.metadata.version("torch")
        except importlib.metadata.PackageNotFoundError:
            torch = "unknown"
    return {"schema": SCHEMA, "python": platform.python_version(), "executable": sys.executable, "torch": torch}


def _module_file(name: str, places: Places) -> SourceFile | None:
    """The file that ``python -m name`` runs: the module, or the ``__main__`` of a package."""
    place = places.find(name)
    if place.locations is not None:
        place = places.find(f"{name}.__main__")
    if not place.path or not place.path.endswith((".py", ".pyw")):
        return None
    return SourceFile("__main__", Path(place.path), place.name.rpartition(".")[0], is_main=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--script")
    what.add_argument("--module")
    parser.add_argument("--seconds", type=float, default=30.0, help="time limit for importing libraries")
    return parser
