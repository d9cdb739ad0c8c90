"""A crash in words: what happened, whether the cutting of loops may have caused it, and what would mend it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..store.records import Json

_CUT_ERRORS = {
    "ValueError", "RuntimeError", "IndexError", "AssertionError", "ZeroDivisionError", "KeyError", "FileNotFoundError",
    "UnboundLocalError", "TypeError", "AttributeError", "StopIteration",
}  # fmt: skip
"""Errors that iterations left out can cause: a list that is too short, a key or a file that was never made."""


@dataclass(frozen=True, slots=True)
class _Reason:
    """How a known message reads in words; ``{0}`` stands for what the pattern's first group found."""

    pattern: str
    words: str
    fix: str
    about_length: bool = False
    """What a rehearsal cut short could say too."""


_REASONS = (
    _Reason(
        r"Parent directory (.+) does not exist",
        "the folder {0} does not exist when the file is saved",
        "create it first: Path({0!r}).mkdir(parents=True, exist_ok=True)",
    ),
    _Reason(
        r"No such file or directory: '(.+)'",
        "{0} does not exist when the script needs it",
        "correct the path; what is read must have been written, and what is written needs its folder",
        about_length=True,
    ),
    _Reason(
        r"Permission denied: '(.+)'",
        "{0} may not be written or read",
        "choose another path, or mend its permissions",
    ),
    _Reason(
        r"Unknown format code '(.)' for object of type '(\w+)'",
        "the format code {0!r} does not fit a {1}",
        "use a format that fits, for example .3f for a float or d for an int",
    ),
    _Reason(
        r"mat1 and mat2 shapes cannot be multiplied \((.+) and (.+)\)",
        "a layer gets {0} but its weight is {1}",
        "make the layer's input size fit what it is given here",
    ),
    _Reason(
        r"shape '(.+)' is invalid for input of size (\d+)",
        "{1} values do not fill the shape {0}: a batch of another size, such as the ragged last one",
        "take the batch size from the tensor (x.size(0)), or set drop_last=True",
        about_length=True,
    ),
    _Reason(
        r"The size of tensor a \((\d+)\) must match the size of tensor b \((\d+)\)",
        "two tensors of sizes {0} and {1} meet",
        "check the shapes at this line",
        about_length=True,
    ),
    _Reason(
        r"Expected more than 1 value per channel",
        "batch norm in training mode got a batch of one row",
        "set drop_last=True on the training loader, or choose a batch size that leaves no single row",
    ),
    _Reason(
        r"Target (-?\d+) is out of bounds",
        "a label {0} is outside the number of classes",
        "check the labels and the output size",
    ),
    _Reason(
        r"No module named '(.+)'",
        "the module {0} is not installed in this interpreter",
        "install it there, or name another --python",
    ),
    _Reason(
        r"not enough values to unpack|too many values to unpack",
        "something returns another number of values than this line expects",
        "check what is returned here",
        about_length=True,
    ),
    _Reason(
        r"CUDA out of memory|out of memory",
        "there is not enough memory",
        "use a smaller batch, or accumulate gradients",
    ),
)


@dataclass(frozen=True, slots=True)
class CrashStory:
    """What to tell of a crash."""

    message: str
    fix: str | None
    file: str | None
    line: int | None
    evidence: tuple[dict[str, Any], ...]


def may_be_caused_by_cutting(crash: Json) -> bool:
    """Whether a second, more thorough rehearsal should decide if the full run would meet this crash."""
    if not crash.get("after_cut") or crash.get("type") not in _CUT_ERRORS:
        return False
    known = _known(str(crash.get("message") or ""))
    return (known is None or known.about_length) and not _inside_a_layer(crash)


def names_a_cut_count(crash: Json) -> bool:
    """Whether the message holds the number of iterations at which a loop was cut: then it speaks of the cut itself."""
    numbers = {int(number) for number in re.findall(r"\d{1,12}", str(crash.get("message", "")))}
    cut = {int(count) for count in crash.get("cut_counts", ()) if int(count) > 1}
    return bool(numbers & cut)


def same_crash(first: Json, second: Json) -> bool:
    """Whether two crashes are the same fault at the same line."""
    return all(first.get(key) == second.get(key) for key in ("type", "file", "line"))


def tell(crash: Json) -> CrashStory:
    """The crash for a person."""
    kind, text = str(crash.get("type") or "an exception"), str(crash.get("message") or "").strip()
    reason, fix = _reason(kind, text)
    first_line = text.splitlines()[0] if text else ""
    where = _where(crash)
    message = f"{reason} ({kind}: {first_line})" if reason else f"{kind}: {first_line}" if first_line else kind
    return CrashStory(
        message=f"{message}, {where}",
        fix=fix,
        file=crash.get("file"),
        line=crash.get("line"),
        evidence=tuple(_evidence(crash)),
    )


def _known(text: str) -> _Reason | None:
    return next((reason for reason in _REASONS if re.search(reason.pattern, text)), None)


def _inside_a_layer(crash: Json) -> bool:
    """A layer of torch's own refused what it was given: that does not come from how often a loop ran."""
    frames = list(crash.get("frames") or ())
    return bool(frames) and "/torch/nn/" in str(frames[-1].get("file"))


def _reason(kind: str, text: str) -> tuple[str | None, str | None]:
    known = _known(text)
    match = re.search(known.pattern, text) if known is not None else None
    if known is not None and match is not None:
        return known.words.format(*match.groups()), known.fix.format(*match.groups())
    if kind == "KeyError":
        return f"the key {text} does not exist", "check the name where it is stored and where it is read"
    return None, None


def _where(crash: Json) -> str:
    phase = {
        "evaluation": "in the evaluation",
        "training": "in the training loop",
        "between epochs": "between two epochs",
        "after training": "after the training, on the way to the end",
        "before training": "before the first optimizer step",
    }.get(str(crash.get("phase")), "")
    if crash.get("forced"):
        phase += ", in a branch that comes round only later in the full run"
    return phase or "in the script"


def _evidence(crash: Json) -> list[dict[str, Any]]:
    evidence: list[dict[str, Any]] = [{"exception": crash.get("type"), "text": str(crash.get("message", ""))[:500]}]
    frames = crash.get("frames") or ()
    evidence.extend(_frame(frame) for frame in list(frames)[-5:])
    for context in crash.get("context") or ():
        if context.get("last"):
            evidence.append({"reached": f"the last iteration of the loop at line {context.get('line')}"})
    return evidence


def _frame(frame: Mapping[str, Any]) -> dict[str, Any]:
    return {key: frame.get(key) for key in ("file", "line", "function", "text")}
