"""Writes a golden file: a fitted model in the format of today, and what it computes on each instruction set.

    NFLOWS_NP_ISA=avx2 python tests/golden/make.py FORMAT [--scores-only]

A golden file is written once, when its format is new, and kept for ever; `--scores-only` adds the figures of another
instruction set, which read the file that is there.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from nflows_np import FlowDensity, load
from nflows_np._engine import choice

HERE = Path(__file__).parent


def table(n=300):
    """Three columns with names, in units far apart."""
    rng = np.random.default_rng(5)
    x = rng.standard_normal((n, 3))
    x[:, 1] += x[:, 0] ** 2
    return pd.DataFrame(x * [1.0, 1e3, 1e-2] + [0.0, 5e4, 1.0], columns=["angle", "mass", "length"])


def figures(model, X):
    """What a model computes: log-densities, latents and rows for given latents."""
    Z = np.random.default_rng(6).standard_normal((20, 3))
    return {
        "X": X.to_numpy(),
        "Z": Z,
        "score_samples": model.score_samples(X),
        "transform": np.asarray(model.transform(X)),
        "inverse_transform": np.asarray(model.inverse_transform(Z)),
        "sample": np.asarray(model.sample(20, random_state=3)),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("format", type=int)
    parser.add_argument("--scores-only", action="store_true")
    args = parser.parse_args()
    path = HERE / f"format_{args.format}.flow"
    if not args.scores_only:
        random_state = np.random.RandomState(11)
        random_state.standard_normal()  # leaves a second variate behind
        model = FlowDensity(
            "nsf",
            flow_params={"n_bins": 4},
            base="student_t",
            n_layers=2,
            hidden_units=(8,),
            max_iter=12,
            batch_size=64,
            random_state=random_state,
        )
        weights = 1.0 + np.arange(300) % 3
        model.fit(table(), sample_weight=weights).save(path, resumable=True)
    np.savez_compressed(
        HERE / f"format_{args.format}_{choice()['isa']}.npz", **figures(load(path), table(40))
    )


if __name__ == "__main__":
    main()
