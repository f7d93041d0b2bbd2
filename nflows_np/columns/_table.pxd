"""A table of numbers and the scaling of its columns, as functions without the GIL see them."""

from libc.math cimport isfinite
from libc.stdint cimport int64_t

from nflows_np._stream cimport PanelStream

cdef enum Kind:
    F4, F8, I1, I2, I4, I8, U1, U2, U4, U8, NOT_IN_PLACE

cdef struct Table:
    char* data
    Py_ssize_t row_stride, column_stride  # bytes
    Kind kind
    const int64_t* rows  # null: those from `start` on
    Py_ssize_t start, n_rows, n_features
    const double* loc
    const double* scale


cdef class TableStream(PanelStream):
    cdef Table table
    cdef object _owned  # what the table points to
    cdef point_to(self, X, loc, scale)


cdef inline double clamped(double argument, double value, double limit) noexcept nogil:
    """`value`, kept within the limits if what it was computed from is finite."""
    if isfinite(argument):
        return max(-limit, min(limit, value))
    return value
