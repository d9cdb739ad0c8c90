"""A multi-layer perceptron: linear layers with ReLU and dropout between them."""

import math

from torch import Tensor, nn

from settings import Settings


class Perceptron(nn.Module):
    def __init__(self, inputs: int, outputs: int, width: int, layers: int, dropout: float):
        super().__init__()
        hidden: list[nn.Module] = []
        for _ in range(layers):
            hidden += [nn.Linear(inputs, width), nn.ReLU(), nn.Dropout(dropout)]
            inputs = width
        self.layers = nn.Sequential(nn.Flatten(), *hidden, nn.Linear(inputs, outputs))

    def forward(self, inputs: Tensor) -> Tensor:
        """Inputs (batch, …) to outputs (batch, outputs)."""
        return self.layers(inputs)


def build_model(settings: Settings, shape: dict[str, int]) -> nn.Module:
    return Perceptron(
        inputs=math.prod(shape[name] for name in ("inputs", "length") if name in shape),
        outputs=shape["outputs"],
        width=settings["hidden_size"],
        layers=settings["layers"],
        dropout=settings["dropout"],
    )
