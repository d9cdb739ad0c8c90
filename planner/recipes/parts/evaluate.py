"""Write what the chosen epoch predicts for one split: a line for every row, by its id, beside its label. No metric is
computed here, so that whoever judges computes it.

    python evaluate.py           # the test split, once, at the very end
"""

import argparse
import csv
from pathlib import Path

import torch
from torch.utils.data import DataLoader

from data import load_data
from model import build_model
from objective import prediction_columns, predictions
from settings import HERE, read_settings
from train import EVALUATION_BATCH


@torch.no_grad()
def write_predictions(checkpoint: Path, split: str, path: Path) -> int:
    """Returns how many rows were predicted."""
    settings = read_settings()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    data = load_data(settings, (split,))
    model = build_model(settings, data.shape).to(device)
    model.load_state_dict(torch.load(checkpoint, map_location=device, weights_only=True)["model"])
    model.eval()
    rows = []
    for inputs, targets in DataLoader(data.splits[split], batch_size=EVALUATION_BATCH):
        outputs = model(inputs.to(device))
        rows += predictions(outputs, targets.to(device), data.coding)
    with path.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["row_id", *prediction_columns(data.coding, data.shape)])
        table.writerows([row_id, *row] for row_id, row in zip(data.ids[split], rows, strict=True))
    return len(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=("train", "val", "test"), default="test")
    parser.add_argument("--out", type=Path, default=HERE / "runs", help="the folder of the run")
    args = parser.parse_args()
    checkpoint, path = args.out / "best.pt", args.out / f"predictions_{args.split}.csv"
    if not checkpoint.exists():
        raise SystemExit(f"{checkpoint} is not there: run train.py first")
    if args.split == "test" and path.exists():
        raise SystemExit(f"{path} is there: the test split was read already, and is read once")
    print(f"{write_predictions(checkpoint, args.split, path)} rows predicted: {path}")


if __name__ == "__main__":
    main()
