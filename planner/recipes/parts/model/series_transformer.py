"""A transformer encoder over the past: learned positions, pre-norm layers; the last place tells the next values."""

import torch
from torch import Tensor, nn

from settings import Settings


class SeriesTransformer(nn.Module):
    def __init__(
        self, inputs: int, length: int, outputs: int, width: int, layers: int, heads: int, dropout: float
    ):
        super().__init__()
        self.embed = nn.Linear(inputs, width)
        self.positions = nn.Parameter(0.02 * torch.randn(1, length, width))
        layer = nn.TransformerEncoderLayer(
            width, heads, dim_feedforward=4 * width, dropout=dropout, activation="gelu", batch_first=True,
            norm_first=True,
        )  # fmt: skip
        self.encoder = nn.TransformerEncoder(layer, layers, norm=nn.LayerNorm(width), enable_nested_tensor=False)
        self.head = nn.Linear(width, outputs)

    def forward(self, past: Tensor) -> Tensor:
        """Windows (batch, length, inputs) to the next values (batch, outputs)."""
        return self.head(self.encoder(self.embed(past) + self.positions)[:, -1])


def build_model(settings: Settings, shape: dict[str, int]) -> nn.Module:
    return SeriesTransformer(
        inputs=shape["inputs"],
        length=shape["length"],
        outputs=shape["outputs"],
        width=settings["hidden_size"],
        layers=settings["layers"],
        heads=settings["heads"],
        dropout=settings["dropout"],
    )
