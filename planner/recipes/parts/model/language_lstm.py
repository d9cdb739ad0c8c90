"""An LSTM that tells the next token at every place of a window."""

from torch import Tensor, nn

from settings import Settings


class LanguageLSTM(nn.Module):
    def __init__(self, vocabulary: int, width: int, layers: int, dropout: float):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.lstm = nn.LSTM(width, width, layers, batch_first=True, dropout=dropout if layers > 1 else 0.0)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(width, vocabulary)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (batch, length) to the next token's logits at every place (batch, length, vocabulary)."""
        states, _ = self.lstm(self.dropout(self.tokens(tokens)))
        return self.head(self.dropout(states))


def build_model(settings: Settings, shape: dict[str, int]) -> nn.Module:
    return LanguageLSTM(
        vocabulary=shape["vocabulary"],
        width=settings["hidden_size"],
        layers=settings["layers"],
        dropout=settings["dropout"],
    )
