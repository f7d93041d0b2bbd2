"""Cutting the engine's flat parameter vector into named blocks."""

import numpy as np


class ParameterReader:
    """Hands out the blocks of a flat parameter vector one after another, as the flow's layout lists them.

    Parameters
    ----------
    layout : list of (name, offset, size, decayed)
        What ``engine_flow.layout()`` returns.
    params : ndarray of shape (n_params,)

    Attributes
    ----------
    free : ndarray of bool of shape (n_params,)
        Which entries may differ from zero: masks and strict triangles leave the others stored but always
        zero.
    fan_in : ndarray of shape (n_params,)
        For a network's weight the number of inputs its unit sees, elsewhere 1: random weights divided by its
        square root keep a network's outputs of order one.
    is_weight : ndarray of bool of shape (n_params,)
        The matrices of networks, which are what weight decay acts on.
    """

    def __init__(self, layout, params):
        self.params = np.asarray(params, dtype=np.float64)
        self.free = np.zeros(self.params.shape, dtype=bool)
        self.fan_in = np.ones(self.params.shape)
        self.is_weight = np.zeros(self.params.shape, dtype=bool)
        self._layout = list(layout)
        self._next = 0
        self._end = 0

    def take(self, name, shape, mask=None, *, weight=False):
        """The next block, which must be called ``name`` (the end of its path) and fill ``shape`` exactly."""
        if self._next == len(self._layout):
            raise AssertionError(f"the layout ends before {name!r}")
        full_name, offset, size, _ = self._layout[self._next]
        if full_name.split(".")[-1] != name:
            raise AssertionError(f"expected a block called {name!r}, the layout has {full_name!r}")
        if size != int(np.prod(shape)):
            raise AssertionError(f"{full_name!r} has {size} entries, expected shape {shape}")
        if offset < self._end:
            raise AssertionError(f"{full_name!r} overlaps the block before it")
        self._next += 1
        self._end = offset + size
        where = slice(offset, offset + size)
        mask = np.ones(shape, dtype=bool) if mask is None else mask
        block = self.params[where].reshape(shape)
        if np.any(block[~mask] != 0.0):
            raise AssertionError(f"{full_name!r} has masked entries that are not zero")
        self.free[where] = mask.ravel()
        if weight:
            self.is_weight[where] = True
            seen = np.maximum(mask.sum(axis=1, keepdims=True), 1)
            self.fan_in[where] = np.broadcast_to(seen, shape).ravel()
        return block

    def finish(self):
        """Every block must have been taken."""
        if self._next != len(self._layout):
            raise AssertionError(f"blocks nobody took: {[block[0] for block in self._layout[self._next :]]}")
