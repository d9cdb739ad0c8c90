"""Code or prose? A tiny BERT learns to tell lines of Python from lines of comments and docstrings.

The text is the standard library's own source, read as bytes, so nothing is downloaded. Whole files are dealt to the
splits, and no line is in two of them. The epoch is chosen on the validation split; the test split is read once, at
the end.

    python hf_trainer.py                  # 12 epochs, a minute or two on a laptop
    python hf_trainer.py --epochs 1       # a quick look
"""

import argparse
import io
import os
import random
import tokenize
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import accuracy_score, f1_score
from torch.utils.data import Dataset
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments, set_seed

CODE, PROSE = 0, 1
PAD = 0  # byte 0 is in no source line


def labelled_lines(source):
    """Yield (line, label) of one file; comment signs and quotes are stripped so that they give nothing away."""
    prose_rows = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        is_docstring = token.type == tokenize.STRING and token.line.lstrip().startswith(('"""', 'r"""'))
        if token.type == tokenize.COMMENT and token.line.lstrip().startswith("#") or is_docstring:
            prose_rows.update(range(token.start[0], token.end[0] + 1))
    for row, line in enumerate(source.splitlines(), start=1):
        text = line.strip().strip("#\"' ")
        if len(text) >= 12:
            yield text, PROSE if row in prose_rows else CODE


def load_splits(sizes, rng):
    """Deal whole files to train, validation and test, then draw as many lines of either kind from each."""
    files = sorted(Path(os.__file__).parent.glob("*.py"))
    rng.shuffle(files)
    first, second = int(0.7 * len(files)), int(0.85 * len(files))
    seen, splits = set(), []
    for group, size in zip((files[:first], files[first:second], files[second:]), sizes, strict=True):
        kinds = {CODE: [], PROSE: []}
        for path in group:
            for text, label in labelled_lines(path.read_text(encoding="utf-8", errors="replace")):
                if text not in seen:
                    seen.add(text)
                    kinds[label].append(text)
        splits.append([(text, label) for label, texts in kinds.items() for text in rng.sample(texts, size // 2)])
    return splits


class Lines(Dataset):
    def __init__(self, examples, length):
        self.items = []
        for text, label in examples:
            ids = text.encode()[:length]
            mask = [1] * len(ids) + [0] * (length - len(ids))
            self.items.append((torch.tensor([*ids, *[PAD] * (length - len(ids))]), torch.tensor(mask), label))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        ids, mask, label = self.items[index]
        return {"input_ids": ids, "attention_mask": mask, "labels": label}


def compute_metrics(prediction):
    predicted = np.argmax(prediction.predictions, axis=-1)
    truth = prediction.label_ids
    return {"accuracy": accuracy_score(truth, predicted), "f1": f1_score(truth, predicted)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--train_lines", type=int, default=4000)
    parser.add_argument("--eval_lines", type=int, default=1000)
    parser.add_argument("--length", type=int, default=48)
    parser.add_argument("--batch_size", type=int, default=32)
    parser.add_argument("--learning_rate", type=float, default=1e-3)
    parser.add_argument("--hidden_size", type=int, default=64)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output_dir", default="runs/hf_trainer")
    args = parser.parse_args()

    set_seed(args.seed)
    splits = load_splits((args.train_lines, args.eval_lines, args.eval_lines), random.Random(args.seed))
    train_set, val_set, test_set = (Lines(examples, args.length) for examples in splits)
    config = BertConfig(
        vocab_size=256, pad_token_id=PAD, max_position_embeddings=args.length, num_labels=2,
        hidden_size=args.hidden_size, num_hidden_layers=args.layers, num_attention_heads=4,
        intermediate_size=4 * args.hidden_size)
    model = BertForSequenceClassification(config)
    training_args = TrainingArguments(
        output_dir=args.output_dir,
        num_train_epochs=args.epochs,
        per_device_train_batch_size=args.batch_size,
        per_device_eval_batch_size=128,
        learning_rate=args.learning_rate,
        warmup_steps=100,
        weight_decay=0.01,
        eval_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=1,
        load_best_model_at_end=True,
        metric_for_best_model="eval_loss",
        greater_is_better=False,
        logging_steps=50,
        dataloader_pin_memory=torch.cuda.is_available(),
        report_to=[],
        seed=args.seed,
    )
    trainer = Trainer(model=model, args=training_args, train_dataset=train_set, eval_dataset=val_set,
                      compute_metrics=compute_metrics)
    trainer.train()

    metrics = trainer.evaluate(test_set, metric_key_prefix="test")
    trainer.save_model()
    trainer.save_metrics("test", metrics, combined=False)
    print(f"test accuracy {metrics['test_accuracy']:.4f} F1 {metrics['test_f1']:.4f}")


if __name__ == "__main__":
    main()
