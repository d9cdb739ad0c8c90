from torch import nn


class Forecaster(nn.Module):
    def __init__(self, hidden, horizon):
        super().__init__()
        self.lstm = nn.LSTM(1, hidden, batch_first=True)
        self.out = nn.Linear(hidden, horizon)

    def forward(self, x):
        output, _ = self.lstm(x.unsqueeze(-1))
        return self.out(output[:, -1])
