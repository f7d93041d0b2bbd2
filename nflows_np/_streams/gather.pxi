"""Rows of a user's table as the engine's panels, scaled.

A. The table is never copied as floats: each value is read where it lies (any stride, order, integer or float
   type, memory-mapped or not), scaled in float64 and written once, in the panels' type, by the thread that is
   about to work on it.
B. Within a panel the loop over features is outside and the one over lanes inside. The 16 rows of a panel fit
   the first cache level whether the table is stored by rows or by columns, the output is written in order,
   and scaling 16 numbers by one location and one scale is what the compiler vectorises.
C. A finite value stays finite. Where x - loc overflows, or the result leaves the range of the target type, 16
   numbers are worked out again with care; the check costs one comparison a number.
D. Nothing depends on the grouping: a row's numbers are the same bits whichever rows come with it.
"""


cdef class Gather(TableStream):
    """Rows of a table as panels, standardised: ``(X[r, j] - loc[j]) / scale[j]``, or what is left of it.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        Any boolean, integer or real dtype, any strides; may be read-only or a memory map. Not copied, but for
        the rows asked for where they cannot be read in place: float16, long double, foreign byte order,
        misaligned memory.
    rows : ndarray of int64 of shape (n,), or slice
        The rows, in the order of the lanes. Indices count from 0 and may repeat; a slice has step 1.
    loc, scale : ndarray of float64 of shape (n_features,)
        Location and scale of the columns, in their units.
    dtype : float32 or float64
        Type of the panels.
    residuals : Residuals, optional
        Columns that stand for their residuals.
    marginals : Marginals, optional
        Monotone maps of the columns, which come last.
    log_jacobian : ndarray of float64 of shape (n,), optional
        Where `move` leaves the log-Jacobian of each row by links and maps; cells that are NaN or infinite after the
        link count 0.
    links : Links, optional
        Elementary maps of the columns, which come first.

    Raises
    ------
    TypeError
        If a dtype is not one of those above.
    ValueError
        If a shape does not fit.
    IndexError
        If a row is outside the table.

    Notes
    -----
    Computed in float64. A finite result beyond the range of `dtype` becomes its largest finite number of that
    sign; infinities and NaN in the table stay what they are.

    Examples
    --------
    >>> import numpy as np
    >>> from nflows_np.columns import Gather
    >>> X = np.array([[1, 10], [2, 20], [3, 30]], dtype=np.int16)
    >>> rows = Gather(X, np.array([2, 0]), np.array([2.0, 20.0]), np.array([1.0, 10.0]), np.float32)
    >>> rows.move(np.empty(rows.shape, rows.dtype))[0, :, :3]
    array([[ 1., -1.,  0.],
           [ 1., -1.,  0.]], dtype=float32)
    """

    def __init__(self, X, rows, loc, scale, dtype, residuals=None, marginals=None, log_jacobian=None, links=None):
        self.point_to(X, loc, scale, residuals, marginals, links)
        if X.dtype.kind not in "biuf":
            raise TypeError(f"Gather: the table must be boolean, integer or real; got dtype {X.dtype}.")
        rows, n = _checked_rows(rows, len(X))
        if self.table.kind == NOT_IN_PLACE:
            self.point_to(np.array(X[rows], dtype=np.float64), loc, scale, residuals, marginals, links)
            rows = slice(0, n)
        if isinstance(rows, slice):
            self.table.start = rows.start
        else:
            self.table.rows = <const int64_t*> data_of(rows)
        self.table.n_rows = n
        if log_jacobian is not None:
            if log_jacobian.shape != (n,) or log_jacobian.dtype != np.float64 or not log_jacobian.flags.c_contiguous:
                raise ValueError(
                    f"Gather: log_jacobian must be contiguous float64 of shape ({n},); got {described(log_jacobian)}."
                )
            self.table.log_jacobian = <double*> data_of(log_jacobian)
        self._owned = self._owned, rows, log_jacobian
        cdef bint single = np.dtype(dtype) == np.float32
        self.open(
            n, X.shape[1], dtype, _move32 if single else _move64, &self.table, False,
            _gather32 if single else _gather64,
        )


cdef _checked_rows(rows, Py_ssize_t n_rows):
    """Return the rows as a slice from a start on or as contiguous indices, and how many they are."""
    cdef const int64_t* indices
    cdef Py_ssize_t i
    if isinstance(rows, slice):
        start, stop, step = rows.indices(n_rows)
        if step != 1:
            raise IndexError(f"Gather: rows must be a slice of {n_rows} rows with step 1; got {rows}.")
        return slice(start, max(start, stop)), max(0, stop - start)
    if not isinstance(rows, np.ndarray) or rows.ndim != 1 or rows.dtype != np.int64:
        raise TypeError(f"Gather: rows must be a 1-D int64 ndarray or a slice; got {described(rows)}.")
    rows = np.ascontiguousarray(rows)
    indices = <const int64_t*> data_of(rows)
    for i in range(len(rows)):
        if indices[i] < 0 or indices[i] >= n_rows:
            raise IndexError(f"Gather: rows[{i}] = {indices[i]} is not a row of {n_rows}.")
    return rows, len(rows)


