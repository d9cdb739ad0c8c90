"""An LSTM over the past, whose last state tells the next values."""

from torch import Tensor, nn

from settings import Settings


class SeriesLSTM(nn.Module):
    def __init__(self, inputs: int, outputs: int, width: int, layers: int, dropout: float):
        super().__init__()
        self.lstm = nn.LSTM(inputs, width, layers, batch_first=True, dropout=dropout if layers > 1 else 0.0)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(width, outputs))

    def forward(self, past: Tensor) -> Tensor:
        """Windows (batch, length, inputs) to the next values (batch, outputs)."""
        states, _ = self.lstm(past)
        return self.head(states[:, -1])


def build_model(settings: Settings, shape: dict[str, int]) -> nn.Module:
    return SeriesLSTM(
        inputs=shape["inputs"],
        outputs=shape["outputs"],
        width=settings["hidden_size"],
        layers=settings["layers"],
        dropout=settings["dropout"],
    )
