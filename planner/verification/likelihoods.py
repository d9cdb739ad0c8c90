"""A file of how likely a language model found each window, and the metrics that follow from it.

Each row has the number of ``tokens`` and the sum of their ``negative log-likelihood in nats``.
Invariant: the file is foreign data, read up to a bound; what is not surely understood is an error.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path

from .predictions import MOST_ROWS, PredictionsError

TOKENS, LIKELIHOOD = "tokens", "negative log-likelihood in nats"


def definitions(path: Path) -> tuple[dict[str, float], int]:
    """The metrics by their names, and the number of rows. Raises :class:`PredictionsError`."""
    tokens, nats, rows = 0.0, 0.0, 0
    try:
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            for row in csv.DictReader(file):
                if row.get(TOKENS) is None or row.get(LIKELIHOOD) is None or rows == MOST_ROWS:
                    raise PredictionsError(f"it has no columns {TOKENS} and {LIKELIHOOD}, or too many rows")
                tokens, nats, rows = tokens + float(row[TOKENS]), nats + float(row[LIKELIHOOD]), rows + 1
    except OSError as error:
        raise PredictionsError(f"it cannot be read: {error.strerror}") from error
    except (csv.Error, ValueError) as error:
        raise PredictionsError(str(error)[:200]) from error
    if not tokens > 0 or not math.isfinite(nats):
        raise PredictionsError("it has no tokens")
    each = nats / tokens
    bits = each / math.log(2)
    perplexity = math.exp(each) if each < 700 else math.inf
    return {"perplexity": perplexity, "loss": each, "bits per character": bits, "bits per token": bits}, rows
