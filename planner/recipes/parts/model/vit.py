"""A vision transformer: patches with learned positions, pre-norm encoder layers, the mean of all patches."""

import torch
from torch import Tensor, nn

from settings import Settings


class VisionTransformer(nn.Module):
    def __init__(
        self, channels: int, size: int, outputs: int, patch: int, width: int, layers: int, heads: int, dropout: float
    ):
        super().__init__()
        if size % patch:
            raise SystemExit(f"images of {size} pixels do not divide into patches of {patch}")
        self.patches = nn.Conv2d(channels, width, patch, stride=patch)
        self.positions = nn.Parameter(0.02 * torch.randn(1, (size // patch) ** 2, width))
        layer = nn.TransformerEncoderLayer(
            width, heads, dim_feedforward=4 * width, dropout=dropout, activation="gelu", batch_first=True,
            norm_first=True,
        )  # fmt: skip
        self.encoder = nn.TransformerEncoder(layer, layers, norm=nn.LayerNorm(width), enable_nested_tensor=False)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(width, outputs)

    def forward(self, images: Tensor) -> Tensor:
        """Images (batch, channels, size, size) to logits (batch, outputs)."""
        tokens = self.patches(images).flatten(2).transpose(1, 2)
        encoded = self.encoder(self.dropout(tokens + self.positions))
        return self.head(encoded.mean(dim=1))


def build_model(settings: Settings, shape: dict[str, int]) -> nn.Module:
    return VisionTransformer(
        channels=shape["channels"],
        size=shape["size"],
        outputs=shape["outputs"],
        patch=settings["patch_size"],
        width=settings["hidden_size"],
        layers=settings["layers"],
        heads=settings["heads"],
        dropout=settings["dropout"],
    )
