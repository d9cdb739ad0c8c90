"""A folder of images for every class, in folders for every split where there are such, read with Pillow at one size.

Pixels are standardised, by channel, with the training images only.
"""

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch.utils.data import TensorDataset

from objective import Coding
from settings import Settings
from splits import Data, alike, split_as_given, split_rows

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp"}


def load_data(settings: Settings, names: Sequence[str]) -> Data:
    """The splits of these names; row ids are the files' paths in the folder."""
    root, size = settings.data_path, settings["image_size"]
    pattern = "*/*/*" if settings.data["has_splits"] else "*/*"
    paths = sorted(path for path in root.glob(pattern) if path.suffix.lower() in SUFFIXES)
    images = np.stack([np.asarray(Image.open(path).convert("RGB").resize((size, size))) for path in paths])
    labels = np.array([path.parent.name for path in paths])
    if settings.data["has_splits"]:
        rows = split_as_given(np.array([path.parts[-3] for path in paths]), alike(images), settings.data)
    else:
        rows = split_rows(alike(images), settings.data, labels)
    pixels = torch.tensor(images, dtype=torch.float32).permute(0, 3, 1, 2)
    mean = pixels[rows["train"]].mean(dim=(0, 2, 3), keepdim=True)
    std = pixels[rows["train"]].std(dim=(0, 2, 3), keepdim=True).clamp_min(1e-6)
    coding = Coding(labels)
    return Data(
        splits={
            name: TensorDataset((pixels[rows[name]] - mean) / std, coding.encode(labels[rows[name]])) for name in names
        },
        ids={name: [str(paths[row].relative_to(root)) for row in rows[name]] for name in names},
        shape={"channels": 3, "size": size, "outputs": len(coding.names)},
        coding=coding,
    )
