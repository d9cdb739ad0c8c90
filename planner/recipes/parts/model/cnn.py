"""A convolutional network: blocks of convolution, batch norm, ReLU and pooling, then one linear layer."""

from torch import Tensor, nn

from settings import Settings


class ConvolutionalNetwork(nn.Module):
    def __init__(self, channels: int, outputs: int, width: int, layers: int, kernel_size: int, dropout: float):
        super().__init__()
        blocks: list[nn.Module] = []
        for layer in range(layers):
            out = width * 2**layer
            blocks += [
                nn.Conv2d(channels, out, kernel_size, padding=kernel_size // 2, bias=False),
                nn.BatchNorm2d(out),
                nn.ReLU(),
                nn.MaxPool2d(2) if layer < layers - 1 else nn.AdaptiveAvgPool2d(2),
            ]
            channels = out
        self.features = nn.Sequential(*blocks)
        self.classifier = nn.Sequential(nn.Flatten(), nn.Dropout(dropout), nn.Linear(channels * 4, outputs))

    def forward(self, images: Tensor) -> Tensor:
        """Images (batch, channels, height, width) to logits (batch, outputs)."""
        return self.classifier(self.features(images))


def build_model(settings: Settings, shape: dict[str, int]) -> nn.Module:
    return ConvolutionalNetwork(
        channels=shape["channels"],
        outputs=shape["outputs"],
        width=settings["hidden_size"],
        layers=settings["layers"],
        kernel_size=settings["kernel_size"],
        dropout=settings["dropout"],
    )
