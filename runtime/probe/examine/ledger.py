"""The row ledger: which rows trained each model, and which rows it was evaluated on.

Torch's calls and scikit-learn's methods are written into the same book. Invariant: an evaluation is compared with what
had trained the same model, or with its latest twin where only a copy of it was evaluated.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable
from typing import Any

from ..after_import import AfterImport
from .arrays import Finder
from .estimator_events import FITS, EstimatorEvents, Used
from .examiner import Examiner
from .naming import Line, lines_of
from .observer import LossCall, ModelCall, Observer, Place
from .rows import column, first_input, first_target, hashes, matrix, parts
from .seen import Seen, judge, rows_behind
from .sets import MOST_PASSES, Evaluation, Pass, Side
from .sharing import shared

MOST_EVALUATIONS = 300
MOST_ANSWERED = 6
"""So many of the latest passes keep their answers."""


class Ledger(Observer):
    """Writes down rows; other observers read them once the script has ended."""

    name = "rows"

    def __init__(self, examiner: Examiner) -> None:
        super().__init__(examiner)
        self.here: Callable[[], bool] = examiner.is_here
        self.estimators = EstimatorEvents(lambda: self.here(), lambda *told: examiner.tell("on_estimator", *told))
        self.trainings: dict[int, Side] = {}
        self.evaluations: dict[Any, Evaluation] = {}
        self.outputs: list[tuple[Any, Evaluation]] = []
        """What estimators predicted last."""
        self.printed = 0
        """Lines printed until now."""
        self._numbers: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
        self._made = 0
        self._batch: Any = None
        self._open: dict[Any, Seen] = {}
        self.latest: Seen | None = None
        """The latest call of a model."""
        self._last_key: Any = None
        self._target_at: dict[int, int] = {}
        """Of batches of so many parts, which part a loss took as its target."""
        self._finder = Finder()
        self._first: dict[Any, set[int]] = {}
        self.answered: deque[Pass] = deque()
        """The latest passes, which still hold their answers."""

    def begin(self, waiting: AfterImport) -> None:
        self.estimators.install(waiting)

    def number(self, owner: Any) -> int:
        """A model's number; never given twice."""
        if owner not in self._numbers:
            self._made += 1
            self._numbers[owner] = self._made
        return self._numbers[owner]

    # -- torch -------------------------------------------------------------------------------------------------------

    def on_batch(self, loader: Any, batch: Any) -> None:
        self._batch = [loader, list(parts(batch)), None]

    def on_model_call(self, call: ModelCall) -> None:
        given = first_input(list(parts([call.args, call.kwargs])))
        rows = matrix(given)
        if rows is None:
            self.latest = None
            return
        lines = lines_of(self.examiner.user_frames())
        seen = Seen(rows, lines, tokens=not given.dtype.is_floating_point and given.ndim == 2)
        self._behind(seen, call)
        self._open[call] = self.latest = seen
        if len(self._open) > 200:
            self._open.pop(next(iter(self._open)))

    def _behind(self, seen: Seen, call: ModelCall) -> None:
        """Whether the rows come from the latest batch, or else from an array."""
        batch = self._batch
        if batch is not None and batch[2] in (None, seen.lines):
            found = first_input(batch[1])
            if found is not None and len(found) == len(seen.rows):
                batch[2] = seen.lines
                seen.loader, target = batch[0], self._target_in(batch[1])
                given = matrix(found)
                seen.given = 0 if given is None else int(hashes(given).sum())
                seen.target = target if target is not None and len(target) == len(seen.rows) else None
                return
        if self._first.get(seen.lines):
            wanted = seen.hashes() | self._first[seen.lines]
            if wanted != self._first[seen.lines]:
                seen.array = self._finder.holding(self.examiner.user_frames(), seen.rows, wanted)
                self._first[seen.lines] = set()
        else:
            self._first.setdefault(seen.lines, seen.hashes())

    def _target_in(self, batch: list[Any]) -> Any:
        """The part of a batch that holds the labels: by name or place, or else the one that losses took."""
        target, place = first_target(batch), self._target_at.get(len(batch))
        return batch[place][1] if target is None and place is not None else target

    def _learn_target(self, target: Any) -> None:
        """Remember which part of the latest batch a loss takes."""
        batch = self._batch[1] if self._batch is not None else []
        if len(batch) > 2 and len(batch) not in self._target_at:
            same = [place for place, (_, one) in enumerate(batch) if _is_same(one, target)]
            if len(same) == 1:
                self._target_at[len(batch)] = same[0]

    def on_loss(self, loss: LossCall) -> None:
        seen, target = self.latest, loss.arguments.get("target")
        if target is not None and loss.grad_enabled:
            self._learn_target(target)
        if seen is None or seen.target is not None or target is None or len(target) != len(seen.rows):
            return
        seen.target = target
        if seen.judging is not None:
            judge(seen, seen.judging)

    def on_train_call(self, call: ModelCall) -> None:
        seen = self._open.pop(call, None)
        if seen is None:
            return
        side = self._training(self.number(call.module), type(call.module).__name__, call.place, call.step)
        self._write(side, seen)

    def on_eval_call(self, call: ModelCall) -> None:
        seen = self._open.pop(call, None)
        if seen is None:
            return
        number = self.number(call.module)
        source = seen.loader if seen.loader is not None else seen.array.name if seen.array else None
        key = (number, seen.lines, id(source))
        evaluation = self._evaluation(key, number, type(call.module).__name__, seen.lines, call.place)
        evaluation.loader, evaluation.tokens = seen.loader, seen.tokens
        found = self._write(evaluation.side, seen)
        one = self._pass(evaluation, key, call.step, seen)
        one.rows += len(seen.rows)
        one.signature = (one.signature + int(found.sum())) % (1 << 64)
        one.given = (one.given + seen.given) % (1 << 64)
        loop = self.examiner.tracker._innermost_loop()
        if loop is not None and loop.node not in one.nodes and len(one.nodes) < 8:
            one.nodes.append(loop.node)
        seen.output, seen.judging = call.output, one
        judge(seen, one)

    def _pass(self, evaluation: Evaluation, key: Any, step: int, seen: Seen) -> Pass:
        last = evaluation.passes[-1] if evaluation.passes else None
        total = seen.total()
        if last is None or last.step != step or key != self._last_key or (total is not None and last.rows >= total):
            last = Pass(step, printed=self.printed)
            self._keep_answers(last)
            evaluation.passes.append(last)
            del evaluation.passes[:-MOST_PASSES]
        self._last_key = key
        return last

    def _keep_answers(self, one: Pass) -> None:
        self.answered.append(one)
        if len(self.answered) > MOST_ANSWERED:
            old = self.answered.popleft()
            old.pieces, old.piece_rows = [], []

    def _write(self, side: Side, seen: Seen) -> Any:
        labels = column(seen.target) if seen.target is not None else None
        if seen.loader is not None and not any(one is seen.loader for one in side.loaders):
            side.loaders.append(seen.loader)
        if seen.array is not None and len(side.arrays) < 8:
            side.arrays.append(seen.array)
        return side.inputs.add(seen.rows, labels)

    # -- scikit-learn ------------------------------------------------------------------------------------------------

    def on_estimator(self, moment: str, used: Used) -> None:
        if moment == "after" and used.kind == "metric":
            self._scored(used)
        if moment != "after" or used.kind != "estimator":
            return
        rows = matrix(used.data)
        if rows is None or not hasattr(type(used.owner), "predict"):
            return
        number, labels = self.number(used.owner), column(used.labels)
        lines, place = lines_of(self.examiner.user_frames()), self.examiner.place()
        if used.name in FITS:
            if used.labels is None:
                self.trainings.pop(number, None)
                return
            if used.name != "partial_fit":
                self.trainings.pop(number, None)
            side = self._training(number, type(used.owner).__name__, place, 0, again=used.name == "partial_fit")
            side.inputs.add(rows, labels)
        elif number in self.trainings and used.name != "transform":
            self._used(used, number, lines, place, rows, labels)

    def _used(
        self, used: Used, number: int, lines: tuple[Line, ...], place: Place | None, rows: Any, labels: Any
    ) -> None:
        training = self.trainings[number]
        signature = int(hashes(rows).sum()) % (1 << 64)
        key = (number, lines, id(training), used.name, signature)  # two sets of rows in one line are two evaluations
        evaluation = self._evaluation(key, number, type(used.owner).__name__, lines, place)
        evaluation.training, evaluation.method = training, used.name
        evaluation.side.inputs.add(rows, labels)
        score = float(used.result) if used.name == "score" else None
        evaluation.passes.append(Pass(0, len(rows), score, signature, printed=self.printed))
        del evaluation.passes[:-MOST_PASSES]
        self.outputs.append((used.result, evaluation))
        del self.outputs[:-16]

    def _scored(self, used: Used) -> None:
        """A metric of what an estimator predicted: its labels are known now, and its score where it is an accuracy."""
        labels = column(used.data)
        for result, evaluation in self.outputs:
            if result is used.labels and labels is not None:
                last, answers = evaluation.passes[-1], matrix(result)
                if used.name == "accuracy_score" and isinstance(used.result, float):
                    last.score = used.result
                if not last.pieces and answers is not None and len(answers) == len(labels):
                    last.pieces, last.chosen, last.judged = [(labels, answers)], evaluation.method == "predict", 0
                    last.piece_rows = [evaluation.side.inputs.hashes]
                    self._keep_answers(last)
                rows = evaluation.side.inputs
                if not rows.labels and rows.held == len(labels):
                    rows.labels, rows.labelled = [labels], True

    # -- both --------------------------------------------------------------------------------------------------------

    def _training(self, number: int, kind: str, place: Place | None, step: int, *, again: bool = True) -> Side:
        if number not in self.trainings:
            self.trainings[number] = Side(first_step=step, place=place, kind=kind, whole=not again)
            if not again:
                self.trainings[number].inputs.seen = None
        return self.trainings[number]

    def _evaluation(
        self, key: Any, number: int, kind: str, lines: tuple[Line, ...], place: Place | None
    ) -> Evaluation:
        if key not in self.evaluations and len(self.evaluations) < MOST_EVALUATIONS:
            self.evaluations[key] = Evaluation(number, kind, lines, place)
        return self.evaluations.get(key) or Evaluation(number, kind, lines, place)

    def at_end(self) -> None:
        told = {key: one for key, one in self.evaluations.items() if one.passes}
        parts_of_training = {(one.model, one.lines) for one in told.values() if self._is_part_of_training(one)}
        self.evaluations = {key: one for key, one in told.items() if (one.model, one.lines) not in parts_of_training}
        rows_behind([*self.trainings.values()], [one.side for one in self.evaluations.values()])
        for evaluation in self.evaluations.values():
            if evaluation.training is None:
                evaluation.training = self._trained(evaluation)

    def _trained(self, evaluation: Evaluation) -> Side | None:
        """What trained the model, or else its latest twin of the same kind."""
        own = self.trainings.get(evaluation.model)
        twins = [one for one in self.trainings.values() if one.kind == evaluation.kind]
        side = own or (twins[-1] if twins else None)
        return side if side is not None and evaluation.passes[-1].step >= side.first_step else None

    @staticmethod
    def _is_part_of_training(evaluation: Evaluation) -> bool:
        """Whether it is no evaluation but a step's own doing, such as a teacher's answer to the training batch."""
        nodes = [node for one in evaluation.passes for node in one.nodes]
        if not nodes or any(node.role != "train" for node in nodes):
            return False
        return evaluation.loader is not None or len({one.signature for one in evaluation.passes}) > 1

    def report(self) -> dict[str, Any] | None:
        found = [shared(one) for one in self.evaluations.values()]
        told = [one for one in found if one is not None]
        return {"evaluations": told, "trainings": len(self.trainings)} if self.trainings else None


def _is_same(one: Any, target: Any) -> bool:
    """Whether a part of a batch is what a loss was given, in whatever shape."""
    return hasattr(one, "data_ptr") and one.data_ptr() == target.data_ptr() and one.numel() == target.numel()


def ledger_of(examiner: Examiner) -> Ledger:
    """The examination's ledger."""
    return next(one for one in examiner.observers if isinstance(one, Ledger))
