"""Trained flows of every preset, and rows as far as ten standard deviations out: they come back.

What is lost is held to what roundings between the layers explain (nflows_np/testing/_condition.py): trained splines
and mixtures of sigmoids squeeze the gaps between the data, and single precision cannot undo it where a row far out
falls into the gaps of one layer after the other. Flows of other layers do not squeeze so, and are held to a plain bound
too. Mixtures of Gaussians have next to no density between their modes: latents of rows there hardly differ, and which
it was cannot be told. What comes back to a plain bound are latents, as far out, and the rows of the data.
"""

import numpy as np
import pytest
from engine_flows import every_dtype, every_isa, log_prob, make_flow, resolve, train, two_arcs

from nflows_np import presets
from nflows_np.testing import apply, check_round_trip, check_rounding
from nflows_np.testing._condition import round_trip_condition

PRESETS = tuple(presets.PRESETS)
RTOL = {"float32": 1e-3, "float64": 1e-9}
# Of those that squeeze, so many rows of those ten standard deviations out must be as well off.
SQUEEZING = ("nsf", "nsf_ar", "naf")
SQUEEZED_RTOL = {"float32": 1e-3, "float64": 1e-6}
MIXTURES = ("made_mog", "maf_mog")
MOST = {"float32": 0.6, "float64": 1.0}


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


def check_latents_and_data_come_back(flow, latents, rows, rtol):
    for start, there, back in ((latents, "inverse", "forward"), (rows, "forward", "inverse")):
        out, log_det = apply(flow, there, start)
        again, log_det_back = apply(flow, back, out)
        size = np.maximum(1.0, np.maximum(np.abs(start), np.abs(out)).max(axis=1, keepdims=True))
        assert np.max(np.abs(again - start) / size) < rtol
        assert np.max(np.abs(log_det + log_det_back)) < 10 * rtol


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("preset", PRESETS)
@every_isa
@every_dtype
def test_far_rows_come_back(data, preset, isa, dtype):
    rows = DATA[data]
    layers = {} if preset == "linear" else {"hidden_units": (32, 32)}
    bijections = getattr(presets, preset)(**layers).for_table(*rows.shape).bijections
    flow = make_flow(bijections, rows.shape[1], isa=isa, dtype=dtype)
    train(flow, rows, n_epochs=0)
    before = log_prob(flow, rows).mean()
    train(flow, rows)
    assert log_prob(flow, rows).mean() > before + (0.1 if layers else -0.05)
    far, spec = far_rows(rows.shape[1]), resolve(bijections, rows.shape[1])
    if preset in MIXTURES:
        check_latents_and_data_come_back(flow, far, rows, RTOL[dtype])
        return
    check_rounding(flow, spec, far)
    if preset in SQUEEZING:
        allowed = np.finfo(dtype).eps * round_trip_condition(flow, spec, far, "forward").rows
        assert np.mean(allowed < SQUEEZED_RTOL[dtype]) >= MOST[dtype]
    else:
        check_round_trip(flow, far, rtol=RTOL[dtype])
