"""Elementary maps of single columns, both ways: the formulas of columns/links.py for the 16 rows of a panel."""

cdef enum Link:  # the codes of columns/links.py
    IDENTITY, ABOVE, BELOW, BETWEEN, CIRCLE


cdef inline bint is_linked(const Table* table, Py_ssize_t j) noexcept nogil:
    return table.links != NULL and table.links[j] != IDENTITY


cdef void to_link(const Table* table, Py_ssize_t j, Py_ssize_t lanes, double* x, double* log_slopes) noexcept nogil:
    """Map column j of some rows; add the logarithms of the slopes where they are asked for."""
    cdef int64_t code = table.links[j]
    cdef double low = table.low[j], high = table.high[j], width = high - low
    cdef double log_width = log(2.0 * M_PI) - log(width) if code == CIRCLE else log(width)
    cdef double u, log_slope, below, above
    cdef Py_ssize_t l
    for l in range(lanes):
        if code == ABOVE:
            u = log(clamped(x[l], x[l] - low, DBL_MAX))
            log_slope = -u
        elif code == BELOW:
            u = -log(clamped(x[l], high - x[l], DBL_MAX))
            log_slope = u
        elif code == BETWEEN:
            below, above = log(x[l] - low), log(high - x[l])
            u, log_slope = below - above, log_width - below - above
        else:
            u = fmod(clamped(x[l], x[l] - low, DBL_MAX), width)
            u = u + width if u < 0.0 else u
            u = 2.0 * M_PI * (0.0 if u >= width else u / width) - M_PI
            log_slope = log_width
        if log_slopes != NULL and isfinite(u):
            log_slopes[l] += log_slope
        x[l] = u


cdef void from_link(
    const Table* table, Py_ssize_t j, Py_ssize_t lanes, double least, double most, double* x
) noexcept nogil:
    """The inverse of `to_link`. Finite arguments give numbers from `least` to `most`, infinite ones the ends."""
    cdef int64_t code = table.links[j]
    cdef double low = table.low[j], high = table.high[j], width = high - low, u, value, part
    cdef Py_ssize_t l
    for l in range(lanes):
        u = x[l]
        if code == ABOVE:
            value = low + exp(u)
        elif code == BELOW:
            value = high - exp(-u)
        elif code == BETWEEN:
            part = exp(-fabs(u))
            part = width * (part / (1.0 + part))
            value = high - part if u > 0.0 else low + part
        else:
            part = (u + M_PI) / (2.0 * M_PI)
            part -= floor(part)  # 1 where rounding takes a little less than a whole turn to one
            value = low if part >= 1.0 else low + width * part
        x[l] = max(least, min(most, value)) if isfinite(u) else value
