"""Scikit-learn's handwritten digits: 1 797 images of 8 x 8 pixels.

Pixels are scaled by their known range, 0 to 16, so nothing is fitted on held-out rows.
"""

from collections.abc import Sequence

import torch
from sklearn.datasets import load_digits
from torch.utils.data import TensorDataset

from objective import Coding
from settings import Settings
from splits import Data, alike, split_rows


def load_data(settings: Settings, names: Sequence[str]) -> Data:
    """The splits of these names; row ids count the images from 0."""
    pixels, digits = load_digits(return_X_y=True)
    labels = digits.astype(str)
    rows = split_rows(alike(pixels), settings.data, labels)
    coding = Coding(labels)
    images = torch.tensor(pixels, dtype=torch.float32).view(-1, 1, 8, 8) / 16
    return Data(
        splits={name: TensorDataset(images[rows[name]], coding.encode(labels[rows[name]])) for name in names},
        ids={name: [str(row) for row in rows[name]] for name in names},
        shape={"channels": 1, "size": 8, "outputs": len(coding.names)},
        coding=coding,
    )
