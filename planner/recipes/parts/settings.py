"""The settings of this experiment, from experiment.toml; every value stands there, with where it comes from."""

import random
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Settings:
    data: dict[str, Any]
    """The table [data]: which rows, which columns, how they are split."""
    values: dict[str, Any]
    """Every hyperparameter by its name."""

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def get(self, name: str) -> Any:
        """The value, or None where experiment.toml has none."""
        return self.values.get(name)

    @property
    def data_path(self) -> Path:
        """The data; a relative path counts from this folder."""
        return HERE / self.data["path"]


def read_settings(**overrides: Any) -> Settings:
    """What experiment.toml says; an override that is None changes nothing."""
    table = tomllib.loads((HERE / "experiment.toml").read_text(encoding="utf-8"))
    values = {name: entry["value"] for name, entry in table["hyperparameters"].items()}
    values.update({name: value for name, value in overrides.items() if value is not None})
    return Settings(table["data"], values)


def seed_everything(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
