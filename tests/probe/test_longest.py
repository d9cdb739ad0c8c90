"""The batch with the largest item is met by a rehearsal, wherever in the epoch it stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from mlintern.runtime.probe.data import spread
from mlintern.runtime.probe.longest import longest_batch

VARIED = """
import sys
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

class Texts(Dataset):
    read = 0
    def __len__(self): return 2000
    def __getitem__(self, i):
        Texts.read += 1
        return torch.zeros(900 if i == 1234 else 10 + i % 7)

def padded(items):
    return nn.utils.rnn.pad_sequence(items, batch_first=True)

model = nn.Linear(1, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
loader = DataLoader(Texts(), 8, collate_fn=padded, shuffle=len(sys.argv) > 1)
for epoch in range(50):
    for number, batch in enumerate(loader):
        if batch.shape[1] == 900:
            print("longest at", number if epoch == 0 else "later", flush=True)
        opt.zero_grad(); model(batch[..., None]).sum().backward(); opt.step()
"""


@pytest.mark.parametrize("args", [(), ("shuffled",)], ids=["in order", "shuffled"])
def test_a_rehearsal_meets_the_longest_input(probe: Callable[..., Any], args: tuple[str, ...]) -> None:
    assert "longest at 1\n" in probe(VARIED, *args, mode="rehearse").output


def test_a_run_that_is_only_watched_keeps_its_order(probe: Callable[..., Any]) -> None:
    watched = probe(VARIED.replace("range(50)", "range(1)"), mode="watch")
    assert "longest at 154\n" in watched.output


def place(dataset: Any, batches: list[list[int]]) -> int | None:
    return longest_batch(dataset, batches, spread(list(range(len(batches)))))


def test_items_of_every_shape_are_compared() -> None:
    items: list[Any] = [{"text": "a" * 5, "label": 1}, ("b" * 9, torch.zeros(3)), torch.zeros(2, 2), [1, 2, 3]]
    assert place(items, [[0], [1], [2], [3]]) == 1


def test_padding_makes_a_full_batch_larger_than_its_largest_item() -> None:
    items = [torch.zeros(size) for size in (10, 10, 10, 10, 25)]
    assert place(items, [[0, 1, 2, 3], [4]]) == 0


def test_items_of_one_size_are_not_read_through() -> None:
    read = []

    class Images:
        def __getitem__(self, index: int) -> torch.Tensor:
            read.append(index)
            return torch.zeros(3, 8, 8)

    batches = [list(range(start, start + 8)) for start in range(0, 8000, 8)]
    assert place(Images(), batches) is None
    assert len(read) < 100


def test_a_data_set_that_cannot_be_read_from_here_is_left_alone() -> None:
    class Closed:
        def __getitem__(self, index: int) -> object:
            raise RuntimeError("only in a worker")

    assert place(Closed(), [[0], [1]]) is None
    assert place([1, 2], [[0], [1]]) is None
