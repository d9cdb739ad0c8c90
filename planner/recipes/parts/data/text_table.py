"""Texts with a label, from a CSV or JSON-lines file. The vocabulary is the commonest words of the training rows."""

import csv
import json
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import TensorDataset

from objective import Coding
from settings import Settings
from splits import Data, joined, split_as_given, split_rows

PADDING, UNKNOWN = 0, 1
WORD = re.compile(r"\w+|[^\w\s]")


def words(text: str) -> list[str]:
    return WORD.findall(text.lower())


def read_rows(settings: Settings) -> list[dict[str, str]]:
    """Rows by the names of their columns, as text; what is not there is empty."""
    with settings.data_path.open(encoding="utf-8-sig", newline="") as stream:
        if settings.data["format"] == "jsonl":
            rows = [json.loads(line) for line in stream if line.strip()]
        else:
            rows = list(csv.DictReader(stream, delimiter=settings.data["delimiter"], restkey="", restval=""))
    return [{name.strip(): "" if cell is None else str(cell).strip() for name, cell in row.items()} for row in rows]


def build_vocabulary(texts: Sequence[str], size: int) -> dict[str, int]:
    """Words to numbers; the first two numbers are kept for padding and for words that are not in it."""
    counted = Counter(word for text in texts for word in words(text))
    return {word: number for number, (word, _) in enumerate(counted.most_common(size - 2), start=2)}


def to_tokens(texts: Sequence[str], vocabulary: dict[str, int], length: int) -> Tensor:
    """Tokens (rows, length); longer texts are cut, shorter ones padded."""
    tokens = torch.full((len(texts), length), PADDING)
    for row, text in enumerate(texts):
        numbers = [vocabulary.get(word, UNKNOWN) for word in words(text)[:length]] or [UNKNOWN]
        tokens[row, : len(numbers)] = torch.tensor(numbers)
    return tokens


def load_data(settings: Settings, names: Sequence[str]) -> Data:
    """The splits of these names; row ids are the id column's, or count the rows from 0."""
    table = settings.data
    everything = [{"": str(number)} | row for number, row in enumerate(read_rows(settings))]
    source = [row for row in everything if row.get(table["target"])]  # a row without a label tells nothing
    texts = np.array([row.get(table["text"], "") for row in source], dtype=object)
    labels = np.array([row[table["target"]] for row in source])
    ids = [row[table.get("id", "")] for row in source]
    groups = np.array([" ".join(words(text)) for text in texts])
    if "group" in table:
        groups = joined(np.array([row[table["group"]] for row in source]), groups)
    if "split" in table:
        rows = split_as_given(np.array([row[table["split"]] for row in source]), groups, table)
    else:
        rows = split_rows(groups, table, labels)
    vocabulary = build_vocabulary(texts[rows["train"]], settings["vocabulary_size"])
    coding = Coding(labels)
    length = settings["sequence_length"]
    return Data(
        splits={
            name: TensorDataset(to_tokens(texts[rows[name]], vocabulary, length), coding.encode(labels[rows[name]]))
            for name in names
        },
        ids={name: [ids[row] for row in rows[name]] for name in names},
        shape={"vocabulary": settings["vocabulary_size"], "outputs": len(coding.names), "length": length},
        coding=coding,
    )
