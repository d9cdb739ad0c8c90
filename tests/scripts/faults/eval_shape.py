"""Training is fine; the test set, read only after the last epoch, has another shape."""
import argparse

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=30)
parser.add_argument("--width", type=int, default=32)
args = parser.parse_args()

torch.manual_seed(0)
digits = load_digits()
images = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 16
labels = torch.tensor(digits.target)
shuffle = torch.randperm(len(images))
train_rows, test_rows = shuffle[:1400], shuffle[1400:]
train_set = TensorDataset(images[train_rows], labels[train_rows])
# resized "to be safe"
test_set = TensorDataset(F.interpolate(images[test_rows], size=(9, 9)), labels[test_rows])


class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(1, width, 3, padding=1)
        self.fc1 = nn.Linear(width * 8 * 8, 128)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x):
        x = F.relu(self.conv(x)).flatten(1)
        return self.fc2(F.relu(self.fc1(x)))


model = Net(args.width)
optimizer = torch.optim.Adam(model.parameters())
for epoch in range(args.epochs):
    model.train()
    for x, y in DataLoader(train_set, batch_size=32, shuffle=True):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    print(f"epoch {epoch} loss {loss.item():.4f}")

model.eval()
correct = 0
with torch.no_grad():
    for x, y in DataLoader(test_set, batch_size=64):
        correct += (model(x).argmax(1) == y).sum().item()
print(f"accuracy {correct / len(test_set):.4f}")
