"""A transformer encoder over words: learned positions, pre-norm layers, the mean of the words that are not padding."""

import torch
from torch import Tensor, nn

from settings import Settings

PADDING = 0


class TextTransformer(nn.Module):
    def __init__(
        self, vocabulary: int, length: int, outputs: int, width: int, layers: int, heads: int, dropout: float
    ):
        super().__init__()
        self.words = nn.Embedding(vocabulary, width, padding_idx=PADDING)
        self.positions = nn.Parameter(0.02 * torch.randn(1, length, width))
        layer = nn.TransformerEncoderLayer(
            width, heads, dim_feedforward=4 * width, dropout=dropout, activation="gelu", batch_first=True,
            norm_first=True,
        )  # fmt: skip
        self.encoder = nn.TransformerEncoder(layer, layers, norm=nn.LayerNorm(width), enable_nested_tensor=False)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(width, outputs)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (batch, length) to logits (batch, outputs)."""
        padding = tokens == PADDING
        encoded = self.encoder(self.dropout(self.words(tokens) + self.positions), src_key_padding_mask=padding)
        kept = (~padding).unsqueeze(2)
        return self.head((encoded * kept).sum(dim=1) / kept.sum(dim=1).clamp_min(1))


def build_model(settings: Settings, shape: dict[str, int]) -> nn.Module:
    return TextTransformer(
        vocabulary=shape["vocabulary"],
        length=shape["length"],
        outputs=shape["outputs"],
        width=settings["hidden_size"],
        layers=settings["layers"],
        heads=settings["heads"],
        dropout=settings["dropout"],
    )
