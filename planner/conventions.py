"""Conventions that differ between libraries, so that a value copied from one means something else in another.

Invariant: a note says the difference and nothing about which is right.
"""

from __future__ import annotations

_NOTES: tuple[tuple[str, str, str], ...] = (
    ("torch.nn.BatchNorm", "momentum", "torch's momentum m is 1 - m elsewhere: 0.1 here is 0.9 or 0.99 in Keras"),
    ("torch.nn.BatchNorm", "eps", "1e-5 here; 1e-3 in Keras"),
    ("torch.nn.LayerNorm", "eps", "1e-5 here; 1e-12 in BERT, 1e-6 in many vision transformers, 1e-3 in Keras"),
    ("torch.optim.Adam", "eps", "1e-8 here; 1e-7 in Keras"),
    ("torch.optim.RMSprop", "eps", "1e-8 here, added outside of the root; inside of it in others"),
    ("torch.nn.GELU", "approximate", "the exact form here; the tanh approximation in GPT-2 and BERT"),
    ("torch.optim.AdamW", "weight_decay", "decoupled from the gradient: not the same number as L2 in Adam"),
    ("torch.optim.Adam", "weight_decay", "an L2 term in the gradient: AdamW's decay of the same number is another one"),
    ("torch.optim.SGD", "weight_decay", "an L2 term in the gradient, scaled by the learning rate"),
    ("torch.optim.", "lr", "papers often give it for a batch of 256 rows: scale it with the batch"),
    ("torch.optim.lr_scheduler.", "T_max", "counted in calls of step(): epochs or batches, as it is called"),
    ("torch.optim.lr_scheduler.", "total_steps", "counted in updates, not in micro-batches of an accumulation"),
    ("transformers.get_", "num_training_steps", "counted in updates, not in micro-batches of an accumulation"),
    ("sklearn.linear_model.LogisticRegression", "C", "regularised unless told otherwise; C is the inverse strength"),
    ("sklearn.linear_model.LogisticRegression", "penalty", "regularised with L2 unless told otherwise"),
    ("torch.nn.CrossEntropyLoss", "ignore_index", "targets of -100 are left out, also of the mean"),
    ("torch.nn.Linear", "bias", "initialised by Kaiming's uniform rule with a = √5; Glorot's in Keras"),
    ("torch.nn.Dropout", "p", "the share that is dropped; some papers give the share that is kept"),
)  # fmt: skip


def note_on(callee: str, name: str) -> str | None:
    """What to know about this argument of this callable; the most specific note."""
    fitting = [(start, note) for start, argument, note in _NOTES if argument == name and callee.startswith(start)]
    if callee.startswith("torch.optim.lr_scheduler."):
        fitting = [one for one in fitting if one[0].startswith("torch.optim.lr_scheduler.")]
    return max(fitting, key=lambda one: len(one[0]))[1] if fitting else None
