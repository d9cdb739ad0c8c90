"""When a loop has been seen enough, judged on loop trees made by hand."""

from __future__ import annotations

from mlintern.runtime.probe.frames import Loop
from mlintern.runtime.probe.policy import Policy
from mlintern.runtime.probe.sites import Site
from mlintern.runtime.probe.tree import Node


def training(*, iterations: int, seconds: float, parent: Node | None = None) -> Node:
    """A training loop that has made so many iterations, one of them a warm-up."""
    node = Node(site(), parent)
    node.role, node.iterations, node.self_wall = "train", iterations, seconds
    node.warm.count, node.warm.wall = iterations - 1, seconds
    return node


def site() -> Site:
    return Site(0, "for", "train.py", 1, "for batch in loader:")


def entry(node: Node) -> Loop:
    loop = Loop(node, 0, None)
    loop.index, loop.iteration_stepped, loop.planned = node.iterations, True, 10_000
    return loop


class TestRehearsal:
    policy = Policy(mode="rehearse", budget_seconds=4.0)

    def test_goes_on_until_the_steady_iterations_took_their_share(self) -> None:
        assert not self.policy.enough(entry(training(iterations=100, seconds=1.9)), 100)
        assert self.policy.enough(entry(training(iterations=100, seconds=2.1)), 100)

    def test_a_loop_whose_steps_are_made_inside_it_is_sampled_by_them(self) -> None:
        outer = training(iterations=100, seconds=0.01)
        outer.children[1, ()] = training(iterations=100, seconds=2.1, parent=outer)  # type: ignore[index]
        assert self.policy.enough(entry(outer), 100)

    def test_an_evaluation_inside_it_says_nothing_of_its_steps(self) -> None:
        outer = training(iterations=100, seconds=0.01)
        inner = training(iterations=100, seconds=2.1, parent=outer)
        inner.role = "eval"
        outer.children[1, ()] = inner  # type: ignore[index]
        assert not self.policy.enough(entry(outer), 100)


class TestExamination:
    policy = Policy(mode="examine", budget_seconds=2.0)

    def test_sees_some_steps_even_where_each_takes_long(self) -> None:
        assert not self.policy.enough(entry(training(iterations=8, seconds=2.4)), 8)
        assert self.policy.enough(entry(training(iterations=16, seconds=4.8)), 16)

    def test_its_patience_ends(self) -> None:
        assert self.policy.enough(entry(training(iterations=8, seconds=6.1)), 8)

    def test_a_rehearsal_of_slow_steps_does_not_wait_for_them(self) -> None:
        assert Policy(mode="rehearse", budget_seconds=2.0).enough(entry(training(iterations=8, seconds=2.4)), 8)


class TestRanks:
    policy = Policy(mode="rehearse", budget_seconds=4.0, by_count=True)

    def test_ranks_cut_alike_however_long_each_took(self) -> None:
        for seconds in (0.001, 1.0, 400.0):
            assert not self.policy.enough(entry(training(iterations=11, seconds=seconds)), 11)
            assert self.policy.enough(entry(training(iterations=12, seconds=seconds)), 12)

    def test_a_period_of_accumulation_is_whole(self) -> None:
        loop = entry(training(iterations=20, seconds=1.0))
        loop.iteration_stepped = False
        assert not self.policy.enough(loop, 20)
