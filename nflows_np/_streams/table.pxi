"""What the ways into panels and back share: a table of numbers and the scaling of its columns, checked."""

cdef enum Kind:
    F4, F8, I1, I2, I4, I8, U1, U2, U4, U8, NOT_IN_PLACE

cdef struct Table:
    char* data
    Py_ssize_t row_stride, column_stride  # bytes
    Kind kind
    const int64_t* rows  # null: those from `start` on
    Py_ssize_t start, n_rows, n_features
    const int64_t* links  # null, or the code of each column's link of columns/links.py
    const double* low
    const double* high
    const double* own
    const int64_t* apart
    const double* loc
    const double* scale
    const int64_t* begins  # null, or the first of each column's terms of columns/residuals.py
    const int64_t* others
    const double* weights
    const double* widths
    const int64_t* knots  # null, or the first of each column's knots of columns/marginals.py
    const double* knot_x
    const double* knot_scores
    const double* knot_slopes
    const double* reach
    double* log_jacobian  # null, or where the share of links and maps in it is wanted, row by row

_NUMBER_KINDS = {
    "f4": F4, "f8": F8, "i1": I1, "i2": I2, "i4": I4, "i8": I8, "u1": U1, "u2": U2, "u4": U4, "u8": U8, "b1": U1,
}


def is_in_place(X):
    """Whether the numbers of an array can be read where they lie."""
    return X.dtype.isnative and X.flags.aligned and X.dtype.str[1:] in _NUMBER_KINDS


cdef class TableStream(PanelStream):
    """Panels that come from, or go to, the rows of a table with scaled columns."""

    cdef Table table
    cdef object _owned  # what the table points to

    cdef point_to(self, X, loc, scale, residuals, marginals, links):
        """Let the table be all rows of an array; its kind says whether its numbers can be read in place."""
        who = type(self).__name__
        if not isinstance(X, np.ndarray) or X.ndim != 2:
            raise ValueError(f"{who}: the table must be a 2-D ndarray; got {described(X)}.")
        for name, value in (("loc", loc), ("scale", scale)):
            if not isinstance(value, np.ndarray) or value.dtype != np.float64 or not value.flags.c_contiguous:
                raise TypeError(f"{who}: {name} must be a contiguous float64 ndarray; got {described(value)}.")
            if value.shape != (X.shape[1],):
                raise ValueError(f"{who}: {name} must have shape ({X.shape[1]},); got {value.shape}.")
        self.table.kind = _NUMBER_KINDS[X.dtype.str[1:]] if is_in_place(X) else NOT_IN_PLACE
        self.table.data = <char*> data_of(X)
        self.table.row_stride, self.table.column_stride = X.strides
        self.table.rows = NULL
        self.table.start = 0
        self.table.n_rows, self.table.n_features = X.shape
        self.table.loc = <const double*> data_of(loc)
        self.table.scale = <const double*> data_of(scale)
        self._owned = X, loc, scale
        self.table.begins = NULL
        if residuals is not None:
            begins, others, weights, widths = residuals.terms()
            if len(widths) != X.shape[1]:
                raise ValueError(f"{who}: the residuals are of {len(widths)} columns, not of {X.shape[1]}.")
            self.table.begins, self.table.others = <const int64_t*> data_of(begins), <const int64_t*> data_of(others)
            self.table.weights, self.table.widths = <const double*> data_of(weights), <const double*> data_of(widths)
            self._owned = *self._owned, begins, others, weights, widths
        self.table.knots = NULL
        self.table.log_jacobian = NULL
        if marginals is not None:
            marginals.check(X.shape[1])
            self.table.knots = <const int64_t*> data_of(marginals.begins)
            self.table.knot_x, self.table.knot_scores = data_as_double(marginals.x), data_as_double(marginals.scores)
            self.table.knot_slopes = data_as_double(marginals.slopes)
            self.table.reach = data_as_double(marginals.reach)
            self._owned = *self._owned, marginals
        self.table.links = NULL
        if links is not None:
            links.check(X.shape[1])
            self.table.links = <const int64_t*> data_of(links.codes)
            self.table.low, self.table.high = data_as_double(links.low), data_as_double(links.high)
            self.table.own, self.table.apart = data_as_double(links.own), <const int64_t*> data_of(links.apart)
            self._owned = *self._owned, links


cdef inline const double* data_as_double(array):
    return <const double*> data_of(array)


cdef inline double clamped(double argument, double value, double limit) noexcept nogil:
    """`value`, kept within the limits if what it was computed from is finite."""
    if isfinite(argument):
        return max(-limit, min(limit, value))
    return value


cdef inline bint within(const double* numbers, double limit) noexcept nogil:
    """Whether all numbers of 16 rows are finite and within the limits."""
    cdef Py_ssize_t l
    cdef double[4] sums
    cdef bint inside = True
    for l in range(4):  # no number is larger than a sum of sizes that has it: nearly always this is enough
        sums[l] = fabs(numbers[l]) + fabs(numbers[l + 4]) + fabs(numbers[l + 8]) + fabs(numbers[l + 12])
    for l in range(4):
        inside = inside & (sums[l] <= limit)
    if not inside:
        inside = True
        for l in range(LANES):
            inside = inside & (fabs(numbers[l]) <= limit)
    return inside
