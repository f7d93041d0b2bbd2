"""Two moons and eight Gaussians: how far a fitted flow is from the true density, whose values are known.

For 20,000 rows of each set, prints the mean log-likelihood of 20,000 other rows under the fitted flow and
under the true density; the difference is the Kullback-Leibler divergence that is left. With --picture, also
draws data, density and samples of the first preset, the picture of README.

    python -m bench.toys [--presets maf realnvp] [--picture FILE]
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

from nflows_np import FlowDensity, datasets

N_ROWS = 20_000

# Eight separate modes are hard for affine layers, which can only bend one Gaussian: it takes many of them.
LAYERS = {"maf": 16, "realnvp": 24}
TOYS = {
    "two moons": (datasets.two_moons, datasets.two_moons_log_density),
    "eight Gaussians": (datasets.eight_gaussians, datasets.eight_gaussians_log_density),
}


def fit(draw: Any, preset: str, n_layers: int) -> FlowDensity:
    flow = FlowDensity(
        preset,
        n_layers=n_layers,
        hidden_units=(64, 64),
        activation="relu",
        learning_rate_init=3e-3,
        alpha=6e-3,
        n_iter_no_change=50,
        random_state=0,
    )
    return flow.fit(draw(N_ROWS, random_state=0))


def picture(flows: dict[str, FlowDensity], file: Path) -> None:
    """One row per set: data, density, samples."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3 * len(flows)), layout="constrained")
    rows = figure.subplots(len(flows), 3)
    for axes, (name, flow) in zip(rows, flows.items(), strict=True):
        data = TOYS[name][0](N_ROWS, random_state=0)
        low, high = data.min(axis=0) - 0.3, data.max(axis=0) + 0.3
        x, y = np.meshgrid(np.linspace(low[0], high[0], 300), np.linspace(low[1], high[1], 300))
        density = np.exp(flow.score_samples(np.column_stack([x.ravel(), y.ravel()]))).reshape(x.shape)
        for ax, points, title in (
            (axes[0], data, "data"),
            (axes[2], flow.sample(N_ROWS, random_state=1), "samples"),
        ):
            ax.plot(*points[:4000].T, ".", markersize=1.2, alpha=0.5)
            ax.set_title(f"{name}: {title}")
        axes[1].pcolormesh(x, y, density, shading="auto", rasterized=True)
        axes[1].set_title("density")
        for ax in axes:
            ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xticks=[], yticks=[], aspect="equal")
    figure.savefig(file, dpi=90)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--presets", nargs="+", choices=LAYERS, default=list(LAYERS))
    parser.add_argument("--picture", type=Path)
    args = parser.parse_args()

    print(f"{'set':16s} {'preset':8s} {'layers':>6s} {'flow':>8s} {'true':>8s} {'gap':>7s}  seconds")
    first: dict[str, FlowDensity] = {}
    for name, (draw, log_density) in TOYS.items():
        held_out = draw(N_ROWS, random_state=1)
        true = float(np.mean(log_density(held_out)))
        for preset in args.presets:
            began = time.perf_counter()
            flow = fit(draw, preset, LAYERS[preset])
            seconds = time.perf_counter() - began
            score = flow.score(held_out)
            row = f"{name:16s} {preset:8s} {LAYERS[preset]:6d} {score:8.3f} {true:8.3f} {true - score:7.3f}"
            print(f"{row}  {seconds:.0f}")
            first.setdefault(name, flow)
    if args.picture:
        picture(first, args.picture)


if __name__ == "__main__":
    main()
