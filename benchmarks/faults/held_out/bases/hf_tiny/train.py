"""Sentence classification with a tiny BERT from scratch: does a sequence hold more of token A than of token B? Some labels are wrong."""
import argparse

import numpy as np
import torch
from torch.utils.data import Dataset
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments, set_seed

PAD, CLS, A, B = 0, 1, 2, 3


class Majority(Dataset):
    def __init__(self, size, seed):
        rng = np.random.default_rng(seed)
        self.rows = []
        for _ in range(size):
            length = int(rng.integers(12, 25))
            tokens = rng.integers(2, 12, size=length)
            share = rng.uniform(0.2, 0.8)
            spots = rng.random(length) < 0.7
            tokens[spots] = np.where(rng.random(spots.sum()) < share, A, B)
            if (tokens == A).sum() == (tokens == B).sum():
                tokens[0] = A if tokens[0] != A else B
            label = int((tokens == A).sum() > (tokens == B).sum())
            self.rows.append((tokens, 1 - label if rng.random() < 0.06 else label))

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        tokens, label = self.rows[i]
        return {"input_ids": [CLS, *tokens.tolist()], "labels": label}


def collate(batch):
    longest = max(len(item["input_ids"]) for item in batch)
    ids = torch.zeros(len(batch), longest, dtype=torch.long)
    mask = torch.zeros(len(batch), longest, dtype=torch.long)
    for row, item in enumerate(batch):
        ids[row, :len(item["input_ids"])] = torch.tensor(item["input_ids"])
        mask[row, :len(item["input_ids"])] = 1
    return {"input_ids": ids, "attention_mask": mask, "labels": torch.tensor([item["labels"] for item in batch])}


def compute_metrics(prediction):
    predicted = np.argmax(prediction.predictions, axis=1)
    return {"accuracy": float((predicted == prediction.label_ids).mean())}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--train-size", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output-dir", default="hf-out")
    args = parser.parse_args()
    set_seed(args.seed)

    train_set, val_set, test_set = Majority(args.train_size, 1), Majority(400, 2), Majority(600, 3)
    config = BertConfig(vocab_size=12, hidden_size=48, num_hidden_layers=2, num_attention_heads=4,
                        intermediate_size=96, max_position_embeddings=32, num_labels=2)
    model = BertForSequenceClassification(config)
    training = TrainingArguments(
        output_dir=args.output_dir, num_train_epochs=args.epochs, per_device_train_batch_size=16,
        per_device_eval_batch_size=64, learning_rate=1e-3, warmup_steps=50, lr_scheduler_type="linear",
        weight_decay=0.01, eval_strategy="epoch", save_strategy="epoch", load_best_model_at_end=True,
        metric_for_best_model="accuracy", report_to=[], seed=args.seed, use_cpu=True, disable_tqdm=True, logging_steps=50)
    trainer = Trainer(model=model, args=training, train_dataset=train_set, eval_dataset=val_set,
                      data_collator=collate, compute_metrics=compute_metrics)
    trainer.train()
    result = trainer.evaluate(test_set, metric_key_prefix="test")
    print(f"test accuracy {result['test_accuracy']:.4f}")


if __name__ == "__main__":
    main()
