"""Whether the constant part of a call fits what is called.

Invariant: judged is the code that a call really enters (its code object), not what its signature claims; anything
else than a plain Python function, or a class whose construction is plain, is "could not tell".
"""

from __future__ import annotations

import ast
import dis
import functools
import inspect
import textwrap
import types
from dataclasses import dataclass, field
from typing import Any

from .uses import Shape

FITS = "fits"
COULD_NOT_TELL = "could not tell"
UNKNOWN_KEYWORD = "unknown keyword"
TOO_MANY = "too many positional"
TWICE = "given twice"
MISSING = "missing"

# Modules whose decorators only add keywords (from environment variables) before they hand all of them on.
_PASSES_ON = ("lightning.pytorch.utilities.argparse", "pytorch_lightning.utilities.argparse")


@dataclass(frozen=True)
class Verdict:
    """The answer for one call; ``names`` are the arguments that do not fit."""

    problem: str
    names: tuple[str, ...] = ()
    accepts: tuple[str, ...] = ()
    """What the callable takes, in order."""
    takes_positional: int | None = None
    why: str = ""


@dataclass(frozen=True)
class Parameters:
    """What a function's code takes, without the ones that are bound already."""

    positional_only: tuple[str, ...]
    positional: tuple[str, ...]
    keyword_only: tuple[str, ...]
    required: frozenset[str]
    has_star: bool
    has_double_star: bool

    @property
    def by_position(self) -> tuple[str, ...]:
        return self.positional_only + self.positional

    @property
    def by_keyword(self) -> tuple[str, ...]:
        return self.positional + self.keyword_only


@dataclass(frozen=True)
class Target:
    """A plain function that a call enters, with how many arguments are bound before the call's own."""

    function: types.FunctionType
    bound: int = 0
    layers: tuple[types.FunctionType, ...] = field(default=())
    """The functions below, where decorators told what they wrap."""


def judge(called: object, shape: Shape, *, method: str | None = None) -> Verdict:
    """Whether a call of this shape fits; with ``method``, a call of that method of what calling ``called`` gives."""
    if method is not None:
        return _judge_method(called, method, shape)
    target = entered_by(called)
    if target is None:
        return Verdict(COULD_NOT_TELL, why="no readable signature")
    return _judge_target(target, shape)


def _judge_method(owner: object, method: str, shape: Shape) -> Verdict:
    if not isinstance(owner, type) or not _is_plainly_constructed(owner):
        return Verdict(COULD_NOT_TELL, why="what the call before it returns is not known")
    if _may_set_on_instances(owner, method):
        return Verdict(COULD_NOT_TELL, why="its instances may have a method of their own")
    found = inspect.getattr_static(owner, method, None)
    if isinstance(found, (staticmethod, classmethod)):
        target = _target(found.__func__, int(isinstance(found, classmethod)))
    else:
        target = _target(found, 1)
    if target is None:
        return Verdict(COULD_NOT_TELL, why="no plain method of that name")
    return _judge_target(target, shape)


def entered_by(called: object) -> Target | None:
    """The Python function that calling the object surely enters, if there is one."""
    if isinstance(called, types.FunctionType):
        return _target(called, 0)
    if isinstance(called, types.MethodType):
        return _target(called.__func__, 1)
    if not isinstance(called, type) or not _has_plain_metaclass(called):
        return None
    constructor = inspect.getattr_static(called, "__new__", None)
    if isinstance(constructor, staticmethod):
        constructor = constructor.__func__
    if not _is_of_object(constructor, "__new__"):
        # What __new__ returns decides whether __init__ is called at all: only __new__ itself is certain.
        return _target(constructor, 1)
    return _target(inspect.getattr_static(called, "__init__", None), 1)


