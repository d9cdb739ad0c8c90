"""The few findings whose fix is a sure replacement of text, as proposed edits.

Invariant: only what is plainly one statement on one line, in one block, is touched; the rest is a person's to mend.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

from ...store.records import Experiment, Finding
from .hunks import split
from .proposal import Proposal
from .proposing import Refusal, Workspace, propose_text
from .workspace import EditError, read_text

Fix = Callable[[ast.Module, list[str], Finding], list[str] | None]
"""The new lines, or ``None`` where it is not sure."""
NOT_SURE = "there is no sure edit for this finding: its fix in words is all that can be said"


def propose_fix(workspace: Workspace, finding: Finding, experiment: Experiment) -> Proposal | Refusal:
    """Propose what mends a finding, where that is sure."""
    fix = _fix_of(finding)
    if fix is None or finding.file is None or finding.line is None:
        return Refusal(NOT_SURE)
    place = (experiment.working_dir / finding.file).resolve()
    if not place.is_relative_to(workspace.root):
        return Refusal(f"{place} is not in {workspace.root}: only files of the project are changed")
    path = str(place.relative_to(workspace.root))
    try:
        text = read_text(workspace.root, path)
        lines = fix(ast.parse(text), split(text), finding)
    except (EditError, SyntaxError, ValueError, RecursionError) as error:
        return Refusal(f"{path} cannot be read: {error}")
    if lines is None:
        return Refusal(NOT_SURE)
    reason = f"{finding.code}: {finding.message}. What mends it: {finding.fix}"
    return propose_text(workspace, path, text, "".join(lines), reason)


def is_sure(finding: Finding) -> bool:
    """Whether a finding is of a kind that may have a sure edit."""
    return _fix_of(finding) is not None and finding.file is not None and finding.line is not None


def project_of(experiment: Experiment) -> Path:
    """The folder whose files may be edited for an experiment: where its script runs, else where it lies."""
    inside = experiment.script.is_relative_to(experiment.working_dir)
    return experiment.working_dir if inside else experiment.script.parent


def _fix_of(finding: Finding) -> Fix | None:
    for code, words, fix in _FIXES:
        if finding.code == code and words in finding.message:
            return fix
    return None


def _clear_gradients(tree: ast.Module, lines: list[str], finding: Finding) -> list[str] | None:
    """``optimizer.zero_grad()`` before the one backward pass of the block that steps."""
    if any(isinstance(one, ast.Attribute) and one.attr == "zero_grad" for one in ast.walk(tree)):
        return None
    found = _statement(tree, finding.line)
    if found is None:
        return None
    block, step = found
    optimizer = _receiver(step, "step")
    backwards = [one for one in block if _calls(one, "backward")]
    steps = [one for one in block if _receiver(one, "step") == optimizer]
    if optimizer is None or len(backwards) != 1 or steps != [step] or not _is_before(block, backwards[0], step):
        return None
    if not (_is_plain(backwards[0], lines) and _is_plain(step, lines)) or not _is_in_loop(tree, step):
        return None
    at = backwards[0].lineno - 1
    indent = lines[at][: backwards[0].col_offset]
    return [*lines[:at], f"{indent}{optimizer}.zero_grad(){_ending(lines[at])}", *lines[at:]]


def _clip_before_step(tree: ast.Module, lines: list[str], finding: Finding) -> list[str] | None:
    """The clipping and the step right before it change places."""
    found = _statement(tree, finding.line)
    if found is None:
        return None
    block, clip = found
    at = block.index(clip)
    step = block[at - 1] if at else None
    if step is None or _receiver(step, "step") is None or not _is_plain(step, lines) or not _is_plain(clip, lines):
        return None
    if not any(_calls(one, "backward") for one in block[: at - 1]) or clip.lineno != step.lineno + 1:
        return None
    first = step.lineno - 1
    return [*lines[:first], lines[first + 1], lines[first], *lines[first + 2 :]]


def _labels_first(tree: ast.Module, lines: list[str], finding: Finding) -> list[str] | None:
    """The first two arguments of the metric's only call on the line change places."""
    name = finding.message.partition(" gets ")[0].rpartition(".")[2]
    calls = [one for one in ast.walk(tree) if isinstance(one, ast.Call) and one.lineno == finding.line
             and _name(one.func) == name and len(one.args) >= 2]  # fmt: skip
    if len(calls) != 1:
        return None
    first, second = calls[0].args[:2]
    if {first.lineno, first.end_lineno, second.lineno, second.end_lineno} != {finding.line}:
        return None
    at = first.lineno - 1
    line = lines[at].encode("utf-8")  # columns count bytes
    spans = (first.col_offset, first.end_col_offset or 0, second.col_offset, second.end_col_offset or 0)
    start, end, then, last = spans
    swapped = line[:start] + line[then:last] + line[end:then] + line[start:end] + line[last:]
    return [*lines[:at], swapped.decode("utf-8"), *lines[at + 1 :]]


_FIXES: tuple[tuple[str, str, Fix], ...] = (
    ("optim.zero_grad", "never cleared", _clear_gradients),
    ("optim.zero_grad", "are not cleared", _clear_gradients),
    ("optim.clip", "clipped after the step", _clip_before_step),
    ("eval.metric", "gets the predictions first", _labels_first),
)


def _blocks(tree: ast.Module) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                yield block


def _statement(tree: ast.Module, line: int | None) -> tuple[list[ast.stmt], ast.stmt] | None:
    """The only simple statement that begins on a line, with the block that it stands in."""
    found = [(block, one) for block in _blocks(tree) for one in block
             if one.lineno == line and isinstance(one, ast.Expr)]  # fmt: skip
    return found[0] if len(found) == 1 else None


def _is_plain(one: ast.stmt, lines: list[str]) -> bool:
    """Whether it has its line to itself, but for a comment."""
    line = lines[one.lineno - 1]
    before, after = line[: one.col_offset], line.encode("utf-8")[one.end_col_offset or 0 :].decode("utf-8").strip()
    return one.end_lineno == one.lineno and not before.strip() and (not after or after.startswith("#"))


def _is_in_loop(tree: ast.Module, one: ast.stmt) -> bool:
    loops = (node for node in ast.walk(tree) if isinstance(node, ast.For | ast.While))
    return any(node is one for loop in loops for node in ast.walk(loop))


def _is_before(block: list[ast.stmt], one: ast.stmt, other: ast.stmt) -> bool:
    return block.index(one) < block.index(other)


def _calls(one: ast.stmt, method: str) -> bool:
    return isinstance(one, ast.Expr) and isinstance(one.value, ast.Call) and _name(one.value.func) == method


def _receiver(one: ast.stmt, method: str) -> str | None:
    """The plain name whose method a statement calls, without arguments."""
    if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Call) and _calls(one, method)):
        return None
    call = one.value
    if call.args or call.keywords or not isinstance(call.func, ast.Attribute):
        return None
    return ast.unparse(call.func.value) if isinstance(call.func.value, ast.Name | ast.Attribute) else None


def _name(function: ast.expr) -> str | None:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else None


def _ending(line: str) -> str:
    return "\r\n" if line.endswith("\r\n") else "\n"
