"""The tracker: follows the loops of instrumented code as they run, and cuts them where the policy says so.

The rewritten code calls ten functions of :class:`Tracker`: ``loop``, ``each``, ``again``, ``leave``, ``when``,
``foresee``, ``enter``, ``bound``, ``may_end`` and ``feeds``. Torch's hooks call ``on_step``, ``on_backward`` and
``on_forward``. Invariant: outside the main thread, inside a module's ``forward`` and while torch compiles, every one of
these does nothing.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from types import FrameType
from typing import Any

from . import sources
from .bounds import COMPARE, Bound
from .frames import TIGHT_ITERATIONS, Frame, Loop
from .policy import Policy
from .sites import Site, SiteTable
from .tree import Node

MOST_FORESEEN = 1_000_000
FORESEEN_ENTRIES = 3
"""How many indices a condition is asked for, and in how many entries of the loop around it."""


class Tracker:
    """Follows the run of one process. All state is here; the hooks and the rewritten code only call in."""

    def __init__(self, policy: Policy, table: SiteTable) -> None:
        self.policy = policy
        self.table = table
        self.root = Node(None, None)
        self.root.entries = 1
        self._bottom = Frame(self.root, 0, None)
        self._top: Frame = self._bottom
        self._thread = threading.get_ident()
        self.forward_depth = 0
        self.is_compiling: Callable[[], bool] = _never
        self.grad_enabled: Callable[[], bool] = _always
        self.steps: dict[int, int] = {}
        """Optimizer steps done, per optimizer in order of first use; -1 counts updates made without one."""
        self.optimizers_made = 0
        self.steps_done = 0
        self.crash_context: list[dict[str, Any]] = []
        self.cut_counts: set[int] = set()
        """Numbers of iterations at which loops were cut; a crash that names one of them is suspect."""
        self.was_cut = False
        self._loop_bounds: dict[int, Bound] = {}
        self._expected_steps: int | None = None
        self._plain_sites: set[int] = set()
        """Short loops that did nothing but compute, over and over: they are left to run as they are."""
        self.on_manual_step: Callable[[], None] = lambda: None
        self.turns: Callable[[Loop, Any], Iterable[Any]] = lambda loop, item: (item,)
        """What a loop's body gets for one item: the item, and in an examination perhaps the same again."""

    def stand_down(self) -> None:
        """Do nothing any more: this is a forked child, whose time is measured from outside."""
        self._thread = 0

    def take_over(self) -> None:
        """Follow the run again: this is a fork that goes on with it in place of its parent."""
        self._thread = threading.get_ident()

    # -- called by rewritten code ------------------------------------------------------------------------------------

    def loop(self, number: int, source: Any) -> Any:
        """Stand in for the iterable of a ``for`` loop."""
        if number in self._plain_sites or self.is_compiling() or self._elsewhere():
            return source
        frame = sys._getframe(1)
        return self._run(number, source, id(frame), _called_from(frame))

    def each(self, number: int, source: Any) -> Any:
        """Stand in for the iterable of a comprehension, which runs to its end or fails."""
        if self.is_compiling() or self._elsewhere():
            return source
        return self._run_alone(number, source)

    def again(self, number: int) -> bool:
        """Stand before the condition of a ``while`` loop; ``False`` ends the loop."""
        if self.is_compiling() or self._elsewhere():
            return True
        frame = sys._getframe(1)
        caller = id(frame)
        top = self._top
        if type(top) is Loop and top.caller == caller and top.node.site is self.table[number]:
            self.crash_context.clear()
            if top.running:
                self._end_iteration(top)
            if top.stop:
                return False
        else:
            top = self._push_loop(number, caller, None, _called_from(frame))
            top.node.plan(None)
        top.running = True
        return True

    def leave(self, number: int) -> None:
        """End a loop or a branch, however it ended; harmless when it never began."""
        if self.is_compiling() or threading.get_ident() != self._thread:
            return
        caller, site = id(sys._getframe(1)), self.table[number]
        frame: Frame | None = self._top
        while frame is not None and not (frame.caller == caller and frame.node.site is site):
            frame = frame.parent
        if frame is None or frame is self._bottom:
            return
        if sys.exc_info()[0] is not None:
            self._note_crash(frame)
        while self._top is not frame:
            self._pop(self._top)
        self._pop(frame)

    def when(self, number: int, value: Any, period: Any) -> Any:
        """Stand in for a periodic condition; forced once, in the last iteration of a loop that is being cut.

        What held only at the very first test is forced as well: much is done "every so often, but not at 0".
        ``period`` is 0 for a condition on the loop's own index without a period (``epoch == 0``).
        """
        if self.is_compiling() or self._elsewhere():
            return value
        if period == 0:
            return value  # true at one iteration only: nothing to force, and told apart by ``enter``
        node = self._top.node.child(self.table[number])
        loop = self._innermost_loop()
        if type(period) is int and period > 0:
            node.period = period
        node.tests += 1
        if value:
            if node.first_fire is None and loop is not None and not loop.final:
                node.first_fire = loop.index if self.table[number].local else node.tests - 1
            node.natural += 1
            return value
        if (
            self.policy.rehearses
            and loop is not None
            and loop.final
            and node.natural <= (node.first_fire == 0)
            and not (node.forced or node.other)
        ):
            node.forced += 1
            return True
        return value

    def foresee(self, number: int, condition: Callable[[Any], Any]) -> None:
        """Count how often a condition on the loop's own index holds in a whole entry, by asking it for every index."""
        if not self.policy.rehearses or self.is_compiling() or self._elsewhere():
            return
        loop = self._innermost_loop()
        if loop is None or number in loop.foreseen:
            return
        loop.foreseen.add(number)
        node = self._top.node.child(self.table[number])
        indices = loop.indices()
        if indices is None or len(indices) > MOST_FORESEEN or node.foreseen_entries >= FORESEEN_ENTRIES:
            return
        try:
            count = sum(1 for index in indices if condition(index))
        except Exception:  # noqa: BLE001  boundary: the user's own condition, asked at an index where it was not meant to be
            return
        node.foreseen += count
        node.foreseen_entries += 1

    def enter(self, number: int) -> None:
        """Begin the body of a periodic branch."""
        if self.is_compiling() or self._elsewhere():
            return
        node = self._top.node.child(self.table[number])
        node.entries += 1
        node.other = max(0, node.entries - node.natural - node.forced)
        self._top = Frame(node, id(sys._getframe(1)), self._top)

    def bound(self, number: int, comparison: str, counter: Any, limit: Any, continues: bool) -> Any:
        """Stand in for a comparison that may end the loop ``number``; computes exactly what the comparison does."""
        result = COMPARE[comparison](counter, limit)
        if self.is_compiling() or self._elsewhere():
            return result
        if type(counter) in (int, float) and type(limit) in (int, float):
            self._observe(number, comparison, counter, limit, continues)
        return result

    def may_end(self, number: int, line: int, value: Any) -> Any:
        """Stand before a condition at ``line`` that, if ``value`` holds, may end the loop ``number`` at any turn."""
        if value and not self.is_compiling() and not self._elsewhere():
            loop = self._loop_of(number)
            if loop is not None:
                loop.node.early_line = line
        return value

    def feeds(self, number: int, source: Any, direct: bool) -> Any:
        """Stand in for the iterable of a loop that yields: tells the loop that pulls from it how long it is."""
        loop = self._innermost_loop()
        if loop is not None and loop.pulling and not self._elsewhere():
            loop.feeders.setdefault(number, sources.planned_length(source) if direct else None)
        return source

    # -- called by hooks ---------------------------------------------------------------------------------------------

    def on_step(self, optimizer: int) -> None:
        """An optimizer has stepped."""
        if self._elsewhere():
            return
        self.steps[optimizer] = self.steps.get(optimizer, 0) + 1
        self.steps_done = max(self.steps.values())
        node = self._top.node
        node.steps[optimizer] = node.steps.get(optimizer, 0) + 1
        loop = self._innermost_loop()
        if loop is not None:
            loop.mark_step()

    def on_backward(self) -> None:
        """A backward pass has begun."""
        if self._elsewhere():
            return
        self._top.node.backwards += 1
        loop = self._innermost_loop()
        if loop is not None:
            loop.iteration_backward = True

    def on_forward(self) -> None:
        """An outermost module is called."""
        loop = self._innermost_loop()
        if loop is None or loop.iteration_forward or threading.get_ident() != self._thread:
            return
        if not self.grad_enabled() or loop.data_driven or loop.loaders:
            loop.iteration_forward = True

    def on_loader(self, loader: Any) -> None:
        """A data loader's iterator is being pulled by the innermost loop."""
        loop = self._innermost_loop()
        if loop is None or not loop.pulling or loader in loop.loaders:
            return
        loop.loaders.append(loader)
        loop.prefetched = max(loop.prefetched, loader.prefetched)

    def begin_loop(self, site: Site, planned: int | None) -> Loop:
        """Begin a loop that a framework runs; end it with :meth:`end_loop`."""
        loop = self._push_loop(site.number, -1 - site.number, None)
        loop.planned = planned
        loop.node.plan(planned)
        loop.whole = True  # the framework's own limits cut it
        loop.node.cut = self.policy.rehearses
        loop.running = True
        return loop

    def expect_steps(self, steps: int) -> None:
        """The next loop that begins will make this many optimizer steps in all, as its framework says."""
        self._expected_steps = steps

    def end_iteration(self, loop: Loop) -> bool:
        """One iteration of a framework's loop is over; ``True`` when the loop should stop."""
        while self._top is not loop and self._top is not self._bottom:
            self._pop(self._top)
        self._end_iteration(loop)
        loop.running = True
        return loop.stop

    def end_loop(self, loop: Loop) -> None:
        """A framework's loop is over."""
        loop.running = False
        while self._top is not loop and self._top is not self._bottom:
            self._pop(self._top)
        if self._top is loop:
            self._pop(loop)

    # -- the report --------------------------------------------------------------------------------------------------

    def report(self) -> dict[str, Any]:
        """The loop tree as it is now."""
        frame: Frame | None = self._top
        chain = []
        while frame is not None:
            chain.append(frame)
            frame = frame.parent
        for active in chain:
            if active is self._bottom:
                active.restart()
            elif isinstance(active, Loop):
                active.summarise_bounds()
        return self.root.as_json()

    # -- inside ------------------------------------------------------------------------------------------------------

    def _elsewhere(self) -> bool:
        return self.forward_depth > 0 or threading.get_ident() != self._thread

    def _innermost_loop(self) -> Loop | None:
        frame: Frame | None = self._top
        while frame is not None and type(frame) is not Loop:
            frame = frame.parent
        return frame

    def _push_loop(self, number: int, caller: int, source: Any, called_from: int = 0) -> Loop:
        node = self._top.node.child(self.table[number], (called_from, sources.identity(source)))
        node.entries += 1
        if self._expected_steps is not None:
            node.bound = {"scope": "entry", "steps": self._expected_steps, "iterations": None}
            self._expected_steps = None
        self._top = loop = Loop(node, caller, self._top, source)
        loop.grad_at_entry = self.grad_enabled()
        return loop

    def _run(self, number: int, source: Any, caller: int, called_from: int = 0) -> Iterator[Any]:
        if self.policy.rehearses:
            source = sources.jumpable(source)
        planned = sources.planned_length(source)
        loop = self._push_loop(number, caller, source, called_from)
        loop.planned = planned
        iterator = iter(source)
        jumps = source if sources.is_progress_bar(source) else iterator
        return self._iterate(loop, iterator, jumps)

    def _run_alone(self, number: int, source: Any) -> Iterator[Any]:
        iterator = self._run(number, source, -1)
        loop = self._top
        yield from iterator
        if self._top is loop:
            self._pop(loop)

    def _iterate(self, loop: Loop, iterator: Iterator[Any], jumps: Any) -> Iterator[Any]:
        started = loop.began_wall
        while not loop.stop:
            loop.pulling = True
            try:
                item = next(iterator)
            except StopIteration:
                loop.pulling = False
                break
            loop.pulling = False
            if loop.index == 0:
                loop.meet(item)
            if loop.final and loop.planned is not None and isinstance(iterator, enumerate):
                item = (item[0] + loop.planned - 1 - loop.index, item[1])
            loop.running = True
            yield from self.turns(loop, item)
            self.crash_context.clear()  # whatever passed through was handled
            self._end_iteration(loop)
            if loop.final and not loop.stop:
                loop.skip_to_last(jumps)
            if loop.index == TIGHT_ITERATIONS and loop.is_tight(started):
                yield from self._run_tight(loop, iterator)
        if loop.index == 0:
            loop.plan_entry()

    def _run_tight(self, loop: Loop, iterator: Iterator[Any]) -> Iterator[Any]:
        """At full speed until something happens."""
        loop.restart()
        for item in iterator:
            yield item
            loop.index += 1
            loop.node.iterations += 1
            if loop.iteration_stepped or loop.iteration_forward or loop.encloses:
                break
        loop.node.head.add(*loop.restart())

    def _end_iteration(self, loop: Loop) -> None:
        loop.running = False
        while self._top is not loop and self._top is not self._bottom:
            self._pop(self._top)  # a frame whose end was never told
        self._settle_role(loop)
        loop.book_time(*loop.restart())
        loop.index += 1
        loop.node.iterations += 1
        if loop.final:
            loop.stop = True
        elif not loop.whole and self.policy.enough(loop, self.steps_done):
            self._finish(loop)
        loop.iteration_stepped = loop.iteration_backward = loop.iteration_forward = False

    def _settle_role(self, loop: Loop) -> None:
        node = loop.node
        if loop.iteration_backward and not loop.iteration_stepped and self.optimizers_made == 0:
            self._manual_step(loop)
        if loop.iteration_stepped:
            node.strengthen("train")
        elif loop.encloses:
            node.strengthen("outer")
        elif loop.iteration_backward:
            node.strengthen("accumulate")
        elif loop.iteration_forward and not loop.over_modules and self._may_evaluate(loop):
            node.strengthen("eval")

    def _may_evaluate(self, loop: Loop) -> bool:
        """A loop whose text trains is an evaluation only where gradients are off and its twin was seen to train."""
        site, parent = loop.node.site, loop.node.parent
        if site is None or not site.trains or not loop.grad_at_entry:
            return True
        twins = parent.children.items() if parent is not None else ()
        return any(number == site.number and twin.role == "train" for (number, _), twin in twins)

    def _manual_step(self, loop: Loop) -> None:
        """Parameters updated by hand: an iteration with a backward pass counts as one step."""
        self.steps[-1] = self.steps_done = self.steps.get(-1, 0) + 1
        loop.node.steps[-1] = loop.node.steps.get(-1, 0) + 1
        loop.mark_step()
        self.on_manual_step()

    def _finish(self, loop: Loop) -> None:
        """The policy has seen enough: one more iteration, the last of the full run where it can be reached."""
        loop.node.cut = True
        self.was_cut = True
        if self.policy.mode == "pilot":
            loop.stop = True
            return
        if loop.planned is not None and loop.index >= loop.planned - 1:
            loop.node.cut = loop.node.iterations < loop.node.planned_sum
        loop.final = True

    def _pop(self, frame: Frame) -> None:
        if isinstance(frame, Loop):
            if frame.running:
                ends_itself = not frame.final and sys.exc_info()[0] is None
                self._end_iteration(frame)
                if ends_itself:
                    frame.left_early(sees_other_values=self.was_cut or self.policy.rehearses)
            self._close_loop(frame)
        else:
            frame.node.iterations += 1
            node = frame.node
            node.warm.add(*frame.restart())
        self._top = frame.parent or self._bottom

    def _close_loop(self, loop: Loop) -> None:
        loop.restart()
        if loop.final or loop.stop:
            self.cut_counts.add(loop.node.iterations)
        loop.summarise_bounds()
        for loader in loop.loaders:
            loader.account(loop.node)
        if loop.is_forgettable:
            self._plain_sites.add(loop.node.site.number)  # type: ignore[union-attr]  # only loops of a site are so
        self._tell_outer(loop)
        loop.source = None

    def _tell_outer(self, loop: Loop) -> None:
        outer = loop.parent
        while outer is not None and not isinstance(outer, Loop):
            outer = outer.parent
        if outer is None:
            return
        if loop.stepped == 1 and not loop.final and not loop.stop:
            outer.mark_step()  # one step an entry: these were the micro-batches of one iteration of the outer loop
        elif loop.node.role in ("train", "eval") or loop.encloses:
            outer.encloses = True

    def _observe(self, number: int, comparison: str, counter: float, limit: float, continues: bool) -> None:
        loop = self._loop_of(number)
        key = number * 2 + continues
        watched = self._loop_bounds.get(key)
        if watched is None:
            watched = self._loop_bounds[key] = Bound(comparison, limit, continues=continues)
        if loop is None:
            watched.observe(counter, limit, self.steps_done, 0)  # the first test of a while loop that has not begun
            return
        loop.bounds[key] = watched
        watched.observe(counter, limit, self.steps_done, loop.index)

    def _loop_of(self, number: int) -> Loop | None:
        frame: Frame | None = self._top
        site = self.table[number]
        while frame is not None:
            if frame.node.site is site and type(frame) is Loop:
                return frame
            frame = frame.parent
        return None

    def _note_crash(self, frame: Frame) -> None:
        site = frame.node.site
        if site is None:
            return
        self.crash_context.append(
            {
                "kind": site.kind,
                "role": frame.node.role,
                "file": site.file,
                "line": site.line,
                "iteration": frame.index if isinstance(frame, Loop) else None,
                "last": isinstance(frame, Loop) and frame.is_last,
                "forced": frame.node.forced > 0,
            }
        )


def _called_from(frame: FrameType) -> int:
    """The line that called the function of ``frame``; 0 for a module's own code."""
    back = frame.f_back
    return back.f_lineno if back is not None and frame.f_code.co_name != "<module>" else 0


def _never() -> bool:
    return False


def _always() -> bool:
    return True
