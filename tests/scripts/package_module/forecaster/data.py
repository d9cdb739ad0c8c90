import torch
from torch.utils.data import Dataset


def series(length, seed):
    """A season, a slower season and an autoregressive disturbance."""
    g = torch.Generator().manual_seed(seed)
    t = torch.arange(length, dtype=torch.float32)
    noise = torch.randn(length, generator=g)
    drift = torch.zeros(length)
    for i in range(1, length):
        drift[i] = 0.8 * drift[i - 1] + 0.1 * noise[i]
    return torch.sin(2 * torch.pi * t / 24) + 0.5 * torch.sin(2 * torch.pi * t / 168) + drift


class Windows(Dataset):
    def __init__(self, values, context, horizon):
        self.values, self.context, self.horizon = values, context, horizon

    def __len__(self):
        return len(self.values) - self.context - self.horizon + 1

    def __getitem__(self, i):
        middle = i + self.context
        return self.values[i:middle], self.values[middle:middle + self.horizon]
