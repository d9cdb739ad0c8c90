"""A text as characters, split in its order: the beginning is for training, the end is the test.

Characters that the training part does not have are one unknown token. Windows do not overlap and cross no border.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.utils.data import Dataset

from settings import Settings
from splits import Data, split_in_order

UNKNOWN = 0


class Windows(Dataset):
    """Pairs of a window and the same window one character later."""

    def __init__(self, tokens: Tensor, length: int):
        self.tokens, self.length = tokens, length

    def __len__(self) -> int:
        return (len(self.tokens) - 1) // self.length

    def __getitem__(self, number: int) -> tuple[Tensor, Tensor]:
        start = number * self.length
        window = self.tokens[start : start + self.length + 1]
        return window[:-1], window[1:]


def load_data(settings: Settings, names: Sequence[str]) -> Data:
    """The splits of these names; a row is a window, its id the place of its first character in the text."""
    text = settings.data_path.read_text(encoding="utf-8", errors="replace")
    places = split_in_order(len(text), settings.data)
    training = {text[place] for place in places["train"]}
    numbers = {character: number for number, character in enumerate(sorted(training), start=UNKNOWN + 1)}
    length = settings["sequence_length"]
    parts = {
        name: Windows(torch.tensor([numbers.get(text[place], UNKNOWN) for place in places[name]]), length)
        for name in names
    }
    return Data(
        splits=dict(parts),
        ids={name: [str(places[name][0] + row * length) for row in range(len(part))] for name, part in parts.items()},
        shape={"vocabulary": len(numbers) + 1, "outputs": len(numbers) + 1, "length": length},
        coding=None,
    )
