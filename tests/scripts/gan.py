"""A GAN on a ring of Gaussians."""
import argparse
import math

import torch
import torch.nn as nn

parser = argparse.ArgumentParser()
parser.add_argument("--n_epochs", type=int, default=25, help="number of epochs of training")
parser.add_argument("--n_batches", type=int, default=200)
parser.add_argument("--batch_size", type=int, default=128)
parser.add_argument("--latent_dim", type=int, default=16)
parser.add_argument("--hidden", type=int, default=128)
parser.add_argument("--lr", type=float, default=2e-4)
opt = parser.parse_args()
print(opt)

torch.manual_seed(0)


def real_samples(n):
    angle = torch.randint(0, 8, (n,)) * (2 * math.pi / 8)
    return torch.stack([angle.cos(), angle.sin()], dim=1) + 0.05 * torch.randn(n, 2)


def mlp(n_in, n_out):
    return nn.Sequential(nn.Linear(n_in, opt.hidden), nn.LeakyReLU(0.2), nn.Linear(opt.hidden, opt.hidden),
                         nn.LeakyReLU(0.2), nn.Linear(opt.hidden, n_out))


generator, discriminator = mlp(opt.latent_dim, 2), mlp(2, 1)
adversarial_loss = nn.BCEWithLogitsLoss()
optimizer_G = torch.optim.Adam(generator.parameters(), lr=opt.lr, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=opt.lr, betas=(0.5, 0.999))

for epoch in range(opt.n_epochs):
    for i in range(opt.n_batches):
        valid = torch.ones(opt.batch_size, 1)
        fake = torch.zeros(opt.batch_size, 1)
        real = real_samples(opt.batch_size)

        # -----------------
        #  Train Generator
        # -----------------
        optimizer_G.zero_grad()
        z = torch.randn(opt.batch_size, opt.latent_dim)
        gen = generator(z)
        g_loss = adversarial_loss(discriminator(gen), valid)
        g_loss.backward()
        optimizer_G.step()

        # ---------------------
        #  Train Discriminator
        # ---------------------
        optimizer_D.zero_grad()
        real_loss = adversarial_loss(discriminator(real), valid)
        fake_loss = adversarial_loss(discriminator(gen.detach()), fake)
        d_loss = (real_loss + fake_loss) / 2
        d_loss.backward()
        optimizer_D.step()

    print("[Epoch %d/%d] [D loss: %f] [G loss: %f]" % (epoch + 1, opt.n_epochs, d_loss.item(), g_loss.item()))

generator.eval()
with torch.no_grad():
    points = generator(torch.randn(2000, opt.latent_dim))
radius = points.norm(dim=1)
print(f"mean radius {radius.mean():.3f} (1 is right), spread {radius.std():.3f}")
torch.save(generator.state_dict(), "generator.pt")
