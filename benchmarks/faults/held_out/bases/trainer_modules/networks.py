import torch
from torch import nn


class Unit(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.linear = nn.Linear(width, width)
        self.norm = nn.BatchNorm1d(width)
        self.dropout = nn.Dropout(0.2)

    def forward(self, x):
        return x + self.dropout(torch.relu(self.norm(self.linear(x))))


class WideNet(nn.Module):
    def __init__(self, inputs, classes, width=128, depth=3):
        super().__init__()
        self.entry = nn.Linear(inputs, width)
        self.units = nn.ModuleList(Unit(width) for _ in range(depth))
        self.exit = nn.Linear(width, classes)

    def forward(self, x):
        x = torch.relu(self.entry(x))
        for unit in self.units:
            x = unit(x)
        return self.exit(x)
