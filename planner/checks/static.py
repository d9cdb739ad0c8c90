"""What the inspection of a script means: findings, what was verified, and what was not. A pure function of its report.

Invariant: only what surely fails in every run is an error; what depends on a condition is at most a warning, and an
import that is not surely reached is only worth knowing, because optional libraries are a common and sound habit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ...store.records import Json, Severity
from ..finding import FindingDraft
from .found import Checked

SYNTAX = "run.crash.syntax"
IMPORT = "run.arguments.import"
NAME = "run.arguments.name"
CALL = "run.arguments.call"

# Where the name to import is not the name to install.
_DISTRIBUTIONS = {
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "google": "protobuf",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
_MOST_NAMES_SHOWN = 12


def judge(report: Json, *, working_dir: Path) -> Checked:
    """Findings and verdicts of one inspection (runtime/interpreters.py); paths become relative to ``working_dir``."""
    faults = report.get("faults", ())
    findings = _merged(_finding(fault, report, working_dir) for fault in faults)
    blamed = {fault["kind"] for fault in faults if _severity(fault) is not Severity.INFO}
    doubts = report.get("could_not_tell", ())
    return Checked(findings, tuple(_verified(report, blamed)), tuple(_not_verified(doubts, working_dir)))


def _finding(fault: Json, report: Json, working_dir: Path) -> FindingDraft:
    code, words, fix = _KINDS[fault["kind"]](fault, report)
    place = {"file": _shown(fault["file"], working_dir), "line": fault["line"]}
    evidence = {**place, **{key: fault[key] for key in ("text", "accepts") if fault.get(key)}}
    return FindingDraft(code, _severity(fault), words, (evidence,), place["file"], place["line"], fix)


def _severity(fault: Json) -> Severity:
    certainty, kind = fault["certainty"], fault["kind"]
    if certainty == "never":
        return Severity.INFO
    if kind in ("import", "name", "relative"):
        return Severity.ERROR if certainty == "surely" and not fault["may_have_left"] else Severity.INFO
    if certainty == "perhaps":
        return Severity.INFO if kind == "attribute" else Severity.WARNING
    if kind == "syntax" and certainty != "surely":
        return Severity.WARNING
    return Severity.ERROR


def _syntax(fault: Json, report: Json) -> tuple[str, str, str | None]:
    text = f": {fault['text']}" if fault["text"] else ""
    return SYNTAX, f"does not parse in Python {report['python']}: {fault['message']}{text}", None


def _relative(fault: Json, report: Json) -> tuple[str, str, str | None]:
    if fault["package"]:
        words = f"the relative import of {fault['module']} leads out of the package {fault['package']}"
        return IMPORT, words, "use fewer dots, or an absolute import"
    words = f"the relative import of {fault['module']} fails: a file that is run as a script belongs to no package"
    return IMPORT, words, "start it as a module (-m package.module), or import it without the dot"


def _import(fault: Json, report: Json) -> tuple[str, str, str | None]:
    missing = fault["missing"]
    words = f"no module named {missing} in {report['executable']}{_reached(fault)}"
    if fault["similar"]:
        return IMPORT, words, f"did you mean {' or '.join(fault['similar'])}?"
    if "." in missing:
        return IMPORT, words, f"look at what {missing.rpartition('.')[0]} has in the installed version"
    return IMPORT, words, f"install it: {report['executable']} -m pip install {_DISTRIBUTIONS.get(missing, missing)}"


def _name(fault: Json, report: Json) -> tuple[str, str, str | None]:
    words = f"{fault['owner']} has no {fault['name']}{_reached(fault)}"
    return (IMPORT if fault["kind"] == "name" else NAME), words, _meant(fault["similar"])


def _call(fault: Json, report: Json) -> tuple[str, str, str | None]:
    callee, names = fault["callee"], ", ".join(fault["names"])
    if fault["problem"] == "unknown keyword":
        words, fix = f"{callee} takes no argument {names}", _keyword_fix(fault)
    elif fault["problem"] == "given twice":
        words, fix = f"{callee} gets {names} twice, by position and by name", "give it once"
    elif fault["problem"] == "missing":
        words, fix = f"{callee} is called without {names}", f"it takes {_listed(fault['accepts'])}"
    else:
        count = fault["takes_positional"]
        words = f"{callee} takes at most {count} positional {'argument' if count == 1 else 'arguments'}"
        fix = f"it takes {_listed(fault['accepts'])}" if fault["accepts"] else "it takes no arguments"
    return CALL, words + _reached(fault), fix


def _keyword_fix(fault: Json) -> str:
    meant = [word for word in fault.get("similar", ()) if word]
    takes = f"it takes {_listed(fault['accepts'])}" if fault["accepts"] else "it takes no arguments"
    return f"{_meant(meant)} {takes}" if meant else takes


def _reached(fault: Json) -> str:
    return {"perhaps": " (reached only under a condition)", "never": " (nothing in the code uses this)"}.get(
        fault["certainty"], ""
    )


def _meant(similar: Sequence[str]) -> str | None:
    return f"did you mean {' or '.join(similar)}?" if similar else None


def _listed(arguments: Sequence[str]) -> str:
    names = [name for name in arguments if not name.startswith("_")]
    shown = ", ".join(names[:_MOST_NAMES_SHOWN])
    return f"{shown}, …" if len(names) > _MOST_NAMES_SHOWN else shown


_KINDS: dict[str, Callable[[Json, Json], tuple[str, str, str | None]]] = {
    "syntax": _syntax,
    "relative": _relative,
    "import": _import,
    "name": _name,
    "attribute": _name,
    "call": _call,
}


def _merged(findings: Iterable[FindingDraft]) -> tuple[FindingDraft, ...]:
    """One finding for the same fault at several lines, with every line as evidence."""
    groups: dict[tuple[str, str, str | None, Severity], list[FindingDraft]] = defaultdict(list)
    for found in findings:
        groups[found.code, found.message, found.file, found.severity].append(found)
    merged = []
    for same in groups.values():
        first = min(same, key=lambda found: found.line or 0)
        evidence = tuple(one for found in same for one in found.evidence)
        merged.append(
            FindingDraft(first.code, first.severity, first.message, evidence, first.file, first.line, first.fix)
        )
    order = list(Severity)
    return tuple(sorted(merged, key=lambda found: order.index(found.severity)))


def _verified(report: Json, blamed: set[str]) -> Iterable[str]:
    checked, files = report.get("checked", {}), report.get("files", ())
    if files and "syntax" not in blamed:
        yield "the script parses" if len(files) == 1 else f"the script and {len(files) - 1} more of its files parse"
    if checked.get("imports") and not blamed & {"import", "name", "relative"}:
        yield f"imports resolve in Python {report['python']}"
    if checked.get("calls") and not blamed & {"call", "attribute"}:
        yield f"the arguments of {checked['calls']} calls fit the installed libraries"


def _not_verified(doubts: Sequence[Json], working_dir: Path) -> Iterable[str]:
    by_reason: dict[str, list[str]] = defaultdict(list)
    unreadable = []
    for doubt in doubts:
        what = doubt["what"]
        if what == "an import":
            what = f"an import at {_shown(doubt['file'], working_dir)}:{doubt['line']}"
        if doubt["kind"] == "call" and "importing" not in doubt["why"]:
            unreadable.append(what)
        else:
            by_reason[doubt["why"]].append(what)
    for why, whats in by_reason.items():
        yield f"{_some(whats)}: {why}"
    if unreadable:
        calls = "1 call" if len(unreadable) == 1 else f"{len(unreadable)} calls"
        yield f"the arguments of {calls} whose signatures tell too little ({_some(unreadable)})"


def _some(names: Sequence[str]) -> str:
    different = list(dict.fromkeys(names))
    return ", ".join(different[:3]) + (", …" if len(different) > 3 else "")


def _shown(file: str, working_dir: Path) -> str:
    path = Path(file)
    return str(path.relative_to(working_dir)) if path.is_relative_to(working_dir) else file
