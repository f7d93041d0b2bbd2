"""The gallery's fits and pictures, on a budget of no time: for every preset a density that integrates to 1."""

import re

import matplotlib.image
import numpy as np
import pytest

from nflows_np.presets import PRESETS

views = pytest.importorskip("bench.gallery.views", reason="bench/ is no part of a source distribution")
page = pytest.importorskip("bench.gallery.__main__", reason="bench/ is no part of a source distribution")
pictures = pytest.importorskip("bench.gallery.pictures", reason="bench/ is no part of a source distribution")

# After an epoch or two a flow is hardly more than the Gaussian of the rows, and has its tails: the box reaches the
# rows' range beyond them. All but half a percent of the mass is within.
MARGIN, MASS = 1.0, 0.01


@pytest.mark.parametrize("name", views.SETS)
@pytest.mark.parametrize("preset", PRESETS)
def test_every_view_holds_a_density(preset, name):
    view = views.view(preset, name, 300, epochs=2, margin=MARGIN, n_cells=160)
    assert view.epochs == 2
    assert np.isfinite(view.density).all() and (view.density >= 0.0).all()
    assert view.mass == pytest.approx(1.0, abs=MASS)
    assert np.isfinite(view.samples).all() and np.isfinite(view.grid).all()
    assert np.isfinite([view.score, view.error]).all()
    if view.true is not None:
        assert view.score < view.true


def test_time_ends_a_fit():
    X = views.SETS["moons"][0](300, random_state=0)
    assert views.fit("maf", X, seconds=0.0).n_iter_ == 1


def test_the_grid_is_regular():
    grid = views.latent_grid()
    assert grid.shape == (2 * views.N_LINES, views.N_POINTS, 2)
    across, along = grid[: views.N_LINES], grid[views.N_LINES :]
    assert (np.ptp(across[..., 0], axis=1) == 0.0).all() and (np.ptp(along[..., 1], axis=1) == 0.0).all()
    assert grid.min() == -views.LATENT and grid.max() == views.LATENT


@pytest.fixture(scope="module")
def seen():
    return {name: views.view("linear", name, 300, n_cells=60, epochs=3) for name in ("moons", "two spirals")}


def test_picture(seen, tmp_path):
    pictures.picture(seen, tmp_path / "linear.png")
    assert (tmp_path / "linear.png").stat().st_size < 60_000
    image = matplotlib.image.imread(tmp_path / "linear.png")
    assert len(np.unique(image.reshape(-1, image.shape[-1]), axis=0)) > 8


def test_page(seen):
    text = page.page({"linear": seen}, n_rows=300, seconds=2.0)
    moons, spirals = seen.values()
    assert re.search(rf"\| linear \| +{moons.score:.3f}\* \| +{spirals.score:.3f}\* \|", text)
    assert re.search(rf"\| true +\| +{moons.true:.3f} \| +- \|", text)
    assert "arXiv:1705.07057" in text and text.rstrip().endswith("![linear](linear.png)")
    assert "Examples" not in text


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_has_its_entry(preset):
    heading, summary, cited, picture = page.entry(preset).split("\n\n")
    assert heading == f"## {preset}" and picture == f"![{preset}]({preset}.png)"
    assert summary.endswith(".") and "arXiv:" in cited
