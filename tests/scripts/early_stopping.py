import argparse
import copy

import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser()
parser.add_argument("--max-epochs", type=int, default=200)
parser.add_argument("--patience", type=int, default=10)
parser.add_argument("--hidden", type=int, default=256)
parser.add_argument("--lr", type=float, default=3e-4)
args = parser.parse_args()

torch.manual_seed(3)
digits = load_digits()
x_rest, x_test, y_rest, y_test = train_test_split(digits.data / 16, digits.target, test_size=0.2, random_state=3)
x_train, x_val, y_train, y_val = train_test_split(x_rest, y_rest, test_size=0.2, random_state=3)


def dataset(features, labels):
    return TensorDataset(torch.tensor(features, dtype=torch.float32), torch.tensor(labels))


train_loader = DataLoader(dataset(x_train, y_train), batch_size=32, shuffle=True)
val_loader = DataLoader(dataset(x_val, y_val), batch_size=256)
test_loader = DataLoader(dataset(x_test, y_test), batch_size=256)

model = nn.Sequential(nn.Linear(64, args.hidden), nn.ReLU(), nn.Dropout(0.3),
                      nn.Linear(args.hidden, args.hidden), nn.ReLU(), nn.Dropout(0.3), nn.Linear(args.hidden, 10))
optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
loss_fn = nn.CrossEntropyLoss(reduction="sum")


def mean_loss(loader):
    model.eval()
    with torch.no_grad():
        return sum(loss_fn(model(x), y).item() for x, y in loader) / len(loader.dataset)


best_loss, best_state, waited = float("inf"), None, 0
for epoch in range(args.max_epochs):
    model.train()
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = loss_fn(model(x), y) / len(y)
        loss.backward()
        optimizer.step()
    val_loss = mean_loss(val_loader)
    if val_loss < best_loss:
        best_loss, best_state, waited = val_loss, copy.deepcopy(model.state_dict()), 0
    else:
        waited += 1
    print(f"epoch {epoch} val loss {val_loss:.4f} (best {best_loss:.4f}, waited {waited})")
    if waited >= args.patience:
        print(f"early stop after {epoch + 1} epochs")
        break

model.load_state_dict(best_state)
print(f"test loss {mean_loss(test_loader):.4f}")
