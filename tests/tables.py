"""Tables of every type, and rows gathered into panels, for the tests of the columns."""

import numpy as np
import pytest

from nflows_np.columns import Gather

INTEGERS = [np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64]
SOURCES = [np.bool_, *INTEGERS, np.longlong, np.float16, np.float32, np.float64, np.longdouble, ">f4", ">i8"]
PANELS = [np.float32, np.float64]

every_source = pytest.mark.parametrize("source", SOURCES, ids=lambda t: np.dtype(t).str)
every_panel = pytest.mark.parametrize("panel", PANELS, ids=lambda t: np.dtype(t).name)


def table(source, n, d, seed=0):
    rng = np.random.default_rng(seed)
    dtype = np.dtype(source)
    if dtype.kind == "b":
        return rng.integers(0, 2, size=(n, d)).astype(bool)
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        X = rng.integers(info.min, info.max, size=(n, d), dtype=dtype.newbyteorder("="), endpoint=True)
        X[:1, :1], X[1:2, :1] = info.min, info.max
        return X.astype(dtype)
    return rng.normal(size=(n, d)).astype(dtype)


def gathered(X, rows=None, loc=None, scale=None, panel=np.float64):
    d = X.shape[1]
    rows = slice(None) if rows is None else rows
    loc, scale = (np.zeros(d) if loc is None else loc), (np.ones(d) if scale is None else scale)
    stream = Gather(X, rows, loc, scale, panel)
    return stream.move(np.full(stream.shape, np.nan, dtype=panel))
