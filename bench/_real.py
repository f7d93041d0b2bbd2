"""Real tables for benches: the eleven of a folder (`--data DIR`) and five that scikit-learn brings.

A column of integers or of ties has no density: spikes on its values gain nats that mean nothing. Such columns get
uniform noise of one step of their grid. A column is tied where one value holds 1 % of the rows or more; its step is the
median distance between neighbouring values, that of integers the smallest. Steps are those of the whole table. The seed
decides the rows of each part and the noise, so that all who take part see the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import datasets

Array = NDArray[np.float64]

BUNDLED = {
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
    "diabetes": datasets.load_diabetes,
    "breast_cancer": datasets.load_breast_cancer,
    "digits": datasets.load_digits,
}
IN_FOLDER = (
    "concrete", "wine_red", "thyroid", "satellite", "pendigits", "higgs", "power_plant", "mammography", "htru2",
    "shuttle", "power",
)  # fmt: skip
TABLES = (*BUNDLED, *IN_FOLDER)

TIED = 0.01  # share of the rows on one value
MANY_ROWS, SEEDS, SEEDS_OF_MANY = 20_000, 5, 2


@dataclass(frozen=True)
class Split:
    """Rows to learn from, to choose by and to judge by, the noise added."""

    train: Array
    val: Array
    test: Array
    noisy: list[int]  # the columns with noise


def load(name: str, folder: Path | None) -> Array:
    """All rows of a table, as they are."""
    if name in BUNDLED:
        return np.asarray(BUNDLED[name]().data, dtype=np.float64)
    if folder is None:
        raise FileNotFoundError(f"{name}: --data says where it is")
    with np.load(folder / f"{name}.npz") as arrays:
        parts = [arrays[part] for part in (("train", "val", "test") if "train" in arrays else ("X",))]
    return np.concatenate(parts).astype(np.float64)


def grid_step(column: NDArray[Any]) -> float:
    """The width of the noise that a column gets; 0 for none."""
    values, counts = np.unique(column, return_counts=True)
    gaps = np.diff(values) if len(values) > 1 else np.ones(1)
    if np.array_equal(values, np.round(values)):
        return float(gaps.min())
    return float(np.median(gaps)) if counts.max() >= TIED * len(column) else 0.0


def split(X: Array, seed: int, max_rows: int | None = None) -> Split:
    """80, 10 and 10 % of the rows, or of `max_rows` of them, in random order."""
    steps = np.array([grid_step(column) for column in X.T])
    rng = np.random.default_rng(seed)
    rows = X[rng.permutation(len(X))[:max_rows]]
    rows = rows + rng.random(rows.shape) * steps
    n = len(rows) // 10
    return Split(rows[2 * n :], rows[:n], rows[n : 2 * n], np.flatnonzero(steps).tolist())


def n_seeds(n_rows: int) -> int:
    """How often a table is split."""
    return SEEDS if n_rows <= MANY_ROWS else SEEDS_OF_MANY
