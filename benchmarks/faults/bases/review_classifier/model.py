"""A transformer encoder whose outputs are averaged over the words of each review."""
import torch
from torch import nn

from data import PAD


class ReviewModel(nn.Module):
    def __init__(self, words, width=48, heads=4, layers=2, classes=3, longest=64):
        super().__init__()
        self.embed = nn.Embedding(words, width, padding_idx=PAD)
        self.position = nn.Parameter(torch.randn(longest, width) * 0.02)
        layer = nn.TransformerEncoderLayer(width, heads, 2 * width, dropout=0.1, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.out = nn.Linear(width, classes)

    def forward(self, tokens, mask):
        x = self.embed(tokens) + self.position[: tokens.shape[1]]
        x = self.encoder(x, src_key_padding_mask=~mask)
        weight = mask.unsqueeze(-1).float()
        pooled = (x * weight).sum(1) / weight.sum(1)
        return self.out(pooled)
