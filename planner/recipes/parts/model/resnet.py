"""A small residual network: three stages of residual blocks, each stage half as large and twice as wide."""

from torch import Tensor, nn
from torch.nn.functional import relu

from settings import Settings


class ResidualBlock(nn.Module):
    def __init__(self, inputs: int, width: int, stride: int):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, width, 3, stride=stride, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width),
        )  # fmt: skip
        changes = stride != 1 or inputs != width
        self.shortcut = (
            nn.Sequential(nn.Conv2d(inputs, width, 1, stride=stride, bias=False), nn.BatchNorm2d(width))
            if changes
            else nn.Identity()
        )

    def forward(self, features: Tensor) -> Tensor:
        return relu(self.body(features) + self.shortcut(features))


class ResidualNetwork(nn.Module):
    def __init__(self, channels: int, outputs: int, width: int, blocks: int, dropout: float):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()
        )
        widths = [width, 2 * width, 4 * width]
        stages: list[nn.Module] = []
        inputs = width
        for stage, out in enumerate(widths):
            for block in range(blocks):
                stages.append(ResidualBlock(inputs, out, stride=2 if stage > 0 and block == 0 else 1))
                inputs = out
        self.stages = nn.Sequential(*stages)
        self.head = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(dropout), nn.Linear(inputs, outputs)
        )

    def forward(self, images: Tensor) -> Tensor:
        """Images (batch, channels, height, width) to logits (batch, outputs)."""
        return self.head(self.stages(self.stem(images)))


def build_model(settings: Settings, shape: dict[str, int]) -> nn.Module:
    return ResidualNetwork(
        channels=shape["channels"],
        outputs=shape["outputs"],
        width=settings["hidden_size"],
        blocks=settings["layers"],
        dropout=settings["dropout"],
    )
