"""
A small GPT on characters in one file.
$ python train.py --max_iters=600 --eval_interval=100
"""
import argparse
import math
import os
import pydoc_data.topics

import torch
import torch.nn as nn
from torch.nn import functional as F

parser = argparse.ArgumentParser()
parser.add_argument("--out_dir", default="out")
parser.add_argument("--max_iters", type=int, default=600)
parser.add_argument("--eval_interval", type=int, default=100)
parser.add_argument("--batch_size", type=int, default=12)
parser.add_argument("--block_size", type=int, default=64)
parser.add_argument("--n_layer", type=int, default=2)
parser.add_argument("--n_head", type=int, default=4)
parser.add_argument("--n_embd", type=int, default=96)
parser.add_argument("--init_from", default="scratch", choices=["scratch", "resume"])
parser.add_argument("--seed", type=int, default=1337)
args = parser.parse_args()

learning_rate, min_lr, warmup_iters, grad_clip = 2e-3, 2e-4, 40, 1.0
torch.manual_seed(args.seed)
device = "cuda" if torch.cuda.is_available() else "cpu"
os.makedirs(args.out_dir, exist_ok=True)

text = "\n".join(pydoc_data.topics.topics[k] for k in sorted(pydoc_data.topics.topics))
chars = sorted(set(text))
stoi = {c: i for i, c in enumerate(chars)}
data = torch.tensor([stoi[c] for c in text], dtype=torch.long)
cut = int(0.9 * len(data))
train_data, val_data = data[:cut], data[cut:]


def get_batch():
    ix = torch.randint(len(train_data) - args.block_size, (args.batch_size,))
    x = torch.stack([train_data[i:i + args.block_size] for i in ix])
    y = torch.stack([train_data[i + 1:i + 1 + args.block_size] for i in ix])
    return x.to(device), y.to(device)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln_1 = nn.LayerNorm(args.n_embd)
        self.attn = nn.Linear(args.n_embd, 3 * args.n_embd)
        self.proj = nn.Linear(args.n_embd, args.n_embd)
        self.ln_2 = nn.LayerNorm(args.n_embd)
        self.mlp = nn.Sequential(nn.Linear(args.n_embd, 4 * args.n_embd), nn.GELU(),
                                 nn.Linear(4 * args.n_embd, args.n_embd))

    def forward(self, x):
        B, T, C = x.shape
        q, k, v = self.attn(self.ln_1(x)).split(C, dim=2)
        q, k, v = (z.view(B, T, args.n_head, C // args.n_head).transpose(1, 2) for z in (q, k, v))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.proj(y.transpose(1, 2).contiguous().view(B, T, C))
        return x + self.mlp(self.ln_2(x))


class GPT(nn.Module):
    def __init__(self):
        super().__init__()
        self.wte = nn.Embedding(len(chars), args.n_embd)
        self.wpe = nn.Embedding(args.block_size, args.n_embd)
        self.h = nn.ModuleList(Block() for _ in range(args.n_layer))
        self.ln_f = nn.LayerNorm(args.n_embd)
        self.lm_head = nn.Linear(args.n_embd, len(chars), bias=False)
        self.wte.weight = self.lm_head.weight
        self.apply(self._init)

    def _init(self, m):
        if isinstance(m, (nn.Linear, nn.Embedding)):
            nn.init.normal_(m.weight, std=0.02)

    def forward(self, idx, targets=None):
        x = self.wte(idx) + self.wpe(torch.arange(idx.size(1), device=idx.device))
        for block in self.h:
            x = block(x)
        logits = self.lm_head(self.ln_f(x))
        loss = None if targets is None else F.cross_entropy(logits.view(-1, logits.size(-1)), targets.view(-1))
        return logits, loss


@torch.no_grad()
def validation_loss():
    model.eval()
    T = args.block_size
    count = min(60, (len(val_data) - 1) // T)
    total = 0.0
    for n in range(count):
        X = val_data[n * T:(n + 1) * T][None].to(device)
        Y = val_data[n * T + 1:(n + 1) * T + 1][None].to(device)
        total += model(X, Y)[1].item()
    model.train()
    return total / count


def get_lr(it):
    if it < warmup_iters:
        return learning_rate * (it + 1) / (warmup_iters + 1)
    ratio = min(1.0, (it - warmup_iters) / max(1, args.max_iters - warmup_iters))
    return min_lr + 0.5 * (1 + math.cos(math.pi * ratio)) * (learning_rate - min_lr)


model = GPT().to(device)
optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, betas=(0.9, 0.99), weight_decay=0.01)
iter_num = 0
if args.init_from == "resume":
    ckpt = torch.load(os.path.join(args.out_dir, "ckpt.pt"), map_location=device)
    model.load_state_dict(ckpt["model"])
    optimizer.load_state_dict(ckpt["optimizer"])
    torch.set_rng_state(ckpt["rng"])
    iter_num = ckpt["iter_num"]

while True:
    lr = get_lr(iter_num)
    for param_group in optimizer.param_groups:
        param_group["lr"] = lr

    if iter_num % args.eval_interval == 0:
        print(f"step {iter_num}: val loss {validation_loss():.4f}")
        if iter_num > 0:
            ckpt = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "iter_num": iter_num,
                    "rng": torch.get_rng_state()}
            torch.save(ckpt, os.path.join(args.out_dir, "ckpt.pt"))
    if iter_num >= args.max_iters:
        break

    X, Y = get_batch()
    logits, loss = model(X, Y)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), grad_clip)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    if iter_num % 50 == 0:
        print(f"iter {iter_num}: loss {loss.item():.4f}, lr {lr:.2e}")
    iter_num += 1

print(f"final val loss {validation_loss():.4f}")
