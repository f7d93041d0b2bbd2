"""The laws of the maps themselves: round trip, log-det, bits, tails."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ._differences import assert_mostly_smooth, assert_small, by_columns
from ._rows import DIRECTIONS, Rows, apply, dtype_of

ROUND_TRIP_RTOL = {"float32": 1e-4, "float64": 1e-9}


class RoundTrip(NamedTuple):
    """The largest relative errors of a round trip: of rows, and of log-dets that should cancel."""

    rows: float
    log_det: float


def check_round_trip(
    flow: Any, rows: Rows, context: Rows | None = None, *, rtol: float | None = None
) -> RoundTrip:
    """Assert that the two directions undo each other and that their log-dets cancel.

    Parameters
    ----------
    flow : Flow32 or Flow64
        An engine's flow.
    rows : ndarray of shape (n, n_features)
        Taken as data, then as latent rows.
    context : ndarray of shape (n, n_context), optional
    rtol : float, optional
        Allowed error of an entry, relative to the row's largest entry on either side of the flow, or to 1;
        and of a log-det, relative to it or to 1. By default 1e-9 in float64 and 1e-4 in float32.

    Returns
    -------
    worst : RoundTrip
        The largest relative errors found, of ``rows`` and of ``log_det``.

    Raises
    ------
    AssertionError
        Says which direction fails and by how much.
    """
    rtol = ROUND_TRIP_RTOL[dtype_of(flow).name] if rtol is None else rtol
    rows = rows.astype(dtype_of(flow))
    worst = RoundTrip(0.0, 0.0)
    for there, back in (DIRECTIONS, DIRECTIONS[::-1]):
        middle, log_det = apply(flow, there, rows, context)
        again, log_det_back = apply(flow, back, middle, context)
        size = np.maximum(1.0, np.abs([rows, middle]).max(axis=(0, 2), initial=0.0))
        error = np.abs(again.astype(np.float64) - rows).max(axis=1, initial=0.0) / size
        assert_small(error, rtol, f"{back}({there}(x)) differs from x, relative to the row")
        left = np.abs(log_det + log_det_back) / np.maximum(1.0, np.abs(log_det))
        assert_small(left, rtol, f"the log-dets of {there} and {back} do not cancel")
        worst = RoundTrip(max(worst.rows, *error), max(worst.log_det, *left)) if len(rows) else worst
    return worst


def check_log_det(
    flow: Any, rows: Rows, context: Rows | None = None, *, atol: float = 1e-8, kink: float | None = None
) -> float:
    r"""Assert that log-dets equal :math:`\log|\det|` of a numerical Jacobian, in both directions.

    Parameters
    ----------
    flow : Flow64
    rows : ndarray of shape (n, n_features)
    context : ndarray of shape (n, n_context), optional
    atol : float, default=1e-8
        Allowed error in nats of a log-det below 1, and relative to it above.
    kink : float, optional
        Rows at which Jacobians at two steps differ by more than this, relative to their size and one, are left out.
        By default ``0.1 * atol``.

    Returns
    -------
    worst : float
        The largest error found.

    Raises
    ------
    AssertionError
        Says which direction fails and by how much, or that the map is not smooth enough to tell.
    """
    worst = 0.0
    for direction in DIRECTIONS:
        worst = max(
            worst, _check_log_det(flow, direction, rows, context, atol, 0.1 * atol if kink is None else kink)
        )
    return worst


def _check_log_det(
    flow: Any, direction: str, rows: Rows, context: Rows | None, atol: float, kink: float
) -> float:
    def outputs(moved: Rows) -> Rows:
        copies = len(moved) // len(rows)
        return apply(flow, direction, moved, None if context is None else np.tile(context, (copies, 1)))[0]

    _, log_det = apply(flow, direction, rows, context)
    jacobian, wide = (np.moveaxis(side, 0, -1) for side in by_columns(outputs, rows))  # (n, out, in)
    size = 1.0 + np.abs(jacobian).max(axis=(1, 2))
    smooth = np.abs(jacobian - wide).max(axis=(1, 2)) <= kink * size
    assert_mostly_smooth(smooth, f"{direction}'s Jacobian")
    expected = np.linalg.slogdet(jacobian[smooth])[1]
    error = np.abs(log_det[smooth] - expected) / np.maximum(1.0, np.abs(expected))
    assert_small(error, atol, f"{direction}'s log-det differs from log|det| of the numerical Jacobian")
    return float(error.max(initial=0.0))


def check_batch_invariance(flow: Any, rows: Rows, context: Rows | None = None) -> None:
    """Assert that a row's result has the same bits whatever rows stand beside it, and whoever computes it.

    Parameters
    ----------
    flow : Flow32 or Flow64
    rows : ndarray of shape (n, n_features)
    context : ndarray of shape (n, n_context), optional

    Raises
    ------
    AssertionError
        Says for which choice of rows the bits differ.
    """
    n = len(rows)
    choices = {
        "a permutation": np.random.default_rng(n).permutation(n),
        "every third": np.arange(0, n, 3),
        "the last": np.arange(n)[-1:],
    }
    for direction in DIRECTIONS:
        out, log_det = apply(flow, direction, rows, context)
        for what, chosen in choices.items():
            part = apply(flow, direction, rows[chosen], None if context is None else context[chosen])
            _assert_same_bits(part, (out[chosen], log_det[chosen]), f"{direction}, {what} of the rows")
        threaded = apply(flow, direction, rows, context, n_threads=2)
        _assert_same_bits(threaded, (out, log_det), f"{direction}, two threads")


def _assert_same_bits(values: tuple[Rows, Rows], expected: tuple[Rows, Rows], what: str) -> None:
    for name, a, b in zip(("rows", "log-dets"), values, expected, strict=True):
        if a.tobytes() != np.ascontiguousarray(b).tobytes():
            raise AssertionError(f"{what}: the bits of the {name} are not those of the whole batch")


def check_tails(flow: Any, n_features: int, context_row: Rows | None = None) -> None:
    """Assert that rows far in the tails, at 1e6 and 1e30 of either sign, give no NaN.

    Parameters
    ----------
    flow : Flow32 or Flow64
    n_features : int
    context_row : ndarray of shape (n_context,), optional
        The context of all rows.

    Raises
    ------
    AssertionError
        Says in which direction the NaN stands.
    """
    signs = np.where(np.random.default_rng(0).random((8, n_features)) < 0.5, -1.0, 1.0)
    rows = np.concatenate([size * signs for size in (1e6, 1e30)])
    context = None if context_row is None else np.tile(context_row, (len(rows), 1))
    for direction in DIRECTIONS:
        for what, values in zip(("rows", "log-dets"), apply(flow, direction, rows, context), strict=True):
            if np.isnan(values).any():
                raise AssertionError(f"{direction}: NaN among the {what} of rows far in the tails")
