"""A character-level GPT in the style of nanoGPT, on Python's own reference manual (it ships with every Python).

Passages that the manual repeats are kept once, so that no text is in two splits. The checkpoint is chosen on the
validation split; the test split is read once, at the end.

    python char_gpt.py                                       # 1 000 iterations, a minute or two on a laptop
    python char_gpt.py --max_iters 20 --eval_interval 10     # a quick look
"""

import argparse
import math
import os
import time
from pydoc_data.topics import topics

import torch
import torch.nn as nn
from torch.nn import functional as F

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--out_dir", default="runs/char_gpt")
# evaluation and logging
parser.add_argument("--eval_interval", type=int, default=250)
parser.add_argument("--eval_iters", type=int, default=20)
parser.add_argument("--log_interval", type=int, default=50)
# data
parser.add_argument("--batch_size", type=int, default=12)
parser.add_argument("--block_size", type=int, default=64)
# model
parser.add_argument("--n_layer", type=int, default=4)
parser.add_argument("--n_head", type=int, default=4)
parser.add_argument("--n_embd", type=int, default=128)
# optimizer
parser.add_argument("--learning_rate", type=float, default=1e-3)
parser.add_argument("--min_lr", type=float, default=1e-4)
parser.add_argument("--max_iters", type=int, default=1000)
parser.add_argument("--warmup_iters", type=int, default=100)
parser.add_argument("--weight_decay", type=float, default=0.1)
parser.add_argument("--grad_clip", type=float, default=1.0)
parser.add_argument("--seed", type=int, default=1337)
config = parser.parse_args()

device = "cuda" if torch.cuda.is_available() else "cpu"
os.makedirs(config.out_dir, exist_ok=True)
torch.manual_seed(config.seed)

# -----------------------------------------------------------------------------
# data: paragraphs of the manual in a fixed order, each kept once, cut into 90 / 5 / 5 by position
paragraphs = dict.fromkeys(p.strip() for name in sorted(topics) for p in topics[name].split("\n\n"))
text = "\n\n".join(p for p in paragraphs if p)
chars = sorted(set(text))
stoi = {ch: i for i, ch in enumerate(chars)}
data = torch.tensor([stoi[ch] for ch in text], dtype=torch.long)
n_train, n_val = int(0.9 * len(data)), int(0.05 * len(data))
splits = {"train": data[:n_train], "val": data[n_train:n_train + n_val], "test": data[n_train + n_val:]}
print(f"{len(data):,} characters, {len(chars)} different; " + ", ".join(f"{k} {len(v):,}" for k, v in splits.items()))


def get_batch(split):
    tokens = splits[split]
    ix = torch.randint(len(tokens) - config.block_size, (config.batch_size,))
    x = torch.stack([tokens[i:i + config.block_size] for i in ix])
    y = torch.stack([tokens[i + 1:i + 1 + config.block_size] for i in ix])
    return x.to(device), y.to(device)


