"""Columns of a table as float64, from where their numbers lie."""

# What is compiled for every type of table is the reading alone. `of` says the type, and is not looked at.

cdef void _read(const Table* table, const char** rows, Py_ssize_t j, Py_ssize_t lanes, double* x) noexcept nogil:
    """Read column j of some rows as float64."""
    cdef Py_ssize_t at = j * table.column_stride
    if table.kind == F4:
        _read_as(rows, at, lanes, x, <const float*> NULL)
    elif table.kind == F8:
        _read_as(rows, at, lanes, x, <const double*> NULL)
    elif table.kind == I1:
        _read_as(rows, at, lanes, x, <const int8_t*> NULL)
    elif table.kind == I2:
        _read_as(rows, at, lanes, x, <const int16_t*> NULL)
    elif table.kind == I4:
        _read_as(rows, at, lanes, x, <const int32_t*> NULL)
    elif table.kind == I8:
        _read_as(rows, at, lanes, x, <const int64_t*> NULL)
    elif table.kind == U1:
        _read_as(rows, at, lanes, x, <const uint8_t*> NULL)
    elif table.kind == U2:
        _read_as(rows, at, lanes, x, <const uint16_t*> NULL)
    elif table.kind == U4:
        _read_as(rows, at, lanes, x, <const uint32_t*> NULL)
    else:
        _read_as(rows, at, lanes, x, <const uint64_t*> NULL)


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


cdef inline void _read_as(
    const char** rows, Py_ssize_t at, Py_ssize_t lanes, double* x, const source* of
) noexcept nogil:
    cdef Py_ssize_t l
    if lanes == LANES:  # a number of rounds that the compiler knows, and unrolls
        for l in range(LANES):
            x[l] = <double> (<const source*> (rows[l] + at))[0]
    else:
        for l in range(lanes):
            x[l] = <double> (<const source*> (rows[l] + at))[0]
