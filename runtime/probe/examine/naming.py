"""What the script itself calls a number: the split's name in the lines that computed and printed it.

Names are read in the statement that made the call: what it is assigned to and the words in it come first, then the
words it is printed with, then the names that were passed. The innermost line that says anything decides.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

TRAIN = {"train", "training", "trained", "tr", "trn", "xtrain", "xtr", "ytrain", "ytr", "resubstitution", "insample"}
TEST = {"test", "testing", "val", "valid", "validation", "dev", "holdout", "heldout", "unseen", "xtest", "xval"}
TEST |= {"ytest", "yval", "te", "xte", "xva", "yte", "va"}
MOST_FRAMES = 4

Line = tuple[str, int]


def lines_of(frames: Sequence[FrameType]) -> tuple[Line, ...]:
    """Where the innermost frames stand."""
    return tuple((frame.f_code.co_filename, frame.f_lineno) for frame in frames[:MOST_FRAMES])


def called(lines: Sequence[Line]) -> str | None:
    """``train`` or ``test`` (validation too), or ``None`` where the lines say neither."""
    for file, line in lines:
        found = _Source.of(file).split_at(line)
        if found is not None:
            return found
    return None


def words_at(lines: Sequence[Line]) -> frozenset[str]:
    """All words by which the result of a line is called."""
    return frozenset().union(*(_Source.of(file).words_at(line) for file, line in lines[:1]))


def argument_words(file: str, line: int, function: str) -> list[set[str]]:
    """The words of each positional argument of a call of ``function`` at a line."""
    return _Source.of(file).argument_words(line, function)


def text_at(file: str, line: int) -> str:
    """The line's own text."""
    rows = _Source.of(file).rows
    return rows[line - 1].strip()[:200] if 0 < line <= len(rows) else ""


def words_in(text: str) -> set[str]:
    """The words of a name or a phrase, in lower case: ``X_train``, ``xTrain`` and ``train set`` all hold ``train``."""
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", text)
    return {word.lower() for word in re.findall(r"[A-Za-z]+", spaced)}


class _Source:
    """One file of the user's, parsed once."""

    known: dict[str, _Source] = {}  # noqa: RUF012

    def __init__(self, file: str) -> None:
        try:
            text = Path(file).read_text(encoding="utf-8", errors="replace")
            tree = ast.parse(text)
        except (OSError, SyntaxError, ValueError):
            text, tree = "", ast.Module([], [])
        self.rows = text.splitlines()
        self._statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt) and not _has_body(node)]

    @classmethod
    def of(cls, file: str) -> _Source:
        if file not in cls.known:
            cls.known[file] = cls(file)
        return cls.known[file]

    def split_at(self, line: int) -> str | None:
        statement = self._at(line)
        if statement is None or self._is_shared(line):
            return None
        names = set(_assigned(statement))
        for words in (
            _words([*names, *_strings(statement)]),
            self._printed_with(names),
            _words(node.id for node in ast.walk(statement) if isinstance(node, ast.Name)),
            _words(node.attr for node in ast.walk(statement) if isinstance(node, ast.Attribute)),
        ):
            says_train, says_test = bool(words & TRAIN), bool(words & TEST)
            if says_train != says_test:
                return "train" if says_train else "test"
        return None

    def words_at(self, line: int) -> frozenset[str]:
        statement = self._at(line)
        if statement is None:
            return frozenset()
        names = set(_assigned(statement))
        return frozenset(_words([*names, *_strings(statement)]) | self._printed_with(names))

    def argument_words(self, line: int, function: str) -> list[set[str]]:
        statement = self._at(line)
        for node in ast.walk(statement) if statement is not None else ():
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == function:
                return [words_in(ast.unparse(one)) for one in node.args]
        return []

    def _at(self, line: int) -> ast.stmt | None:
        around = [one for one in self._statements if one.lineno <= line <= (one.end_lineno or one.lineno)]
        return min(around, key=lambda one: (one.end_lineno or one.lineno) - one.lineno, default=None)

    def _is_shared(self, line: int) -> bool:
        """Whether several statements stand in one line: which of them is meant cannot be told."""
        return sum(1 for one in self._statements if one.lineno == line) > 1

    def _printed_with(self, names: set[str]) -> set[str]:
        """The words that stand in a call or a format together with one of these names."""
        found: set[str] = set()
        for statement in self._statements:
            if not isinstance(statement, ast.Expr):
                continue
            pieces = list(_pieces(statement))
            for place, piece in enumerate(pieces):
                if piece[1] in names and piece[0] == "name":
                    found |= _before(pieces[:place])
        return found


def _pieces(statement: ast.stmt) -> list[tuple[str, str]]:
    """Words and names of a statement, in the order in which they stand."""
    nodes = [node for node in ast.walk(statement) if isinstance(node, (ast.Constant, ast.Name))]
    nodes.sort(key=lambda node: (node.lineno, node.col_offset))
    found: list[tuple[str, str]] = []
    for node in nodes:
        if isinstance(node, ast.Name):
            found.append(("name", node.id))
        elif isinstance(node.value, str):
            found.append(("word", node.value))
    return found


def _before(pieces: list[tuple[str, str]]) -> set[str]:
    """The words of the nearest phrase before a name that say a split, or else of the nearest phrase."""
    phrases = [text for kind, text in pieces if kind == "word" and words_in(text)]
    for text in reversed(phrases):
        words = words_in(text)
        if words & (TRAIN | TEST):
            return words
    return words_in(phrases[-1]) if phrases else set()


def _assigned(statement: ast.stmt) -> Iterator[str]:
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, (ast.AugAssign, ast.AnnAssign)):
        targets = [statement.target]
    for target in targets:
        for node in ast.walk(target):
            if isinstance(node, ast.Name):
                yield node.id
            elif isinstance(node, ast.Attribute):
                yield node.attr


def _strings(statement: ast.stmt) -> Iterator[str]:
    settings = {id(node.value) for node in ast.walk(statement) if isinstance(node, ast.keyword)}
    return (
        node.value
        for node in ast.walk(statement)
        if isinstance(node, ast.Constant) and type(node.value) is str and id(node) not in settings
    )


def _words(texts: Iterator[str] | list[str]) -> set[str]:
    return set().union(*(words_in(text) for text in texts))


def _has_body(node: ast.stmt) -> bool:
    return hasattr(node, "body")
