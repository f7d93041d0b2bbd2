"""An engine's flow on plain rows, (n, n_features) arrays, instead of panels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LANES = 16
DIRECTIONS = ("forward", "inverse")

Rows = NDArray[Any]


def to_panels(rows: Rows, dtype: Any = np.float64) -> Rows:
    """Lay rows out as the engine's panels.

    Parameters
    ----------
    rows : ndarray of shape (n, n_features)
    dtype : dtype, default=float64
        The flow's: float32 or float64.

    Returns
    -------
    panels : ndarray of shape (ceil(n / 16), n_features, 16)
        Row r is lane r % 16 of panel r // 16; the lanes beyond the last row are zero.
    """
    n, n_features = rows.shape
    n_panels = -(-n // LANES)
    padded = np.zeros((n_panels * LANES, n_features), dtype=dtype)
    padded[:n] = rows
    return np.ascontiguousarray(padded.reshape(n_panels, LANES, n_features).transpose(0, 2, 1))


def from_panels(panels: Rows, n: int) -> Rows:
    """Take the first rows out of panels.

    Parameters
    ----------
    panels : ndarray of shape (n_panels, n_features, 16)
    n : int
        How many rows.

    Returns
    -------
    rows : ndarray of shape (n, n_features)
    """
    n_panels, n_features, _ = panels.shape
    return np.ascontiguousarray(panels.transpose(0, 2, 1).reshape(n_panels * LANES, n_features)[:n])


def dtype_of(flow: Any) -> np.dtype[Any]:
    """The precision of an engine's flow."""
    return np.dtype(flow.get_params().dtype)


def apply(
    flow: Any, direction: str, rows: Rows, context: Rows | None = None, n_threads: int = 1
) -> tuple[Rows, Rows]:
    """Send rows through an engine's flow.

    Parameters
    ----------
    flow : Flow32 or Flow64
    direction : {"forward", "inverse"}
        From data to latent, or back.
    rows : ndarray of shape (n, n_features)
    context : ndarray of shape (n, n_context), optional
    n_threads : int, default=1

    Returns
    -------
    out : ndarray of shape (n, n_features)
    log_det : ndarray of shape (n,), float64
        The logarithm of the absolute Jacobian determinant of that direction, in nats.
    """
    dtype = dtype_of(flow)
    context_panels = None if context is None else to_panels(context, dtype)
    panels, log_det = getattr(flow, direction)(to_panels(rows, dtype), len(rows), context_panels, n_threads)
    return from_panels(panels, len(rows)), log_det


def vjp(
    flow: Any, direction: str, rows: Rows, context: Rows | None, d_out: Rows, d_log_det: Rows
) -> tuple[Rows, Rows, Rows | None]:
    """Compute the gradient of ``sum(d_out * out) + sum(d_log_det * log_det)``.

    Parameters
    ----------
    flow : Flow32 or Flow64
    direction : {"forward", "inverse"}
    rows : ndarray of shape (n, n_features)
        The point at which to differentiate.
    context : ndarray of shape (n, n_context) or None
    d_out : ndarray of shape (n, n_features)
        The factors of the outputs.
    d_log_det : ndarray of shape (n,)
        The factors of the log-dets.

    Returns
    -------
    d_rows : ndarray of shape (n, n_features)
    d_params : ndarray of shape (n_params,)
    d_context : ndarray of shape (n, n_context), or None without a context
    """
    dtype, n = dtype_of(flow), len(rows)
    context_panels = None if context is None else to_panels(context, dtype)
    d_rows, d_params, d_context = getattr(flow, f"{direction}_vjp")(
        to_panels(rows, dtype), n, to_panels(d_out, dtype), d_log_det.astype(dtype), context_panels
    )
    return from_panels(d_rows, n), d_params, None if d_context is None else from_panels(d_context, n)
