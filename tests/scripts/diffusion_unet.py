"""Denoising diffusion on two-tone patterns: a small U-Net with time embedding and skip connections, then sampling."""
import argparse
import math

import torch
import torch.nn.functional as F
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--steps", type=int, default=1500)
parser.add_argument("--channels", type=int, default=24)
parser.add_argument("--batch_size", type=int, default=32)
parser.add_argument("--timesteps", type=int, default=100)
parser.add_argument("--size", type=int, default=16)
parser.add_argument("--sample_every", type=int, default=500)
args = parser.parse_args()


def time_embedding(t, dim):
    frequencies = torch.exp(-math.log(10_000) * torch.arange(dim // 2) / (dim // 2))
    angles = t[:, None].float() * frequencies[None]
    return torch.cat([angles.sin(), angles.cos()], dim=1)


class ResBlock(nn.Module):
    def __init__(self, inside, outside, time_dim):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(4, inside), nn.Conv2d(inside, outside, 3, padding=1)
        self.norm2, self.conv2 = nn.GroupNorm(4, outside), nn.Conv2d(outside, outside, 3, padding=1)
        self.time = nn.Linear(time_dim, outside)
        self.skip = nn.Conv2d(inside, outside, 1) if inside != outside else nn.Identity()

    def forward(self, x, t):
        y = self.conv1(F.silu(self.norm1(x))) + self.time(t)[:, :, None, None]
        return self.conv2(F.silu(self.norm2(y))) + self.skip(x)


class UNet(nn.Module):
    def __init__(self, c, time_dim=64):
        super().__init__()
        self.time_dim = time_dim
        self.first = nn.Conv2d(1, c, 3, padding=1)
        self.down1, self.down2 = ResBlock(c, c, time_dim), ResBlock(c, 2 * c, time_dim)
        self.middle = ResBlock(2 * c, 2 * c, time_dim)
        self.up2, self.up1 = ResBlock(4 * c, c, time_dim), ResBlock(2 * c, c, time_dim)
        self.last = nn.Conv2d(c, 1, 3, padding=1)

    def forward(self, x, t):
        t = time_embedding(t, self.time_dim)
        a = self.down1(self.first(x), t)
        b = self.down2(F.avg_pool2d(a, 2), t)
        m = self.middle(F.avg_pool2d(b, 2), t)
        y = self.up2(torch.cat([F.interpolate(m, scale_factor=2), b], dim=1), t)
        y = self.up1(torch.cat([F.interpolate(y, scale_factor=2), a], dim=1), t)
        return self.last(y)


torch.manual_seed(0)
betas = torch.linspace(1e-4, 0.02, args.timesteps)
kept = torch.cumprod(1 - betas, dim=0)
model = UNet(args.channels)
optimizer = torch.optim.Adam(model.parameters(), lr=2e-4)


def patterns(count):
    """Images that are light on one side of a random line."""
    grid = torch.stack(torch.meshgrid(*[torch.linspace(-1, 1, args.size)] * 2, indexing="ij"))
    angle = torch.rand(count) * 2 * math.pi
    side = angle.cos()[:, None, None] * grid[0] + angle.sin()[:, None, None] * grid[1]
    return side.sign()[:, None]


@torch.no_grad()
def sample(count):
    model.eval()
    x = torch.randn(count, 1, args.size, args.size)
    for step in reversed(range(args.timesteps)):
        t = torch.full((count,), step)
        noise = model(x, t)
        x = (x - betas[step] / (1 - kept[step]).sqrt() * noise) / (1 - betas[step]).sqrt()
        if step > 0:
            x = x + betas[step].sqrt() * torch.randn_like(x)
    model.train()
    return x


for step in range(1, args.steps + 1):
    x = patterns(args.batch_size)
    t = torch.randint(0, args.timesteps, (args.batch_size,))
    noise = torch.randn_like(x)
    share = kept[t][:, None, None, None]
    loss = F.mse_loss(model(share.sqrt() * x + (1 - share).sqrt() * noise, t), noise)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    if step % args.sample_every == 0:
        images = sample(8)
        print(f"step {step}: loss {loss.item():.4f}, samples between {images.min():.2f} and {images.max():.2f}")