def parameters_of(function: types.FunctionType, bound: int) -> Parameters:
    """Read from the code object: decorators may make ``inspect.signature`` say something else."""
    code = function.__code__
    names = code.co_varnames
    has_star = bool(code.co_flags & inspect.CO_VARARGS)
    positional_only = names[: code.co_posonlyargcount]
    positional = names[code.co_posonlyargcount : code.co_argcount]
    keyword_only = names[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    defaults = len(function.__defaults__ or ())
    all_positional = positional_only + positional
    required = set(all_positional[bound : len(all_positional) - defaults])
    required.update(name for name in keyword_only if name not in (function.__kwdefaults__ or {}))
    return Parameters(
        positional_only[bound:],
        positional[max(0, bound - len(positional_only)) :],
        keyword_only,
        frozenset(required),
        has_star,
        bool(code.co_flags & inspect.CO_VARKEYWORDS),
    )


def _target(found: object, bound: int) -> Target | None:
    return Target(found, bound, _wrapped_layers(found)) if isinstance(found, types.FunctionType) else None


def _judge_target(target: Target, shape: Shape) -> Verdict:
    outer = parameters_of(target.function, target.bound)
    verdict = _fit(outer, shape)
    if verdict.problem not in (FITS, COULD_NOT_TELL) or not target.layers:
        return verdict
    if not (outer.has_star and outer.has_double_star):
        return verdict
    inner = _fit(parameters_of(target.layers[-1], target.bound), shape)
    if inner.problem == FITS:
        return inner
    if inner.problem == UNKNOWN_KEYWORD and all(map(_passes_on, (target.function, *target.layers[:-1]))):
        return inner
    return Verdict(COULD_NOT_TELL, why="a decorator may change its arguments")


def _fit(parameters: Parameters, shape: Shape) -> Verdict:
    by_position, by_keyword = parameters.by_position, parameters.by_keyword
    accepts = by_position + parameters.keyword_only
    verdict = functools.partial(Verdict, accepts=accepts, takes_positional=len(by_position))
    unknown = tuple(name for name in shape.keywords if name not in by_keyword)
    if unknown and not parameters.has_double_star:
        return verdict(UNKNOWN_KEYWORD, unknown)
    if shape.positional > len(by_position) and not parameters.has_star:
        return verdict(TOO_MANY)
    filled = by_position[: shape.positional]
    twice = tuple(name for name in shape.keywords if name in filled and name in parameters.positional)
    if twice:
        return verdict(TWICE, twice)
    if shape.has_star or shape.has_double_star:
        return verdict(COULD_NOT_TELL, why="arguments are unpacked with * or **")
    missing = tuple(name for name in by_position[shape.positional :] if _is_open(name, parameters, shape))
    missing += tuple(name for name in parameters.keyword_only if _is_open(name, parameters, shape))
    if missing:
        return verdict(MISSING, missing)
    if unknown or (parameters.has_double_star and shape.positional > len(by_position)):
        return verdict(COULD_NOT_TELL, why="it takes any argument and passes it on")
    return verdict(FITS)


def _is_open(name: str, parameters: Parameters, shape: Shape) -> bool:
    given = name in shape.keywords and name not in parameters.positional_only
    return name in parameters.required and not given


def _wrapped_layers(function: types.FunctionType) -> tuple[types.FunctionType, ...]:
    layers: list[types.FunctionType] = []
    inner: Any = getattr(function, "__wrapped__", None)
    while isinstance(inner, types.FunctionType) and inner not in layers:
        layers.append(inner)
        inner = getattr(inner, "__wrapped__", None)
    return tuple(layers)


def _passes_on(wrapper: types.FunctionType) -> bool:
    """Whether a decorator's wrapper hands every keyword on as it came; one that looks into them may accept others."""
    # Its __module__ and its source by the usual ways are those of the function that it wraps.
    if wrapper.__globals__.get("__name__") in _PASSES_ON:
        return True
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(wrapper.__code__)))
    except (OSError, TypeError, SyntaxError):
        return False
    code = wrapper.__code__
    keywords = code.co_varnames[code.co_argcount + code.co_kwonlyargcount + 1]  # after *args
    uses = sum(isinstance(node, ast.Name) and node.id == keywords for node in ast.walk(tree))
    handed_on = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg is None and _is_name(node.value, keywords)
    ]
    return bool(handed_on) and len(handed_on) == uses


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _has_plain_metaclass(owner: type) -> bool:
    return inspect.getattr_static(type(owner), "__call__", None) is type.__dict__["__call__"]


def _is_plainly_constructed(owner: type) -> bool:
    constructor = inspect.getattr_static(owner, "__new__", None)
    return _has_plain_metaclass(owner) and _is_of_object(constructor, "__new__")


def _may_set_on_instances(owner: type, method: str) -> bool:
    initialisers = (base.__dict__.get("__init__") for base in owner.__mro__)
    return any(
        instruction.opname == "STORE_ATTR" and instruction.argval == method
        for one in initialisers
        if isinstance(one, types.FunctionType)
        for instruction in dis.get_instructions(one)
    )


def _is_of_object(found: object, name: str) -> bool:
    return found is object.__dict__[name]
