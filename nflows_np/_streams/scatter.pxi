"""The engine's panels as rows of a table, in the units of its columns."""

cdef double _ATOM32 = 0.999e15, _ATOM64 = 0.999e100  # csrc/conditionals/atoms.cpp

ctypedef fused target:
    float
    double


cdef class Scatter(TableStream):
    """Panels to the rows of a table, in the columns' units: ``out[r, j] = panels[p, j, l] * scale[j] + loc[j]``.

    Parameters
    ----------
    out : ndarray of float32 or float64 of shape (n, n_features)
        Any strides. Overwritten.
    loc, scale : ndarray of float64 of shape (n_features,)
        Location and scale of the columns.
    dtype : float32 or float64
        Type of the panels.
    residuals : Residuals, optional
        Columns that stand for their residuals.
    marginals : Marginals, optional
        Monotone maps of the columns, whose inverses come first.
    links : Links, optional
        Elementary maps of the columns, whose inverses come last.

    Raises
    ------
    TypeError
        If a dtype is not one of those above.
    ValueError
        If a shape does not fit.

    Notes
    -----
    Computed in float64. A finite result beyond the range of `out` becomes its largest finite number of that
    sign. A finite result of a link is within the ends of its column, in the type of `out` too.

    Examples
    --------
    >>> import numpy as np
    >>> from nflows_np.columns import Scatter
    >>> panels = np.zeros((1, 2, 16))
    >>> panels[0, :, 0] = 1.0
    >>> out = np.empty((1, 2))
    >>> _ = Scatter(out, np.array([2.0, 20.0]), np.array([1.0, 10.0]), np.float64).move(panels)
    >>> out
    array([[ 3., 30.]])
    """

    def __init__(self, out, loc, scale, dtype, residuals=None, marginals=None, links=None):
        self.point_to(out, loc, scale, residuals, marginals, links)
        if self.table.kind not in (F4, F8) or not out.flags.writeable:
            raise TypeError(f"Scatter: the table must be writeable float32 or float64; got {described(out)}.")
        cdef bint single = np.dtype(dtype) == np.float32
        self.open(len(out), out.shape[1], dtype, _scatter32 if single else _scatter64, &self.table, False)


cdef void _scatter32(void* owner, Py_ssize_t first, Py_ssize_t count, void* panels) noexcept nogil:
    _scatter(<const Table*> owner, first, count, <float*> panels)


cdef void _scatter64(void* owner, Py_ssize_t first, Py_ssize_t count, void* panels) noexcept nogil:
    _scatter(<const Table*> owner, first, count, <double*> panels)


cdef void _scatter(const Table* table, Py_ssize_t first, Py_ssize_t count, number* panels) noexcept nogil:
    if table.kind == F4:
        _scatter_to(table, first, count, panels, <float*> table.data)
    else:
        _scatter_to(table, first, count, panels, <double*> table.data)


cdef void _scatter_to(
    const Table* table, Py_ssize_t first, Py_ssize_t count, number* panels, target* data
) noexcept nogil:
    cdef Py_ssize_t p, j, k, l, lanes, at
    cdef char* begin
    cdef double[LANES] x
    cdef double[LANES] z
    cdef double[LANES] other
    cdef double m, s, limit, least, most
    if target is float:
        limit = FLT_MAX
    else:
        limit = DBL_MAX
    for p in range(count):
        at = (first + p) * LANES
        begin = <char*> data + at * table.row_stride
        lanes = min(<Py_ssize_t> LANES, table.n_rows - at)
        for j in range(table.n_features):
            m = table.loc[j]
            s = table.scale[j]
            _unmapped(table, panels, j, z)
            if table.begins != NULL and table.begins[j] < table.begins[j + 1]:
                for l in range(LANES):
                    z[l] *= table.widths[j]
                for k in range(table.begins[j], table.begins[j + 1]):
                    _unmapped(table, panels, table.others[k], other)
                    for l in range(LANES):
                        z[l] += table.weights[k] * other[l]
            for l in range(LANES):
                x[l] = z[l] * s + m
            if not within(x, limit):
                for l in range(lanes):
                    x[l] = clamped(z[l], 2.0 * (z[l] * (0.5 * s) + 0.5 * m), limit)
            if is_linked(table, j):
                least = _innermost(table.low[j], table.links[j] == CIRCLE, limit, data)
                most = -_innermost(-table.high[j], False, limit, data)
                from_link(table, j, lanes, least, most, x)
            for l in range(lanes):
                (<target*> (begin + l * table.row_stride + j * table.column_stride))[0] = <target> x[l]
        panels += table.n_features * LANES


cdef void _unmapped(const Table* table, const number* panel, Py_ssize_t j, double* z) noexcept nogil:
    """Column j of a panel, before its map."""
    cdef Py_ssize_t l
    cdef double place
    for l in range(LANES):
        z[l] = <double> panel[j * LANES + l]
    if table.links != NULL and table.apart[j] == 2:  # atoms stand where the engine holds numbers
        place = _ATOM32 if number is float else _ATOM64
        for l in range(LANES):
            if fabs(z[l]) >= place:
                z[l] = INFINITY if z[l] > 0.0 else -INFINITY
    if is_mapped(table, j):
        from_scores(table, j, z)


cdef inline double _innermost(double end, bint closed, double limit, const target* of) noexcept nogil:
    """The least number of a table's type above an end, or at it where the end belongs to the column."""
    cdef target found = <target> end
    if found < end or (found == end and not closed):
        if target is float:
            found = nextafterf(found, INFINITY)
        else:
            found = nextafter(found, INFINITY)
    return max(-limit, min(limit, <double> found))