# Panels in the table's order, and rows in any: `chosen` lists places among the table's rows, null for those from `at` on.

cdef void _move32(void* owner, Py_ssize_t first, Py_ssize_t count, void* panels) noexcept nogil:
    cdef const Table* table = <const Table*> owner
    _gather(table, NULL, first * LANES, min(count * LANES, table.n_rows - first * LANES), <float*> panels)


cdef void _move64(void* owner, Py_ssize_t first, Py_ssize_t count, void* panels) noexcept nogil:
    cdef const Table* table = <const Table*> owner
    _gather(table, NULL, first * LANES, min(count * LANES, table.n_rows - first * LANES), <double*> panels)


cdef void _gather32(void* owner, const int64_t* chosen, Py_ssize_t n, void* panels) noexcept nogil:
    _gather(<const Table*> owner, chosen, 0, n, <float*> panels)


cdef void _gather64(void* owner, const int64_t* chosen, Py_ssize_t n, void* panels) noexcept nogil:
    _gather(<const Table*> owner, chosen, 0, n, <double*> panels)


cdef void _gather(const Table* table, const int64_t* chosen, Py_ssize_t at, Py_ssize_t n, number* out) noexcept nogil:
    cdef Py_ssize_t p, first, j, l, lanes, place, row
    cdef const char* begin[LANES]
    cdef double[LANES] z
    cdef double[LANES] log_slopes
    cdef double* wanted = NULL
    cdef double limit
    if number is float:
        limit = FLT_MAX
    else:
        limit = DBL_MAX
    if chosen == NULL and table.log_jacobian != NULL:
        wanted = log_slopes
    for p in range((n + LANES - 1) // LANES):
        first = p * LANES
        lanes = min(<Py_ssize_t> LANES, n - first)
        for l in range(lanes):
            place = chosen[first + l] if chosen != NULL else at + first + l
            row = table.rows[place] if table.rows != NULL else table.start + place
            begin[l] = table.data + row * table.row_stride
        for l in range(LANES):
            log_slopes[l] = 0.0
        for j in range(table.n_features):
            if table.begins == NULL or table.begins[j] == table.begins[j + 1]:
                _scaled(table, begin, j, lanes, limit, z, wanted)
            else:
                _residual(table, begin, j, lanes, limit, z, wanted)
            if is_mapped(table, j):
                to_scores(table, j, z, limit, wanted)
            if wanted != NULL and table.links != NULL and table.own[j] != 0.0:
                for l in range(lanes):
                    wanted[l] += table.own[j] if isfinite(z[l]) else 0.0
            for l in range(lanes, LANES):
                z[l] = 0.0
            for l in range(LANES):
                out[l] = <number> z[l]
            out += LANES
        if wanted != NULL:
            for l in range(lanes):
                table.log_jacobian[at + first + l] = log_slopes[l]


cdef void _scaled(
    const Table* table, const char** rows, Py_ssize_t j, Py_ssize_t lanes, double limit, double* z, double* log_slopes
) noexcept nogil:
    """Column j of some rows, linked and scaled; in the lanes beyond them any finite numbers."""
    cdef double[LANES] x
    cdef Py_ssize_t l
    cdef double m = table.loc[j], s = table.scale[j]
    _read(table, rows, j, lanes, x)
    if is_linked(table, j):
        to_link(table, j, lanes, x, log_slopes)
    for l in range(lanes, LANES):
        x[l] = m
    for l in range(LANES):
        z[l] = (x[l] - m) / s
    if not within(z, limit):
        for l in range(LANES):
            z[l] = clamped(x[l], 2.0 * ((0.5 * x[l] - 0.5 * m) / s), limit)


cdef void _residual(
    const Table* table, const char** rows, Py_ssize_t j, Py_ssize_t lanes, double limit, double* z, double* log_slopes
) noexcept nogil:
    """What the other columns leave of column j. Scaled columns are held where their products stay finite."""
    cdef double[LANES] other
    cdef Py_ssize_t k, l
    cdef double width = table.widths[j]
    _scaled(table, rows, j, lanes, _FAR, z, log_slopes)
    for k in range(table.begins[j], table.begins[j + 1]):
        _scaled(table, rows, table.others[k], lanes, _FAR, other, NULL)
        for l in range(LANES):
            z[l] -= table.weights[k] * other[l]
    for l in range(LANES):
        z[l] = clamped(z[l], z[l] / width, limit)
