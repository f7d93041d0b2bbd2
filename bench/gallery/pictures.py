"""A preset's picture: a row for each set, and in it data, density, samples and the warped grid."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from .views import N_LINES, View

PANEL = 1.55  # inches
DPI = 100
COLOURS = 64  # of the palette: a quarter of the bytes
N_SHOWN = 3000
BRIGHTEST = 0.998  # quantile of the density on the box: a narrow spike must not leave the rest dark


def picture(views: Mapping[str, View], file: Path) -> None:
    """Draw the views of one preset, by the names of their sets, into a PNG file of few colours.

    Within the density stands the held-out log-likelihood in nats, and what the set's own density has.
    """
    from matplotlib.collections import LineCollection
    from matplotlib.figure import Figure
    from PIL import Image

    figure = Figure(figsize=(4 * PANEL, (len(views) + 0.1) * PANEL), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.02, h_pad=0.02, wspace=0.01, hspace=0.01)
    panels = figure.subplots(len(views), 4, squeeze=False)
    for axes, (name, view) in zip(panels, views.items(), strict=True):
        data, density, samples, grid = axes
        data.plot(*view.rows[:N_SHOWN].T, ",", color="C0")
        samples.plot(*view.samples[:N_SHOWN].T, ",", color="C0")
        brightest = np.quantile(view.density, BRIGHTEST)
        density.pcolormesh(view.x, view.y, view.density, cmap="magma", vmin=0.0, vmax=brightest)
        score = f"{view.score:.3f}" + ("" if view.true is None else f" of {view.true:.3f}")
        density.text(0.03, 0.03, score, transform=density.transAxes, color="white", fontsize=6)
        for lines, colour in ((view.grid[:N_LINES], "C0"), (view.grid[N_LINES:], "C3")):
            grid.add_collection(LineCollection(list(lines), colors=colour, linewidths=0.4))
        for ax in axes:
            ax.set(xlim=view.x[[0, -1]], ylim=view.y[[0, -1]], xticks=[], yticks=[])
        data.set_ylabel(name, fontsize=8)
    for ax, title in zip(panels[0], ("data", "density", "samples", "warped grid"), strict=True):
        ax.set_title(title, fontsize=8)
    image = io.BytesIO()
    figure.savefig(image, dpi=DPI)
    Image.open(image).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
