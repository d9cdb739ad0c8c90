"""A bidirectional LSTM over words, and the mean of its states where a word is."""

from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from settings import Settings

PADDING = 0


class TextLSTM(nn.Module):
    def __init__(self, vocabulary: int, outputs: int, width: int, layers: int, dropout: float):
        super().__init__()
        self.words = nn.Embedding(vocabulary, width, padding_idx=PADDING)
        self.lstm = nn.LSTM(
            width, width, layers, batch_first=True, bidirectional=True, dropout=dropout if layers > 1 else 0.0
        )
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(2 * width, outputs)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (batch, length) to logits (batch, outputs)."""
        lengths = (tokens != PADDING).sum(dim=1).clamp_min(1)
        packed = pack_padded_sequence(
            self.dropout(self.words(tokens)), lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        states, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)  # zero where no word is
        return self.head(self.dropout(states.sum(dim=1) / lengths.unsqueeze(1)))


def build_model(settings: Settings, shape: dict[str, int]) -> nn.Module:
    return TextLSTM(
        vocabulary=shape["vocabulary"],
        outputs=shape["outputs"],
        width=settings["hidden_size"],
        layers=settings["layers"],
        dropout=settings["dropout"],
    )
