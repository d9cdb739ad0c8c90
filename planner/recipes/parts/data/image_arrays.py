"""Images and labels from a NumPy archive. Pixels are standardised, by channel, with the training images only."""

from collections.abc import Sequence

import numpy as np
import torch
from torch.utils.data import TensorDataset

from objective import Coding
from settings import Settings
from splits import Data, alike, split_as_given, split_rows


def load_data(settings: Settings, names: Sequence[str]) -> Data:
    """The splits of these names; row ids count the images from 0, those of a test set of its own after the others."""
    table = settings.data
    with np.load(settings.data_path, allow_pickle=False) as archive:
        images = np.concatenate([archive[name] for name in table["images"]])
        parts = [archive[name].astype(str).reshape(-1) for name in table["labels"]]
    labels = np.concatenate(parts)
    if len(parts) == 2:
        said = np.repeat(["train", "test"], [len(part) for part in parts])
        rows = split_as_given(said, alike(images), table)
    else:
        rows = split_rows(alike(images), table, labels)
    channels_first = images[:, None] if images.ndim == 3 else np.moveaxis(images, table["channel_axis"], 1)
    pixels = torch.tensor(channels_first.astype(np.float32))
    mean = pixels[rows["train"]].mean(dim=(0, 2, 3), keepdim=True)
    std = pixels[rows["train"]].std(dim=(0, 2, 3), keepdim=True).clamp_min(1e-6)
    coding = Coding(labels)
    return Data(
        splits={
            name: TensorDataset((pixels[rows[name]] - mean) / std, coding.encode(labels[rows[name]])) for name in names
        },
        ids={name: [str(row) for row in rows[name]] for name in names},
        shape={"channels": pixels.shape[1], "size": pixels.shape[2], "outputs": len(coding.names)},
        coding=coding,
    )
