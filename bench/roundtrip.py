"""The worst round-trip error of trained flows, out to ten standard deviations, for every preset and dtype.

Each preset is fitted to a table with correlated, skewed and bimodal columns. Rows up to ten standard
deviations out go to the latent space and back; the error of a row is relative to its own size in standard
deviations (at least one).

    python -m bench.roundtrip [--rows 20000]
"""

from __future__ import annotations

import argparse

import numpy as np

from nflows_np import FlowDensity
from nflows_np.presets import PRESETS


def table(n: int, rng: np.random.Generator) -> np.ndarray:
    """Five columns: a banana, a skewed one, a bimodal one and a correlated one."""
    a = rng.normal(size=n)
    b = a**2 + 0.5 * rng.normal(size=n)
    skewed = np.exp(0.7 * rng.normal(size=n))
    bimodal = np.where(rng.random(n) < 0.5, -2.0, 2.0) + 0.4 * rng.normal(size=n)
    return np.column_stack([a, b, skewed, bimodal, 0.8 * a + 0.6 * rng.normal(size=n)])


def far_rows(X: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Rows in random directions, uniform in distance up to ten standard deviations."""
    direction = rng.normal(size=(n, X.shape[1]))
    direction /= np.abs(direction).max(axis=1, keepdims=True)
    return X.mean(axis=0) + direction * rng.uniform(0, 10, size=(n, 1)) * X.std(axis=0)


def worst_error(flow: FlowDensity, rows: np.ndarray, X: np.ndarray) -> float:
    size = np.maximum(np.abs((rows - X.mean(axis=0)) / X.std(axis=0)).max(axis=1, keepdims=True), 1.0)
    error = np.abs(flow.inverse_transform(flow.transform(rows)) - rows) / X.std(axis=0)
    return float((error / size).max())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=20_000)
    args = parser.parse_args()

    rng = np.random.default_rng(0)
    X = table(5_000, rng)
    rows = far_rows(X, args.rows, rng)
    print(f"{'preset':8s} {'float64':>9s} {'float32':>9s}")
    for preset in PRESETS:
        errors = [
            worst_error(FlowDensity(preset, dtype=dtype, random_state=0).fit(X), rows, X)
            for dtype in ("float64", "float32")
        ]
        print(f"{preset:8s} {errors[0]:9.1e} {errors[1]:9.1e}")


if __name__ == "__main__":
    main()
