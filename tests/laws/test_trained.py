"""Trained flows of every preset, and rows as far as ten standard deviations out: they come back."""

import numpy as np
import pytest
from engine_flows import every_dtype, every_isa, log_prob, make_flow, train, two_arcs

from nflows_np import presets
from nflows_np.testing import check_round_trip

PRESETS = (
    "nice",
    "realnvp",
    "glow",
    "maf",
    "iaf",
    "nsf",
    "nsf_ar",
    "naf",
    "sos",
    "bernstein",
    "planar",
    "radial",
    "sylvester",
    "linear",
)
RTOL = {"float32": 1e-3, "float64": 1e-9}
# Splines squeeze the gaps between the data, and a few rows ten standard deviations out fall into one after the other.
SPLINE_RTOL = {"float32": 0.5, "float64": 1e-9}


def chained_parabolas(n, n_features=6):
    """Every column bends the next one; then all are mixed."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((n, n_features))
    rows[:, 1:] += 0.5 * rows[:, :-1] ** 2
    return rows @ rng.standard_normal((n_features, n_features))


def standardised(rows):
    return (rows - rows.mean(axis=0)) / rows.std(axis=0)


DATA = {"two arcs": standardised(two_arcs(1024)), "parabolas": standardised(chained_parabolas(1024))}


def far_rows(n_features, n=500):
    """Rows in all directions, from the middle to ten standard deviations out."""
    directions = np.random.default_rng(1).standard_normal((n, n_features))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return directions * np.linspace(0.0, 10.0, n)[:, None]


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("preset", PRESETS)
@every_isa
@every_dtype
def test_far_rows_come_back(data, preset, isa, dtype):
    rows = DATA[data]
    layers = {} if preset == "linear" else {"hidden_units": (32, 32)}
    flow = make_flow(getattr(presets, preset)(**layers).bijections, rows.shape[1], isa=isa, dtype=dtype)
    train(flow, rows, isa=isa, n_epochs=0)
    before = log_prob(flow, rows).mean()
    train(flow, rows, isa=isa)
    assert log_prob(flow, rows).mean() > before + (0.1 if layers else -0.05)
    rtol = (SPLINE_RTOL if preset.startswith("nsf") else RTOL)[dtype]
    check_round_trip(flow, far_rows(rows.shape[1]), rtol=rtol)
