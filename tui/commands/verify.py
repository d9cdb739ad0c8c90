"""`mlintern verify`: counts again what can be counted again of a run, and says what it could not."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...planner.report.blocks import Report
from ...planner.report.compose import compose
from ...planner.report.resolve import Resolver
from ...planner.verification.checked import Answer, Checked, differs, matches, told
from ...planner.verification.verify import verify
from ...store import Store
from ..output import SCHEMA, CommandError, ExitCode, Output
from ..reports.json import differences
from ..text import clean
from .opening import home_folder, opened

_WORDS = {
    Answer.MATCHES: "matches", Answer.DIFFERS: "DIFFERS", Answer.TOLD: "told", Answer.COULD_NOT: "could not verify",
}  # fmt: skip


def command(options: argparse.Namespace, output: Output) -> ExitCode:
    """Compare, and tell; exit code 1 where something differs."""
    with opened(home_folder(options), create=False) as store:
        run = store.runs.get(options.run)
        checked = verify(store, run)
        if options.report is not None:
            checked = (*checked, *_of_report(store, Path(options.report), run.id))
    output.object({"schema": SCHEMA, "run": run.id, "checked": [_object(one) for one in checked]})
    output.lines(_lines(checked))
    return ExitCode.FAULTS if any(one.answer is Answer.DIFFERS for one in checked) else ExitCode.DONE


def _object(one: Checked) -> dict[str, Any]:
    return {
        "what": one.what,
        "answer": str(one.answer),
        "compared": one.compared,
        "found": one.found or None,
        "metric": one.metric,
        "definition": one.definition,
    }


def _lines(checked: tuple[Checked, ...]) -> Iterator[str]:
    for one in checked:
        yield clean(f"{_WORDS[one.answer]}: {one.what}: {one.compared}{f' ({one.found})' if one.found else ''}")


def _of_report(store: Store, path: Path, run_id: int) -> Iterator[Checked]:
    """Every value of a stored report, looked up again."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError("report", f"{path} cannot be read: {error.strerror}.", "Name a report in JSON.") from error
    except (ValueError, RecursionError) as error:
        raise CommandError(
            "report", f"{path} is no report in JSON.", f"Make one: mlintern report {run_id} --json --output FILE."
        ) from error
    if not isinstance(content, dict) or content.get("run") != run_id or "sections" not in content:
        raise CommandError("report", f"{path} is no report of run {run_id}.", "Name the run that it is of.")
    compared = f"every value in {path} with the store"
    resolver = Resolver(store)
    found = list(differences(content, resolver))
    wrong = [words for is_wrong, words in found if is_wrong]
    wrong += _left_out(content, compose(store, resolver, store.runs.get(run_id)))
    since = [words for is_wrong, words in found if not is_wrong]
    yield differs("report", compared, "; ".join(wrong)) if wrong else matches("report", compared)
    if since:
        yield told("report", "what may change without being edited", "; ".join(since))


def _left_out(content: dict[str, Any], whole: Report) -> list[str]:
    """The sections that every report has and this one has not."""
    sections = content["sections"] if isinstance(content["sections"], list) else []
    there = {one.get("title") for one in sections if isinstance(one, dict)}
    return [f"the section “{one.title.text}” is gone" for one in whole.sections if one.title.text not in there]
