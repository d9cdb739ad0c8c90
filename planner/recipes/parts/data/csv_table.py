"""Rows of a CSV file: numbers are standardised, with the median where one is missing; categories become indicators.

Medians, scales and categories are learned from the training rows only.
"""

import csv
from collections.abc import Sequence

import numpy as np
import torch
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from torch.utils.data import TensorDataset

from objective import Coding
from settings import Settings
from splits import Data, alike, joined, split_as_given, split_in_order, split_rows

MISSING = {"", "na", "nan", "null", "none", "n/a", "?"}


def read_columns(settings: Settings) -> dict[str, np.ndarray]:
    """Every column as text; cells that a row is short of are empty."""
    with settings.data_path.open(encoding="utf-8-sig", newline="") as stream:
        header, *rows = csv.reader(stream, delimiter=settings.data["delimiter"])
    cells = [[cell.strip() for cell in row[: len(header)]] + [""] * (len(header) - len(row)) for row in rows if row]
    columns = np.array(cells, dtype=object)
    return {name.strip(): columns[:, number] for number, name in enumerate(header)}


def is_missing(text: str) -> bool:
    return text.lower() in MISSING


def numbers(column: np.ndarray) -> np.ndarray:
    """What is missing or not finite is NaN."""
    values = np.array([np.nan if is_missing(text) else float(text) for text in column])
    return np.where(np.isfinite(values), values, np.nan)


def build_preparation(numeric: int, categories: int) -> ColumnTransformer:
    """For inputs whose numeric columns stand first."""
    scaled = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    indicators = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return ColumnTransformer(
        [("numeric", scaled, list(range(numeric))),
         ("categories", indicators, list(range(numeric, numeric + categories)))]
    )  # fmt: skip


def load_data(settings: Settings, names: Sequence[str]) -> Data:
    """The splits of these names; row ids are the id column's, or count the rows from 0."""
    table = settings.data
    columns = read_columns(settings)
    raw = columns[table["target"]]
    kept = np.array([not is_missing(text) for text in raw])  # a row without a target tells nothing
    numeric = [numbers(columns[name]) for name in table["numeric"]]
    categories = [columns[name] for name in table["categories"]]
    inputs = np.column_stack([*numeric, *categories]).astype(object)[kept]
    ids = (columns[table["id"]] if "id" in table else np.arange(len(raw)).astype(str))[kept]
    targets = raw[kept].astype(str) if table["classes"] else numbers(raw[kept])
    if "time" in table:
        times = columns[table["time"]][kept]
        order = np.argsort(times.astype(float if table["time_is_number"] else str), kind="stable")
        rows = {name: order[places] for name, places in split_in_order(len(order), table).items()}
    else:
        groups = alike(inputs.astype(str))
        if "group" in table:
            groups = joined(columns[table["group"]][kept], groups)
        if "split" in table:
            rows = split_as_given(columns[table["split"]][kept], groups, table)
        else:
            rows = split_rows(groups, table, targets if table["classes"] else None)
    preparation = build_preparation(len(numeric), len(categories)).fit(inputs[rows["train"]])
    coding = Coding(targets if table["classes"] else targets[rows["train"]])
    prepared = {name: torch.tensor(preparation.transform(inputs[rows[name]]).astype(np.float32)) for name in names}
    return Data(
        splits={name: TensorDataset(prepared[name], coding.encode(targets[rows[name]])) for name in names},
        ids={name: [str(row_id) for row_id in ids[rows[name]]] for name in names},
        shape={"inputs": prepared[names[0]].shape[1], "outputs": len(coding.names) if table["classes"] else 1},
        coding=coding,
    )
