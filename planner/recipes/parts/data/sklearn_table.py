"""A table that comes with scikit-learn. Columns are standardised by the training rows only."""

from collections.abc import Sequence

import torch
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.preprocessing import StandardScaler
from torch.utils.data import TensorDataset

from objective import Coding
from settings import Settings
from splits import Data, alike, split_rows

TABLES = {"breast_cancer": load_breast_cancer, "diabetes": load_diabetes, "iris": load_iris, "wine": load_wine}


def load_data(settings: Settings, names: Sequence[str]) -> Data:
    """The splits of these names; row ids count the rows from 0."""
    inputs, targets = TABLES[settings.data["name"]](return_X_y=True)
    classes = settings.data["classes"]
    targets = targets.astype(str) if classes else targets
    rows = split_rows(alike(inputs), settings.data, targets if classes else None)
    scaler = StandardScaler().fit(inputs[rows["train"]])
    coding = Coding(targets if classes else targets[rows["train"]])
    scaled = {name: torch.tensor(scaler.transform(inputs[rows[name]]), dtype=torch.float32) for name in names}
    return Data(
        splits={name: TensorDataset(scaled[name], coding.encode(targets[rows[name]])) for name in names},
        ids={name: [str(row) for row in rows[name]] for name in names},
        shape={"inputs": inputs.shape[1], "outputs": len(coding.names) if classes else 1},
        coding=coding,
    )
