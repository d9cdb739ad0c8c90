"""What a script can be told on its command line, read from its source: nothing is run.

Invariant: only what is written literally is known. A default or a type that is computed is ``None``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from .project import ScriptTarget, own_files

_KINDS = {"int": "int", "float": "float", "str": "str"}
_Plain = (int, float, str, bool)
_RESUMES = ("resume", "auto_resume", "continue", "resume_training")


@dataclass(frozen=True, slots=True)
class ScriptOption:
    """One option with a value, such as ``--lr``."""

    name: str
    """As the code calls its value: ``batch_size``."""
    flag: str
    """As it is typed: ``--batch-size``."""
    kind: str | None
    """``int``, ``float`` or ``str``; ``None`` where the code does not say."""
    default: int | float | str | bool | None
    choices: tuple[int | float | str | bool, ...]
    line: int


def script_options(target: ScriptTarget) -> tuple[ScriptOption, ...]:
    """The options of argparse (or click) that the script and its own modules declare; the first of a name counts."""
    found: dict[str, ScriptOption] = {}
    # The script's own come first: a module beside it may have a command line of another program.
    for file in sorted(own_files(target), key=lambda path: path != target.script):
        for option in _options_in(file.read_bytes()):
            found.setdefault(option.name, option)
    return tuple(found.values())


def given(option: ScriptOption, args: tuple[str, ...]) -> str | None:
    """The value that a command line gives an option; the last one counts, as in argparse."""
    value = None
    for index, word in enumerate(args):
        name, equals, text = word.partition("=")
        if name == option.flag:
            value = text if equals else args[index + 1] if index + 1 < len(args) else None
    return value


def with_values(args: tuple[str, ...], values: dict[str, str]) -> tuple[str, ...]:
    """A command line with the values of some flags in place of those that it had."""
    kept: list[str] = []
    words = iter(args)
    for word in words:
        name, equals, _ = word.partition("=")
        if name in values:
            if not equals:
                next(words, None)
            continue
        kept.append(word)
    for flag, value in values.items():
        # With an equals sign, because a value such as -1 would be taken for an option.
        kept.append(f"{flag}={value}")
    return tuple(kept)


def _options_in(source: bytes) -> Iterator[ScriptOption]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node) in ("add_argument", "option"):
            option = _option(node)
            if option is not None:
                yield option


def _called(node: ast.Call) -> str | None:
    return node.func.attr if isinstance(node.func, ast.Attribute) else None


def _option(node: ast.Call) -> ScriptOption | None:
    flags = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    long = next((flag for flag in flags if flag.startswith("--")), None)
    words = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
    if long is None or "action" in words or "is_flag" in words:
        return None
    destination = _literal(words.get("dest"))
    name = destination if isinstance(destination, str) else long.lstrip("-").replace("-", "_")
    default = _literal(words.get("default"))
    return ScriptOption(
        name=name,
        flag=long,
        kind=_kind(words.get("type"), default),
        default=default if isinstance(default, _Plain) else None,
        choices=_choices(words.get("choices")),
        line=node.lineno,
    )


def _kind(node: ast.expr | None, default: object) -> str | None:
    if isinstance(node, ast.Name):
        return _KINDS.get(node.id)
    if node is None and isinstance(default, (int, float, str)) and not isinstance(default, bool):
        return type(default).__name__
    return None


def _choices(node: ast.expr | None) -> tuple[int | float | str | bool, ...]:
    values = _literal(node)
    if not isinstance(values, (list, tuple)):
        return ()
    return tuple(value for value in values if isinstance(value, _Plain))


def _literal(node: ast.expr | None) -> object:
    if node is None:
        return None
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def resume_switch(target: ScriptTarget) -> tuple[str | None, str | None]:
    """The script's switch that goes on from its own checkpoint, such as ``--resume``; else ``None``, and why."""
    found: str | None = None
    for file in sorted(own_files(target), key=lambda path: path != target.script):
        for flag, is_switch in _resuming(file.read_bytes()):
            if is_switch:
                return flag, None
            found = found or flag
    if found is not None:
        return None, f"{found} takes a value, and which checkpoint it should name cannot be read from the code"
    return None, "the script has no switch such as --resume that goes on from its own checkpoint"


def _resuming(source: bytes) -> Iterator[tuple[str, bool]]:
    """Options whose name says that they resume, and whether they are switches."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node) in ("add_argument", "option"):
            words = {keyword.arg: _literal(keyword.value) for keyword in node.keywords if keyword.arg}
            for arg in node.args:
                flag = _literal(arg)
                if isinstance(flag, str) and flag.lstrip("-").replace("-", "_") in _RESUMES and flag.startswith("--"):
                    yield flag, words.get("action") == "store_true" or words.get("is_flag") is True
