import argparse
import csv
import logging
import pathlib
import tempfile

import numpy as np
import torch
import torch.nn as nn

parser = argparse.ArgumentParser()
parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()) / "absolute_output",
                    help="absolute folder for everything that is written")
parser.add_argument("--epochs", type=int, default=40)
parser.add_argument("--points", type=int, default=6000)
parser.add_argument("--latent", type=int, default=2)
parser.add_argument("--hidden", type=int, default=256)
args = parser.parse_args()

out = args.out.resolve()
(out / "checkpoints").mkdir(parents=True, exist_ok=True)
logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s",
                    handlers=[logging.FileHandler(out / "train.log"), logging.StreamHandler()])
log = logging.getLogger("vae")

torch.manual_seed(0)
base = torch.randn(args.points, args.latent)
mix = torch.randn(args.latent, 32)
data = torch.tanh(base @ mix) + 0.05 * torch.randn(args.points, 32)
train, held_out = data[: int(0.9 * len(data))], data[int(0.9 * len(data)):]


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(32, args.hidden), nn.ReLU(), nn.Linear(args.hidden, 2 * args.latent))
        self.dec = nn.Sequential(nn.Linear(args.latent, args.hidden), nn.ReLU(), nn.Linear(args.hidden, 32))

    def forward(self, x):
        mu, logvar = self.enc(x).chunk(2, dim=1)
        z = mu + torch.randn_like(mu) * (0.5 * logvar).exp() if self.training else mu
        return self.dec(z), mu, logvar


def objective(x, recon, mu, logvar):
    rec = ((x - recon) ** 2).sum(1).mean() / 0.02
    kl = -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum(1).mean()
    return rec + kl


vae = VAE()
optimizer = torch.optim.Adam(vae.parameters(), lr=1e-3)
with open(out / "metrics.csv", "w", newline="") as handle:
    writer = csv.writer(handle)
    writer.writerow(["epoch", "train", "held_out"])
    for epoch in range(args.epochs):
        vae.train()
        losses = []
        for batch in torch.split(train[torch.randperm(len(train))], 64):
            loss = objective(batch, *vae(batch))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        vae.eval()
        with torch.no_grad():
            value = objective(held_out, *vae(held_out)).item()
        writer.writerow([epoch, np.mean(losses), value])
        log.info("epoch %d train %.3f held out %.3f", epoch, np.mean(losses), value)
        torch.save(vae.state_dict(), out / "checkpoints" / f"{epoch:03d}.pt")

torch.jit.save(torch.jit.trace(vae.dec, torch.zeros(1, args.latent)), str(out / "decoder.ts"))
np.save(out / "latent.npy", vae.enc(held_out)[:, :args.latent].detach().numpy())
log.info("wrote %s", out)
