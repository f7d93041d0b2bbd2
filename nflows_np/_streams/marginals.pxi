"""Monotone maps of single columns, both ways: the formulas of columns/marginals.py for the 16 rows of a panel."""


cdef double _FAR = 1e150  # scaled columns are held there, where their products stay finite


cdef inline bint is_mapped(const Table* table, Py_ssize_t j) noexcept nogil:
    return table.knots != NULL and table.knots[j] < table.knots[j + 1]


cdef inline Py_ssize_t _bin_of(const double* ends, Py_ssize_t n_knots, double value) noexcept nogil:
    """The bin of a value, the first or the last for those outside and for NaN."""
    cdef Py_ssize_t low = 0, high = n_knots - 1, middle
    while high - low > 1:
        middle = (low + high) // 2
        if value >= ends[middle]:
            low = middle
        else:
            high = middle
    return low


cdef inline double _finite_ratio(double a, double b) noexcept nogil:
    """a / b, the largest number where it overflows from a finite a."""
    cdef double ratio = a / b
    return DBL_MAX if ratio > DBL_MAX and a <= DBL_MAX else ratio


cdef void to_scores(const Table* table, Py_ssize_t j, double* z, double limit, double* log_slopes) noexcept nogil:
    """Map column j of 16 rows; add the logarithms of the slopes where they are asked for.

    What is not finite stays as it is, and has no slope.
    """
    cdef Py_ssize_t at = table.knots[j], n = table.knots[j + 1] - table.knots[j], k, l
    cdef const double* x = table.knot_x + at
    cdef const double* u = table.knot_scores + at
    cdef const double* d = table.knot_slopes + at
    cdef double w, h, s, t, q, below, score, r, c, sign
    for l in range(LANES):
        if not isfinite(z[l]):
            continue
        if z[l] < x[0] or z[l] > x[n - 1]:
            k = 0 if z[l] < x[0] else n - 1
            sign = -1.0 if k == 0 else 1.0
            r, c = sign * (z[l] - x[k]), table.reach[2 * j + (k > 0)]
            if isfinite(c):
                q = log1p(_finite_ratio(r, c))
                score = u[k] + sign * d[k] * c * q
            else:
                q = 0.0
                score = u[k] + sign * d[k] * r
            if log_slopes != NULL:
                log_slopes[l] += log(d[k]) - q
        else:
            k = _bin_of(x, n, z[l])
            w, h = x[k + 1] - x[k], u[k + 1] - u[k]
            s, t = h / w, (z[l] - x[k]) / w
            q = t * (1.0 - t)
            below = s + (d[k] + d[k + 1] - 2.0 * s) * q
            score = u[k] + h * (s * t * t + d[k] * q) / below
            if log_slopes != NULL:
                log_slopes[l] += log(d[k + 1] * t * t + 2.0 * s * q + d[k] * (1.0 - t) * (1.0 - t))
                log_slopes[l] += 2.0 * log(s / below)
        z[l] = clamped(z[l], score, limit)


cdef void from_scores(const Table* table, Py_ssize_t j, double* z) noexcept nogil:
    """The inverse of `to_scores`. Finite scores stay finite: a tail of logarithms is soon beyond all numbers."""
    cdef Py_ssize_t at = table.knots[j], n = table.knots[j + 1] - table.knots[j], k, l
    cdef const double* x = table.knot_x + at
    cdef const double* u = table.knot_scores + at
    cdef const double* d = table.knot_slopes + at
    cdef double h, s, a, b, c, rest, bend, sign, value
    for l in range(LANES):
        if z[l] < u[0] or z[l] > u[n - 1]:
            k = 0 if z[l] < u[0] else n - 1
            sign = -1.0 if k == 0 else 1.0
            rest, c = sign * (z[l] - u[k]) / d[k], table.reach[2 * j + (k > 0)]
            value = x[k] + sign * (c * expm1(rest / c) if isfinite(c) else rest)
        else:
            k = _bin_of(u, n, z[l])
            h, rest = u[k + 1] - u[k], z[l] - u[k]
            s = h / (x[k + 1] - x[k])
            bend = d[k] + d[k + 1] - 2.0 * s
            a, b, c = h * (s - d[k]) + rest * bend, h * d[k] - rest * bend, s * rest
            value = x[k] + (x[k + 1] - x[k]) * (2.0 * c / (b + sqrt(max(0.0, b * b + 4.0 * a * c))))
        z[l] = clamped(z[l], value, _FAR)
