"""Columns of every link, and rows of them through the streams both ways."""

import numpy as np
import pytest

from nflows_np.columns import ColumnScaler
from nflows_np.columns.links import ABOVE, BELOW, BETWEEN, CIRCLE, IDENTITY, Links

INF, NAN = np.inf, np.nan
KINDS = {
    "identity": (IDENTITY, -INF, INF),
    "above": (ABOVE, -2.0, INF),
    "below": (BELOW, -INF, 3.0),
    "between": (BETWEEN, -1.0, 4.0),
    "circle": (CIRCLE, 0.5, 24.5),
}
ALL = Links.of(dict(enumerate(KINDS.values())), 5)

every_kind = pytest.mark.parametrize("kind", KINDS)


def one(kind):
    return Links.of({0: KINDS[kind]}, 1)


def rows_of(panels, n):
    return panels.transpose(0, 2, 1).reshape(-1, panels.shape[1])[:n]


def scaler_of(links, loc=0.0, scale=1.0, **parts):
    d = len(links.codes)
    return ColumnScaler(np.full(d, loc), np.full(d, scale), links=links, **parts)


def gathered(scaler, X, panel=np.float64):
    """Rows as the engine gets them, and what links and maps add to their log-densities."""
    log_jacobian = np.full(len(X), NAN)
    stream = scaler.gather(X, slice(None), panel, log_jacobian)
    return rows_of(stream.move(np.empty(stream.shape, panel)), len(X)), log_jacobian


def scattered(scaler, u, target=np.float64, panel=np.float64):
    """Rows of the engine in the units of their columns."""
    out = np.full(u.shape, NAN, target)
    stream = scaler.scatter(out, panel)
    panels = np.zeros(stream.shape, panel)
    for r, row in enumerate(u):
        panels[r // 16, :, r % 16] = row
    stream.move(panels)
    return out
