import torch
import torch.nn.functional as F


def focal_loss(logits, targets, gamma=1.0):
    ce = F.cross_entropy(logits, targets, reduction="none")
    return ((1 - torch.exp(-ce)) ** gamma * ce).mean()
