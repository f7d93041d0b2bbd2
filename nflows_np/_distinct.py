"""Distinct rows: rows that occur more than once become one row of a larger weight.

A chain that stays where it is, a bootstrap, an oversampled class repeat rows. A copy tells nothing new, and one copy
among the training rows with another among those that judge makes any memory of rows look like knowledge.

Rows are compared by a hash of their bits, block by block, and what seems equal is compared once more: no row is merged
with another that differs. The first copy stands for all.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nflows_np import _weights
from nflows_np._model import blocks
from nflows_np.training_state import Rows

# Rows that are hashed and compared at a time.
BLOCK_ROWS = 65_536

# The odd multiplier and the shift of a multiplicative hash: 2^64 over the golden ratio, after Knuth.
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(32)


def first_copies(X: NDArray[Any], index: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each of the rows ``X[index]``, the position in ``index`` of the first row that equals it.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        Real numbers. -0 equals 0, and NaN, a left-out cell, NaN.
    index : ndarray of int64
        The rows to compare.

    Returns
    -------
    first : ndarray of int64, of the shape of `index`
    """
    n = len(index)
    hashes = np.empty(n, dtype=np.uint64)
    for part in blocks(n, BLOCK_ROWS):
        hashes[part] = _hashed(X[index[part]])
    ordered = np.sort(hashes)
    if np.all(ordered[1:] != ordered[:-1]):  # as in most tables
        return np.arange(n)
    order = np.argsort(hashes, kind="stable")
    begins = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    first = np.empty(n, dtype=np.int64)
    first[order] = np.repeat(order[begins], np.diff(begins, append=n))
    copies = np.flatnonzero(first != np.arange(n))
    for part in blocks(len(copies), BLOCK_ROWS):
        these = copies[part]
        one, other = X[index[these]], X[index[first[these]]]
        differ = np.any((one != other) & ((one == one) | (other == other)), axis=1)
        first[these[differ]] = these[differ]
    return first


def merged(rows: Rows, first: NDArray[np.int64]) -> Rows:
    """The distinct rows in the order of their first appearance, with the weights of all their copies.

    Rows that are all equal stay as they are: their columns are constant, which a single row would not show.
    """
    kept = np.flatnonzero(first == np.arange(len(first)))
    if len(kept) in (1, len(first)):
        return rows
    own = np.ones(len(first)) if rows.weights is None else _weights.scaled(rows.weights[rows.index])
    totals = np.bincount(first, own, minlength=len(first))[kept]
    if np.all(totals == totals[0]):
        return Rows(rows.X, rows.index[kept])
    weights = np.zeros(len(rows.X))
    weights[rows.index[kept]] = totals
    return Rows(rows.X, rows.index[kept], weights)


def _hashed(block: NDArray[Any]) -> NDArray[np.uint64]:
    """A hash of every row's bits."""
    hashes = np.zeros(len(block), dtype=np.uint64)
    for column in block.T:
        for bits in _bits(column):
            hashes = (hashes ^ bits) * _MULTIPLIER
            hashes ^= hashes >> _SHIFT
    return hashes


def _bits(column: NDArray[Any]) -> list[NDArray[np.uint64]]:
    """The bits of numbers as integers, in one array or two; the same ones for numbers that are equal."""
    if column.dtype.kind != "f":
        return [column.astype(np.int64).view(np.uint64)]
    if column.dtype.itemsize > 8:  # the bytes of a long double are not all its own
        high = column.astype(np.float64)
        return [*_bits(high), *_bits((column - high).astype(np.float64))]
    column = column + column.dtype.type(0)  # which turns -0 into 0
    return [column.view(f"u{column.dtype.itemsize}").astype(np.uint64)]
