"""Rows drawn from bases, as FlowModel.sample draws them."""

import numpy as np
from nflows_np._stream import BaseRows

from nflows_np.testing import from_panels


def draws_of(flow, base, n_features):
    """How rows of a base are drawn at the parameters of an engine's flow."""
    params = flow.get_params()
    own = {
        name.removeprefix("base."): params[at : at + size]
        for name, at, size, _ in flow.layout()
        if name.startswith("base.")
    }
    return base.resolve(n_features).draws(np.arange(n_features), own)


def drawn(draws, random_state, n, n_features, dtype=np.float64):
    """n rows."""
    with BaseRows(random_state, n, n_features, dtype, draws) as noise:
        return from_panels(noise.move(np.full(noise.shape, np.nan, dtype=dtype)), n)


def rows_of(flow, base, n, seed=0):
    """n rows of a base at the parameters of an engine's flow."""
    n_features = flow.n_features
    return drawn(draws_of(flow, base, n_features), np.random.default_rng(seed), n, n_features)