# -----------------------------------------------------------------------------
# model
class CausalSelfAttention(nn.Module):
    def __init__(self, n_embd, n_head):
        super().__init__()
        self.n_head = n_head
        self.c_attn = nn.Linear(n_embd, 3 * n_embd, bias=False)
        self.c_proj = nn.Linear(n_embd, n_embd, bias=False)

    def forward(self, x):
        B, T, C = x.size()
        q, k, v = self.c_attn(x).split(C, dim=2)
        q = q.view(B, T, self.n_head, C // self.n_head).transpose(1, 2)
        k = k.view(B, T, self.n_head, C // self.n_head).transpose(1, 2)
        v = v.view(B, T, self.n_head, C // self.n_head).transpose(1, 2)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.c_proj(y.transpose(1, 2).contiguous().view(B, T, C))


class Block(nn.Module):
    def __init__(self, n_embd, n_head):
        super().__init__()
        self.ln_1 = nn.LayerNorm(n_embd)
        self.attn = CausalSelfAttention(n_embd, n_head)
        self.ln_2 = nn.LayerNorm(n_embd)
        self.mlp = nn.Sequential(nn.Linear(n_embd, 4 * n_embd), nn.GELU(), nn.Linear(4 * n_embd, n_embd))

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class GPT(nn.Module):
    def __init__(self, vocab_size, block_size, n_layer, n_head, n_embd):
        super().__init__()
        self.wte = nn.Embedding(vocab_size, n_embd)
        self.wpe = nn.Embedding(block_size, n_embd)
        self.blocks = nn.ModuleList(Block(n_embd, n_head) for _ in range(n_layer))
        self.ln_f = nn.LayerNorm(n_embd)
        self.lm_head = nn.Linear(n_embd, vocab_size, bias=False)
        self.lm_head.weight = self.wte.weight
        self.apply(self._init_weights)

    def _init_weights(self, module):
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, mean=0.0, std=0.02)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)

    def forward(self, idx, targets=None):
        x = self.wte(idx) + self.wpe(torch.arange(idx.size(1), device=idx.device))
        for block in self.blocks:
            x = block(x)
        logits = self.lm_head(self.ln_f(x))
        loss = None
        if targets is not None:
            loss = F.cross_entropy(logits.view(-1, logits.size(-1)), targets.view(-1))
        return logits, loss

    @torch.no_grad()
    def generate(self, idx, max_new_tokens):
        for _ in range(max_new_tokens):
            logits, _ = self(idx[:, -config.block_size:])
            probs = F.softmax(logits[:, -1], dim=-1)
            idx = torch.cat((idx, torch.multinomial(probs, num_samples=1)), dim=1)
        return idx


# -----------------------------------------------------------------------------
@torch.no_grad()
def estimate_loss():
    """Mean loss over a few random batches of training and validation text."""
    out = {}
    model.eval()
    for split in ("train", "val"):
        losses = torch.zeros(config.eval_iters)
        for k in range(config.eval_iters):
            X, Y = get_batch(split)
            _, loss = model(X, Y)
            losses[k] = loss.item()
        out[split] = losses.mean().item()
    model.train()
    return out


@torch.no_grad()
def bits_per_character(split):
    """Over every character of the split but the first, each predicted once."""
    model.eval()
    tokens = splits[split].to(device)
    nats, count = 0.0, 0
    for start in range(0, len(tokens) - 1, config.block_size):
        x = tokens[start:start + config.block_size]
        y = tokens[start + 1:start + 1 + config.block_size]
        x = x[:len(y)]
        _, loss = model(x[None], y[None])
        nats += loss.item() * len(y)
        count += len(y)
    return nats / count / math.log(2)


def get_lr(it):
    """Linear warm-up, then a cosine down to min_lr."""
    if it < config.warmup_iters:
        return config.learning_rate * (it + 1) / (config.warmup_iters + 1)
    ratio = min(1.0, (it - config.warmup_iters) / max(1, config.max_iters - config.warmup_iters))
    return config.min_lr + 0.5 * (1.0 + math.cos(math.pi * ratio)) * (config.learning_rate - config.min_lr)


model = GPT(len(chars), config.block_size, config.n_layer, config.n_head, config.n_embd).to(device)
print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f}M parameters")
decayed = [p for p in model.parameters() if p.dim() >= 2]
others = [p for p in model.parameters() if p.dim() < 2]
optimizer = torch.optim.AdamW(
    [{"params": decayed, "weight_decay": config.weight_decay}, {"params": others, "weight_decay": 0.0}],
    lr=config.learning_rate, betas=(0.9, 0.99))
checkpoint_path = os.path.join(config.out_dir, "ckpt.pt")

iter_num = 0
best_val_loss = float("inf")
t0 = time.time()
while True:
    for param_group in optimizer.param_groups:
        param_group["lr"] = get_lr(iter_num)

    if iter_num % config.eval_interval == 0:
        losses = estimate_loss()
        print(f"step {iter_num}: train loss {losses['train']:.4f}, val loss {losses['val']:.4f}")
        if losses["val"] < best_val_loss:
            best_val_loss = losses["val"]
            torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "iter_num": iter_num,
                        "best_val_loss": best_val_loss, "config": vars(config)}, checkpoint_path)

    if iter_num >= config.max_iters:
        break

    X, Y = get_batch("train")
    _, loss = model(X, Y)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), config.grad_clip)
    optimizer.step()

    iter_num += 1
    if iter_num % config.log_interval == 0:
        t1 = time.time()
        print(f"iter {iter_num}: loss {loss.item():.4f}, {1000 * (t1 - t0) / config.log_interval:.1f} ms per iteration")
        t0 = t1

# -----------------------------------------------------------------------------
checkpoint = torch.load(checkpoint_path, map_location=device, weights_only=True)
model.load_state_dict(checkpoint["model"])
model.eval()
print(f"checkpoint of step {checkpoint['iter_num']}: test {bits_per_character('test'):.4f} bits per character")
start = torch.zeros((1, 1), dtype=torch.long, device=device)
sample = "".join(chars[i] for i in model.generate(start, 200)[0].tolist())
with open(os.path.join(config.out_dir, "sample.txt"), "w", encoding="utf-8") as f:
    f.write(sample + "\n")
