"""`mlintern edit`: changes of a project's files, proposed as a diff, and applied only when a person says so.

Invariant: only ``apply`` and ``undo`` write, all files or none.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from ...planner.edits import deciding
from ...planner.edits.fixes import project_of, propose_fix
from ...planner.edits.proposal import Proposal, all_proposals, proposal
from ...planner.edits.proposing import Refusal, Workspace, propose_patch
from ...planner.edits.workspace import EditError
from ...store import Store
from .. import edit_words
from ..output import SCHEMA, CommandError, ExitCode, Output
from .opening import home_folder, opened

BY = "command line"


def command(options: argparse.Namespace, output: Output) -> ExitCode:
    """Do what is asked."""
    home = home_folder(options)
    does: Callable[[Store, Path, argparse.Namespace, Output], tuple[Proposal, ...]] = _DOES[options.action]
    with opened(home, create=options.action == "propose") as store:
        try:
            found = does(store, home, options, output)
        except EditError as error:
            raise CommandError("edit", f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
    output.object({"schema": SCHEMA, "edits": [edit_words.content(one) for one in found]})
    return ExitCode.DONE


def _list(store: Store, _home: Path, _options: argparse.Namespace, output: Output) -> tuple[Proposal, ...]:
    found = all_proposals(store)
    output.lines([edit_words.headline(one) for one in found] or ["no edit was proposed"])
    return found


def _show(store: Store, _home: Path, options: argparse.Namespace, output: Output) -> tuple[Proposal, ...]:
    one = proposal(store, _number(options))
    output.lines(edit_words.lines(one))
    return (one,)


def _apply(store: Store, home: Path, options: argparse.Namespace, output: Output) -> tuple[Proposal, ...]:
    one = deciding.apply(store, home, _number(options), by=BY, hunks=options.hunks)
    return _written(store, one, output)


def _undo(store: Store, home: Path, options: argparse.Namespace, output: Output) -> tuple[Proposal, ...]:
    return _written(store, deciding.undo(store, home, _number(options), by=BY), output)


def _written(store: Store, one: Proposal, output: Output) -> tuple[Proposal, ...]:
    output.lines([edit_words.headline(one), edit_words.next_words(deciding.climbs_again(store, one))])
    return (one,)


def _decline(store: Store, _home: Path, options: argparse.Namespace, output: Output) -> tuple[Proposal, ...]:
    one = deciding.decline(store, _number(options), by=BY, reason=options.reason)
    output.lines([edit_words.headline(one)])
    return (one,)


def _propose(store: Store, _home: Path, options: argparse.Namespace, output: Output) -> tuple[Proposal, ...]:
    name = _what(options, "the file of a unified diff, or - for standard input")
    try:
        patch = sys.stdin.read() if name == "-" else Path(name).read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise EditError(f"{name} cannot be read: {error}") from error
    reason = options.reason or f"the diff {name}"
    return _proposed(propose_patch(Workspace.of(store, Path(options.project)), patch, reason), output)


def _fix(store: Store, _home: Path, options: argparse.Namespace, output: Output) -> tuple[Proposal, ...]:
    finding = store.findings.find(_number(options, "the number of a finding"))
    if finding is None:
        raise EditError(f"there is no finding {options.what}: `mlintern show RUN` lists them")
    experiment = store.experiments.get(finding.experiment_id)
    workspace = Workspace.of(store, project_of(experiment), by="rules")
    return _proposed(propose_fix(workspace, finding, experiment), output)


def _proposed(found: Proposal | Refusal, output: Output) -> tuple[Proposal, ...]:
    if isinstance(found, Refusal):
        raise EditError(f"nothing was proposed: {found.reason}")
    output.lines(edit_words.lines(found))
    output.say(f"nothing was written yet; mlintern edit apply {found.id} does")
    return (found,)


def _number(options: argparse.Namespace, what: str = "the number of an edit") -> int:
    word = _what(options, what)
    if not (word.isascii() and word.isdigit()):
        raise EditError(f"“{word}” is not {what}")
    return int(word)


def _what(options: argparse.Namespace, what: str) -> str:
    if options.what is None:
        raise EditError(f"`mlintern edit {options.action}` needs {what}")
    return str(options.what)


_DOES = {
    "list": _list, "show": _show, "apply": _apply, "undo": _undo, "decline": _decline, "propose": _propose, "fix": _fix,
}  # fmt: skip
