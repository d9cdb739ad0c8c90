import argparse
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.amp import GradScaler, autocast
from torch.utils.data import DataLoader, TensorDataset, random_split

parser = argparse.ArgumentParser(description="mixed precision on whatever device there is")
parser.add_argument("--epochs", type=int, default=40)
parser.add_argument("--batch_size", type=int, default=64)
parser.add_argument("--width", type=int, default=256)
parser.add_argument("--max_norm", type=float, default=5.0)
args = parser.parse_args()

device = "cuda" if torch.cuda.is_available() else "cpu"
amp_dtype = torch.float16 if device == "cuda" else torch.bfloat16
torch.manual_seed(0)

bunch = load_digits()
ds = TensorDataset(torch.tensor(bunch.data / 16, dtype=torch.float32), torch.tensor(bunch.target))
train_ds, test_ds = random_split(ds, [1500, len(ds) - 1500])
train_loader = DataLoader(train_ds, batch_size=args.batch_size, shuffle=True)
test_loader = DataLoader(test_ds, batch_size=args.batch_size)

model = nn.Sequential(nn.Linear(64, args.width), nn.SiLU(), nn.LayerNorm(args.width),
                      nn.Linear(args.width, args.width), nn.SiLU(), nn.LayerNorm(args.width),
                      nn.Linear(args.width, 10)).to(device)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
scaler = GradScaler(device)
loss_fn = nn.CrossEntropyLoss()

for epoch in range(args.epochs):
    model.train()
    for x, y in train_loader:
        x, y = x.to(device), y.to(device)
        optimizer.zero_grad(set_to_none=True)
        with autocast(device_type=device, dtype=amp_dtype):
            loss = loss_fn(model(x), y)
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(model.parameters(), args.max_norm)
        scaler.step(optimizer)
        scaler.update()
    print(f"epoch {epoch + 1}/{args.epochs} loss {loss.item():.4f} scale {scaler.get_scale():.0f}")

model.eval()
correct = 0
with torch.no_grad(), autocast(device_type=device, dtype=amp_dtype):
    for x, y in test_loader:
        correct += (model(x.to(device)).argmax(1).cpu() == y).sum().item()
print(f"test accuracy {correct / len(test_ds):.4f}")
