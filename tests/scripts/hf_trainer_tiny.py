"""Sequence classification with the Hugging Face Trainer: a tiny BERT from scratch, no downloads."""
import argparse

import numpy as np
import torch
from torch.utils.data import Dataset
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments, set_seed


class BracketDataset(Dataset):
    """Is the bracket string balanced? Tokens: 0 pad, 1 cls, 2 '(', 3 ')'."""

    def __init__(self, size, length, seed):
        rng = np.random.default_rng(seed)
        self.items = []
        for i in range(size):
            seq = self._balanced(rng, length)
            label = i % 2
            if label == 0:
                a = rng.integers(0, length)
                seq[a] = 5 - seq[a]
            self.items.append(([1, *seq], label))

    @staticmethod
    def _balanced(rng, length):
        seq, depth = [], 0
        for left in range(length, 0, -1):
            open_ok, close_ok = depth < left, depth > 0
            if open_ok and (not close_ok or rng.random() < 0.5):
                seq.append(2)
                depth += 1
            else:
                seq.append(3)
                depth -= 1
        return seq

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        ids, label = self.items[i]
        return {"input_ids": torch.tensor(ids), "attention_mask": torch.ones(len(ids), dtype=torch.long),
                "labels": torch.tensor(label)}


def compute_metrics(prediction):
    logits, labels = prediction
    return {"accuracy": float((logits.argmax(-1) == labels).mean())}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--output_dir", default="hf-out")
    parser.add_argument("--epochs", type=float, default=4)
    parser.add_argument("--train_size", type=int, default=4000)
    parser.add_argument("--eval_size", type=int, default=1000)
    parser.add_argument("--length", type=int, default=32)
    parser.add_argument("--hidden", type=int, default=64)
    parser.add_argument("--accumulation", type=int, default=1)
    args = parser.parse_args()

    set_seed(0)
    config = BertConfig(vocab_size=8, hidden_size=args.hidden, num_hidden_layers=2, num_attention_heads=4,
                        intermediate_size=4 * args.hidden, max_position_embeddings=args.length + 1, num_labels=2)
    model = BertForSequenceClassification(config)
    training_args = TrainingArguments(
        output_dir=args.output_dir, num_train_epochs=args.epochs, per_device_train_batch_size=16,
        per_device_eval_batch_size=64, learning_rate=5e-4, eval_strategy="epoch", save_strategy="epoch",
        logging_steps=50, report_to=[], seed=0, save_total_limit=1, dataloader_pin_memory=False,
        gradient_accumulation_steps=args.accumulation)
    trainer = Trainer(model=model, args=training_args, train_dataset=BracketDataset(args.train_size, args.length, 0),
                      eval_dataset=BracketDataset(args.eval_size, args.length, 1), compute_metrics=compute_metrics)
    trainer.train()
    print(trainer.evaluate())
    trainer.save_model()


if __name__ == "__main__":
    main()
