# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Rows of a user's array to the engine's panels, scaled, and back.

A panel holds 16 rows feature after feature: in an array of shape (n_panels, n_features, 16), entry [p, j, l]
is feature j of row 16 p + l; the lanes after the last row are zero.

A. The table is never copied as floats: each value is read where it lies (any stride, order, integer or float
   type, memory-mapped or not), scaled in float64 and written once, in the panels' type.
B. Within a panel the loop over features is outside and the one over lanes inside. The 16 rows of a panel fit
   the first cache level whether the table is stored by rows or by columns, the output is written in order,
   and scaling 16 numbers by one location and one scale is what the compiler vectorises.
C. A finite value stays finite. Where x - loc overflows, or the result leaves the range of the target type, 16
   numbers are worked out again with care; the check costs one comparison a number.
D. Nothing depends on the grouping: a row's numbers are the same bits whichever rows come with it.
"""

cimport numpy as cnp
from libc.float cimport DBL_MAX, FLT_MAX
from libc.math cimport fabs, isfinite
from libc.stdint cimport (
    int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t,
)

import numpy as np

cnp.import_array()

cdef enum:
    LANES_ = 16

LANES = LANES_
"""Rows of a panel."""

# Rows converted at a time where values cannot be read in place: float16, long double, foreign byte order,
# misaligned memory.
cdef Py_ssize_t CONVERTED_ROWS = 256 * LANES_

ctypedef fused source:
    float
    double
    int8_t
    int16_t
    int32_t
    int64_t
    uint8_t
    uint16_t
    uint32_t
    uint64_t

ctypedef fused panel:
    float
    double

ctypedef fused target:
    float
    double


def n_panels(Py_ssize_t n):
    """Return how many panels hold `n` rows."""
    return (n + LANES_ - 1) // LANES_


def gather(X, rows, loc, scale, out):
    """Gather rows of a table into panels, standardised: ``out[p, j, l] = (X[r, j] - loc[j]) / scale[j]``.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        Any boolean, integer or real dtype, any strides; may be read-only or a memory map. Not copied.
    rows : ndarray of int64 of shape (n,), slice, or pair (start, stop)
        The rows, in the order of the lanes. Indices count from 0 and may repeat; a slice has step 1.
    loc, scale : ndarray of float64 of shape (n_features,)
        Location and scale of the columns, in their units.
    out : ndarray of float32 or float64 of shape (ceil(n / 16), n_features, 16), C-contiguous
        Overwritten, lanes after row `n` with zero.

    Returns
    -------
    n : int
        Number of rows gathered.

    Raises
    ------
    TypeError
        If a dtype is not one of those above.
    ValueError
        If a shape or a memory layout does not fit.
    IndexError
        If a row is outside the table; nothing is written then.

    Notes
    -----
    Computed in float64. A finite result beyond the range of `out` becomes its largest finite number of that
    sign; infinities and NaN in the table stay what they are. The GIL is released.

    Examples
    --------
    >>> import numpy as np
    >>> from nflows_np.columns import gather
    >>> X = np.array([[1, 10], [2, 20], [3, 30]], dtype=np.int16)
    >>> panels = np.empty((1, 2, 16), dtype=np.float32)
    >>> gather(X, np.array([2, 0]), np.array([2.0, 20.0]), np.array([1.0, 10.0]), panels)
    2
    >>> panels[0, :, :3]
    array([[ 1., -1.,  0.],
           [ 1., -1.,  0.]], dtype=float32)
    """
    if not isinstance(X, np.ndarray) or X.ndim != 2:
        raise ValueError(f"gather: X must be a 2-D ndarray; got {_described(X)}.")
    if X.dtype.kind not in "biuf":
        raise TypeError(f"gather: X must be boolean, integer or real; got dtype {X.dtype}.")
    cdef Py_ssize_t n_rows = X.shape[0], n_features = X.shape[1], start = 0, n, step
    cdef const int64_t[::1] indices = None
    if isinstance(rows, (slice, tuple)):
        start, stop, step = rows.indices(n_rows) if isinstance(rows, slice) else (*rows, 1)
        if step != 1 or not 0 <= start <= n_rows or stop > n_rows:
            raise IndexError(f"gather: rows must be a slice of {n_rows} rows with step 1; got {rows}.")
        n = max(0, stop - start)
    else:
        if not isinstance(rows, np.ndarray) or rows.ndim != 1 or rows.dtype != np.int64:
            raise TypeError(f"gather: rows must be a 1-D int64 ndarray or a slice; got {_described(rows)}.")
        indices = np.ascontiguousarray(rows)
        n = indices.shape[0]
        _check_indices(indices, n_rows)
    _check_columns("gather", loc, scale, n_features)
    _check_panels("gather", "out", out, n_panels(n), n_features)
    if n == 0 or n_features == 0:
        return n

    if X.dtype.kind == "b":
        X = X.view(np.uint8)
    if X.dtype.isnative and X.flags.aligned and (X.dtype.kind != "f" or X.dtype.itemsize in (4, 8)):
        _gather(X, indices, start, n, loc, scale, out)
        return n
    for first in range(0, n, CONVERTED_ROWS):
        last = min(first + CONVERTED_ROWS, n)
        part = slice(start + first, start + last) if indices is None else rows[first:last]
        block = np.asarray(X[part], dtype=np.float64)
        _gather(block, None, 0, last - first, loc, scale, out[first // LANES_:])
    return n


def scatter(panels, n, loc, scale, out):
    """Scatter panels to rows, in the columns' units: ``out[r, j] = panels[p, j, l] * scale[j] + loc[j]``.

    Parameters
    ----------
    panels : ndarray of float32 or float64 of shape (ceil(n / 16), n_features, 16), C-contiguous
    n : int
        Number of rows.
    loc, scale : ndarray of float64 of shape (n_features,)
        Location and scale of the columns.
    out : ndarray of float32 or float64 of shape (n, n_features)
        Any strides. Overwritten.

    Raises
    ------
    TypeError
        If a dtype is not one of those above.
    ValueError
        If a shape or a memory layout does not fit.

    Notes
    -----
    Computed in float64. A finite result beyond the range of `out` becomes its largest finite number of that
    sign. The GIL is released.

    Examples
    --------
    >>> import numpy as np
    >>> from nflows_np.columns import scatter
    >>> panels = np.zeros((1, 2, 16))
    >>> panels[0, :, 0] = 1.0
    >>> out = np.empty((1, 2))
    >>> scatter(panels, 1, np.array([2.0, 20.0]), np.array([1.0, 10.0]), out)
    >>> out
    array([[ 3., 30.]])
    """
    if not isinstance(out, np.ndarray) or out.ndim != 2 or out.shape[0] != n:
        raise ValueError(f"scatter: out must be an ndarray of {n} rows; got {_described(out)}.")
    if out.dtype not in (np.float32, np.float64) or not out.flags.aligned or not out.flags.writeable:
        raise TypeError(f"scatter: out must be writeable float32 or float64; got {_described(out)}.")
    _check_columns("scatter", loc, scale, out.shape[1])
    _check_panels("scatter", "panels", panels, n_panels(n), out.shape[1])
    if out.size:
        _scatter(panels, loc, scale, out)


def _gather(
    const source[:, :] X, const int64_t[::1] indices, Py_ssize_t start, Py_ssize_t n,
    const double[::1] loc, const double[::1] scale, panel[:, :, ::1] out,
):
    cdef Py_ssize_t p, j, l, lanes
    cdef Py_ssize_t[LANES_] row
    cdef double[LANES_] x
    cdef double[LANES_] z
    cdef double m, s, limit
    cdef bint given = indices is not None, inside
    if panel is float:
        limit = FLT_MAX
    else:
        limit = DBL_MAX
    with nogil:
        for p in range((n + LANES_ - 1) // LANES_):
            lanes = min(<Py_ssize_t> LANES_, n - p * LANES_)
            for l in range(lanes):
                row[l] = indices[p * LANES_ + l] if given else start + p * LANES_ + l
            for j in range(X.shape[1]):
                m = loc[j]
                s = scale[j]
                for l in range(lanes):
                    x[l] = <double> X[row[l], j]
                for l in range(lanes, LANES_):
                    x[l] = m
                inside = True
                for l in range(LANES_):
                    z[l] = (x[l] - m) / s
                    inside = inside & (fabs(z[l]) <= limit)
                if not inside:
                    for l in range(LANES_):
                        z[l] = _clamped(x[l], 2.0 * ((0.5 * x[l] - 0.5 * m) / s), limit)
                for l in range(LANES_):
                    out[p, j, l] = <panel> z[l]


def _scatter(const panel[:, :, ::1] panels, const double[::1] loc, const double[::1] scale, target[:, :] out):
    cdef Py_ssize_t p, j, l, lanes, n = out.shape[0]
    cdef double[LANES_] x
    cdef double m, s, z, limit
    cdef bint inside
    if target is float:
        limit = FLT_MAX
    else:
        limit = DBL_MAX
    with nogil:
        for p in range((n + LANES_ - 1) // LANES_):
            lanes = min(<Py_ssize_t> LANES_, n - p * LANES_)
            for j in range(out.shape[1]):
                m = loc[j]
                s = scale[j]
                inside = True
                for l in range(lanes):
                    x[l] = <double> panels[p, j, l] * s + m
                    inside = inside & (fabs(x[l]) <= limit)
                if not inside:
                    for l in range(lanes):
                        z = <double> panels[p, j, l]
                        x[l] = _clamped(z, 2.0 * (z * (0.5 * s) + 0.5 * m), limit)
                for l in range(lanes):
                    out[p * LANES_ + l, j] = <target> x[l]


cdef inline double _clamped(double argument, double value, double limit) noexcept nogil:
    """`value`, kept within the limits if what it was computed from is finite."""
    if isfinite(argument):
        return max(-limit, min(limit, value))
    return value


def _check_indices(const int64_t[::1] indices, Py_ssize_t n_rows):
    cdef Py_ssize_t i, bad = -1
    with nogil:
        for i in range(indices.shape[0]):
            if indices[i] < 0 or indices[i] >= n_rows:
                bad = i
                break
    if bad >= 0:
        raise IndexError(f"gather: rows[{bad}] = {indices[bad]} is not a row of {n_rows}.")


def _check_columns(where, loc, scale, n_features):
    for name, value in (("loc", loc), ("scale", scale)):
        if not isinstance(value, np.ndarray) or value.dtype != np.float64 or not value.flags.c_contiguous:
            raise TypeError(f"{where}: {name} must be a contiguous float64 ndarray; got {_described(value)}.")
        if value.shape != (n_features,):
            raise ValueError(f"{where}: {name} must have shape ({n_features},); got {value.shape}.")


def _check_panels(where, name, panels, count, n_features):
    if not isinstance(panels, np.ndarray) or panels.dtype not in (np.float32, np.float64):
        raise TypeError(f"{where}: {name} must be a float32 or float64 ndarray; got {_described(panels)}.")
    in_order = panels.flags.c_contiguous and panels.flags.aligned
    if panels.shape != (count, n_features, LANES_) or not in_order:
        raise ValueError(
            f"{where}: {name} must be C-contiguous of shape ({count}, {n_features}, {LANES_}); "
            f"got {_described(panels)}."
        )
    if name == "out" and not panels.flags.writeable:
        raise ValueError(f"{where}: out must be writeable.")


def _described(value):
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    return type(value).__name__
