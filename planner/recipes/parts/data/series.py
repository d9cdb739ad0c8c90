"""Windows of a time series from a CSV file: what was, and the next values of the target.

The latest part is the test. Scales are learned from the training part only, and no window reaches across a border.
"""

import csv
from collections.abc import Sequence

import numpy as np
import torch
from torch.utils.data import TensorDataset

from objective import Coding
from settings import Settings
from splits import Data, split_in_order


def read_series(settings: Settings) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Inputs (times, columns), the target (times,) and the name of each time, in the order of time."""
    table = settings.data
    with settings.data_path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream, delimiter=table["delimiter"])
        rows = [{name.strip(): cell for name, cell in row.items()} for row in reader]
    if "time" in table:
        as_time = float if table["time_is_number"] else str
        rows.sort(key=lambda row: as_time(row[table["time"]]))
    inputs = np.array([[float(row[name]) for name in table["numeric"]] for row in rows])
    target = np.array([float(row[table["target"]]) for row in rows])
    times = [row[table["time"]] if "time" in table else str(number) for number, row in enumerate(rows)]
    return inputs, target, times


def load_data(settings: Settings, names: Sequence[str]) -> Data:
    """The splits of these names; a row's id is the first time that it foretells."""
    inputs, target, times = read_series(settings)
    past, ahead = settings["sequence_length"], settings["horizon"]
    places = split_in_order(len(target), settings.data)
    train = inputs[places["train"]]
    scaled = (inputs - train.mean(axis=0)) / np.maximum(train.std(axis=0), 1e-9)
    coding = Coding(target[places["train"]])
    splits, ids = {}, {}
    for name in names:
        first = places[name][0]
        starts = [first + offset for offset in range(len(places[name]) - past - ahead + 1)]
        if not starts:
            raise SystemExit(f"the {name} split has {len(places[name])} times, and one window needs {past + ahead}")
        windows = torch.tensor(np.stack([scaled[at : at + past] for at in starts]), dtype=torch.float32)
        following = np.stack([target[at + past : at + past + ahead] for at in starts])
        splits[name] = TensorDataset(windows, coding.encode(following))
        ids[name] = [times[at + past] for at in starts]
    return Data(splits, ids, {"inputs": inputs.shape[1], "outputs": ahead, "length": past}, coding)
