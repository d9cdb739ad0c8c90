"""Imports and names that cannot be found, as far as files alone can tell; the rest becomes questions for the libraries.

Invariant: an import that something catches, or that nothing reaches, is never a fault.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .context import NEVER, PERHAPS, Context
from .library import similar_names
from .places import INSTALLED, LOCAL, MISSING, STANDARD, UNKNOWN, Place
from .project import Project, SourceFile, context_in
from .uses import ImportUse, NameUse


@dataclass(frozen=True)
class Question:
    """What the libraries must be asked: whether a module, a name in it, or a call is all right."""

    file: str
    line: int
    context: Context
    module: str = ""
    name: str = ""
    use: NameUse | None = None
    defaults_of: str = ""
    """Set when the question is what parameters this callable has, and their defaults."""

    @property
    def what(self) -> str:
        """The thing asked about, as a person would name it."""
        if self.defaults_of:
            return self.defaults_of
        if self.use is not None:
            return self.use.target + (f"().{self.use.method}" if self.use.method else "")
        return f"{self.module}.{self.name}" if self.name else self.module


@dataclass
class Answers:
    """What has been found out; every entry is a JSON object."""

    faults: list[dict[str, Any]] = field(default_factory=list)
    could_not_tell: list[dict[str, Any]] = field(default_factory=list)
    checked: dict[str, int] = field(default_factory=lambda: {"imports": 0, "names": 0, "calls": 0})

    def fault(self, kind: str, file: str, line: int | None, context: Context, **facts: Any) -> None:
        """Record something that fails where it is reached."""
        certain = {"certainty": context.certainty, "may_have_left": context.may_have_left, "asks": context.asks}
        self.faults.append({"kind": kind, "file": file, "line": line, **certain, **facts})

    def doubt(self, kind: str, file: str, line: int | None, what: str, why: str) -> None:
        """Record something that could not be told."""
        self.could_not_tell.append({"kind": kind, "file": file, "line": line, "what": what, "why": why})


def check_files(project: Project, answers: Answers) -> None:
    """Files that do not parse, or could not be read."""
    for file in project.files.values():
        context = Context(certainty=file.certainty)
        if file.fault is not None and file.certainty != NEVER:
            answers.fault("syntax", str(file.path), file.fault["line"], context, **_without_line(file.fault))
        elif file.unread is not None:
            answers.doubt("file", str(file.path), None, file.name, file.unread)
    if not project.is_complete:
        answers.doubt("file", str(project.main.path), None, "the project", "it has more files than are read")


def check_imports(project: Project, answers: Answers) -> Iterator[Question]:
    """Judge what the search path alone can tell; yield the questions that are left."""
    for file in project.files.values():
        for use in file.uses.imports:
            context = context_in(file, use.context)
            if ImportError in context.caught or context.certainty == NEVER or use.module == "__future__":
                continue
            yield from _check_import(project, file, use, context, answers)
        for line in file.uses.computed_imports:
            answers.doubt("import", str(file.path), line, "an import", "its module is only known at run time")


def name_questions(project: Project) -> Iterator[Question]:
    """The names and calls of libraries that are worth asking about."""
    imported = surely_imported(project)
    for file in project.files.values():
        for use in file.uses.names:
            context = context_in(file, use.context)
            top = use.target.partition(".")[0]
            kind = project.places.find(top).kind if top else UNKNOWN
            is_patched = any(use.target == one or use.target.startswith(one + ".") for one in project.patched)
            if kind not in (INSTALLED, STANDARD) or top not in imported or is_patched or context.asks:
                continue
            if use.shape is None and (AttributeError in context.caught or _is_probed(file, use)):
                continue
            if use.shape is not None and TypeError in context.caught:
                continue
            yield Question(str(file.path), use.line, context, use=use)


def _check_import(
    project: Project, file: SourceFile, use: ImportUse, context: Context, answers: Answers
) -> Iterator[Question]:
    path = str(file.path)
    if use.module.startswith("."):
        answers.fault("relative", path, use.line, context, module=use.module, package=file.package)
        return
    place = project.places.find(use.module)
    answers.checked["imports"] += 1
    if place.kind == MISSING:
        _report_missing(project, path, use, place, context, answers)
    elif place.kind == UNKNOWN:
        answers.doubt("import", path, use.line, use.module, place.missing_part or "unknown")
    elif place.kind == LOCAL:
        for name in use.names:
            if name != "*":
                _check_local_name(project, path, use, name, context, answers)
    elif context.certainty != PERHAPS:
        yield Question(path, use.line, context, use.module)
        yield from (Question(path, use.line, context, use.module, name) for name in use.names if name != "*")


def _report_missing(
    project: Project, path: str, use: ImportUse, place: Place, context: Context, answers: Answers
) -> None:
    missing = place.missing_part or use.module
    if project.moves_path:
        answers.doubt("import", path, use.line, missing, "the code changes the search path while it runs")
        return
    parent, _, last = missing.rpartition(".")
    siblings = _submodule_names(project.places.find(parent)) if parent else _neighbours(project)
    similar = list(similar_names(last, siblings))
    answers.fault("import", path, use.line, context, module=use.module, missing=missing, similar=similar)


def _check_local_name(
    project: Project, path: str, use: ImportUse, name: str, context: Context, answers: Answers
) -> None:
    answers.checked["names"] += 1
    works = project.exports(use.module, name)
    if works is None:
        answers.doubt("name", path, use.line, f"{use.module}.{name}", "the module may define it while it runs")
    elif not works:
        file = project.files.get(use.module)
        known = list(file.scope.bindings) if file is not None and file.scope is not None else []
        similar = list(similar_names(name, known))
        answers.fault("name", path, use.line, context, owner=use.module, name=name, local=True, similar=similar)


def surely_imported(project: Project) -> frozenset[str]:
    """Libraries that the run imports in any case; asking about others could import what it never does."""
    tops: set[str] = set()
    for file in project.files.values():
        for use in file.uses.imports:
            context = context_in(file, use.context)
            if context.certainty not in (PERHAPS, NEVER) and ImportError not in context.caught:
                tops.add(use.module.partition(".")[0])
    return frozenset(tops)


def _is_probed(file: SourceFile, use: NameUse) -> bool:
    return any(part in file.uses.probed for part in use.target.split(".")[1:])


def _neighbours(project: Project) -> list[str]:
    """What a misspelt module may have meant: files beside the script, and modules that the code imports elsewhere."""
    beside = [path.stem for path in project.main.path.parent.glob("*.py")]
    return beside + sorted(surely_imported(project))


def _submodule_names(place: Place) -> list[str]:
    import pkgutil

    return [module.name for module in pkgutil.iter_modules(list(place.locations or ()))]


def _without_line(fault: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fault.items() if key != "line"}
